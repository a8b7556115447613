package io.kubeless;

import java.util.concurrent.atomic.AtomicInteger;

public class count {
    private final AtomicInteger calls = new AtomicInteger();

    public String run(Event event, Context context) {
        return Integer.toString(calls.incrementAndGet());
    }
}
