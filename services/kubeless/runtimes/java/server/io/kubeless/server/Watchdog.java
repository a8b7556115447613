package io.kubeless.server;

import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;

/**
 * Finds calls that are over their time.
 *
 * One that goes on long after it was interrupted is stuck: no thread of Java can be ended against its will. There are no
 * more calls than connections, which are bounded, so all of them are looked at each time.
 */
final class Watchdog {
    private static final long PAUSE_MILLIS = 10;
    /** Seconds for a call to heed its interruption. */
    static final double PATIENCE = 2;

    private final Set<Exchange> running = ConcurrentHashMap.newKeySet();
    private final Consumer<Exchange> overdue;
    private final Runnable stuck;

    Watchdog(Consumer<Exchange> overdue, Runnable stuck) {
        this.overdue = overdue;
        this.stuck = stuck;
        Threads.daemon("watchdog", this::run);
    }

    void begun(Exchange exchange) {
        running.add(exchange);
    }

    void returned(Exchange exchange) {
        running.remove(exchange);
    }

    private void run() {
        try {
            while (true) {
                Thread.sleep(PAUSE_MILLIS);
                long now = System.nanoTime();
                running.forEach(exchange -> look(exchange, now));
            }
        } catch (InterruptedException ended) {
            Thread.currentThread().interrupt();
        }
    }

    private void look(Exchange exchange, long now) {
        double late = (now - exchange.deadline) / 1e9;
        if (late >= 0 && !exchange.toldOverdue) {
            exchange.toldOverdue = true;
            Threads.daemon("timeout", () -> overdue.accept(exchange)); // its client may not read, which takes time
        } else if (late > PATIENCE && !exchange.toldStuck) {
            exchange.toldStuck = true;
            stuck.run();
        }
    }
}
