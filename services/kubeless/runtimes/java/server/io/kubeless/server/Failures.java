package io.kubeless.server;

import java.io.PrintWriter;
import java.io.StringWriter;

/** What people read of an error. */
final class Failures {
    private Failures() {}

    static String trace(Throwable error) {
        StringWriter text = new StringWriter();
        error.printStackTrace(new PrintWriter(text, true));
        return text.toString().trim();
    }
}
