package io.kubeless.server;

import java.util.Map;
import java.util.TreeMap;

/** Counts calls by HTTP method, under the names of the original. */
final class Metrics {
    static final String TYPE = "text/plain; version=0.0.4; charset=utf-8";

    private static final double[] BOUNDS = {.005, .01, .025, .05, .075, .1, .25, .5, .75, 1, 2.5, 5, 7.5, 10};
    private static final int MOST_METHODS = 32; // a client may send any

    private final Map<String, Counts> methods = new TreeMap<>();

    private static final class Counts {
        long calls;
        long failures;
        double seconds;
        final long[] buckets = new long[BOUNDS.length];
    }

    synchronized void record(String method, double seconds, boolean failed) {
        String name = methods.containsKey(method) || methods.size() < MOST_METHODS ? method : "OTHER";
        Counts counts = methods.computeIfAbsent(name, any -> new Counts());
        counts.calls++;
        counts.failures += failed ? 1 : 0;
        counts.seconds += seconds;
        for (int index = 0; index < BOUNDS.length; index++) {
            if (seconds <= BOUNDS[index]) {
                counts.buckets[index]++;
                break;
            }
        }
    }

    synchronized String page() {
        StringBuilder page = new StringBuilder();
        family(page, "function_duration_seconds", "histogram", "Duration of user function in seconds");
        methods.forEach((method, counts) -> histogram(page, method, counts));
        family(page, "function_calls_total", "counter", "Number of calls to user function");
        methods.forEach((method, counts) -> line(page, "function_calls_total", method, counts.calls));
        family(page, "function_failures_total", "counter", "Number of exceptions in user function");
        methods.forEach((method, counts) -> line(page, "function_failures_total", method, counts.failures));
        return page.toString();
    }

    private static void family(StringBuilder page, String name, String kind, String help) {
        page.append("# HELP ").append(name).append(' ').append(help).append('\n');
        page.append("# TYPE ").append(name).append(' ').append(kind).append('\n');
    }

    private static void line(StringBuilder page, String name, String method, Object value) {
        page.append(name).append("{method=\"").append(method).append("\"} ").append(value).append('\n');
    }

    private static void histogram(StringBuilder page, String method, Counts counts) {
        String name = "function_duration_seconds";
        long total = 0;
        for (int index = 0; index <= BOUNDS.length; index++) {
            boolean last = index == BOUNDS.length;
            total = last ? counts.calls : total + counts.buckets[index];
            page.append(name).append("_bucket{le=\"").append(last ? "+Inf" : Double.toString(BOUNDS[index]));
            page.append("\",method=\"").append(method).append("\"} ").append(total).append('\n');
        }
        line(page, name + "_count", method, counts.calls);
        line(page, name + "_sum", method, counts.seconds);
    }
}
