package io.kubeless;

public class fail {
    public String run(Event event, Context context) {
        if (event.Data.equals("throw")) {
            throw new IllegalStateException("the secret is 12345");
        }
        return "ok";
    }
}
