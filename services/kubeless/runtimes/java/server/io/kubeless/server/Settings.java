package io.kubeless.server;

import java.util.Map;

/** Configuration from the environment, read once. A variable that is empty counts as not set; durations are seconds. */
final class Settings {
    private static final long MEGABYTE = 1 << 20;
    private static final double LONGEST = 366 * 86400.0;

    final String module;
    final String handler;
    final String host;
    final int port;
    final double timeout;
    final String timeoutText;
    final double loadTimeout;
    final double shutdownTimeout;
    final String runtime;
    final String memoryLimit;
    final int maxBody;

    /** The message names variable, value and remedy. */
    static final class Unusable extends Exception {
        private static final long serialVersionUID = 1;

        Unusable(String name, String value, String remedy) {
            super(name + "=\"" + value.substring(0, Math.min(value.length(), 100)) + "\" cannot be used: " + remedy);
        }
    }

    Settings(Map<String, String> environ) throws Unusable {
        module = name(environ, "MOD_NAME", "give the name of the class, without folder and without .java");
        handler = name(environ, "FUNC_HANDLER", "give the name of a method of the class");
        host = text(environ, "FUNC_HOST", "");
        port = (int) integer(environ, "FUNC_PORT", 8080, 65535);
        timeoutText = text(environ, "FUNC_TIMEOUT", "180");
        timeout = seconds(environ, "FUNC_TIMEOUT", 180);
        loadTimeout = seconds(environ, "FUNC_LOAD_TIMEOUT", 120);
        shutdownTimeout = seconds(environ, "SHUTDOWN_TIMEOUT", 10);
        runtime = text(environ, "FUNC_RUNTIME", "");
        memoryLimit = text(environ, "FUNC_MEMORY_LIMIT", "");
        maxBody = (int) (integer(environ, "REQ_MB_LIMIT", 100, 1024) * MEGABYTE);
    }

    private static String text(Map<String, String> environ, String name, String otherwise) {
        String found = environ.get(name);
        return found == null || found.isEmpty() ? otherwise : found;
    }

    private static String name(Map<String, String> environ, String name, String remedy) throws Unusable {
        String found = text(environ, name, "");
        if (found.isEmpty() || found.contains("/") || found.contains("\\")) {
            throw new Unusable(name, found, remedy);
        }
        return found;
    }

    private static long integer(Map<String, String> environ, String name, long otherwise, long highest)
            throws Unusable {
        String found = text(environ, name, Long.toString(otherwise));
        if (!found.matches("[0-9]{1,15}") || Long.parseLong(found) < 1 || Long.parseLong(found) > highest) {
            throw new Unusable(name, found, "give a whole number from 1 to " + highest);
        }
        return Long.parseLong(found);
    }

    private static double seconds(Map<String, String> environ, String name, double otherwise) throws Unusable {
        String found = text(environ, name, Double.toString(otherwise));
        double value = found.matches("[0-9]{0,15}(\\.[0-9]{1,15})?") && !found.isEmpty() ? Double.parseDouble(found) : 0;
        if (!(value > 0 && value <= LONGEST)) {
            throw new Unusable(name, found, "give a number of seconds above 0, such as 180 or 0.5");
        }
        return value;
    }
}
