package io.kubeless;

public class Timeout {
    /** Never ends when it is told so. */
    public String foo(Event event, Context context) {
        int passes = 0;
        while (event.Data.equals("forever")) {
            passes++;
        }
        return "in time";
    }
}
