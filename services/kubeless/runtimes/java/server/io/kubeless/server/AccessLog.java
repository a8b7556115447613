package io.kubeless.server;

import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.ZoneOffset;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.util.Locale;

/**
 * One line on stdout per request, in the combined log format.
 *
 * Lines that end within a few milliseconds of each other are written together. What a client sent is escaped, so that it
 * can neither end the line nor forge another field.
 */
final class AccessLog {
    private static final DateTimeFormatter TIME = DateTimeFormatter.ofPattern("dd/MMM/yyyy:HH:mm:ss Z", Locale.ROOT);
    private static final int PAUSE_MILLIS = 5;
    private static final int LONG_FIELD = 2048;
    private static final int LONG_BATCH = 64 << 10;

    private final FileOutputStream out = new FileOutputStream(FileDescriptor.out);
    private StringBuilder lines = new StringBuilder();
    private long second;
    private String stamp = "";

    AccessLog() {
        Threads.daemon("access log", this::run);
    }

    synchronized void record(Request request, String client, int status, long size) {
        boolean first = lines.length() == 0;
        lines.append(client).append(" - - [").append(stamp()).append("] \"");
        clean(lines, request.getMethod()).append(' ');
        clean(lines, request.rawPath()).append(' ').append(request.version).append("\" ");
        lines.append(status).append(' ').append(size).append(" \"");
        clean(lines, request.getHeader("referer")).append("\" \"");
        clean(lines, request.getHeader("user-agent")).append("\"\n");
        if (first || lines.length() > LONG_BATCH) {
            notifyAll();
        }
    }

    synchronized void flush() {
        byte[] bytes = lines.toString().getBytes(StandardCharsets.UTF_8);
        lines = new StringBuilder();
        try {
            out.write(bytes);
        } catch (IOException gone) {
            // Nobody reads the log any more, which is no reason to stop serving.
        }
    }

    private void run() {
        try {
            while (true) {
                synchronized (this) {
                    while (lines.length() == 0) {
                        wait();
                    }
                }
                Thread.sleep(PAUSE_MILLIS);
                flush();
            }
        } catch (InterruptedException ended) {
            flush();
        }
    }

    private String stamp() {
        long now = System.currentTimeMillis() / 1000;
        if (now != second) {
            second = now;
            stamp = ZonedDateTime.now(ZoneOffset.UTC).format(TIME);
        }
        return stamp;
    }

    private static StringBuilder clean(StringBuilder line, String text) {
        if (text == null || text.isEmpty()) {
            return line.append('-');
        }
        for (int index = 0; index < Math.min(text.length(), LONG_FIELD); index++) {
            char one = text.charAt(index);
            if (one < 0x20 || one > 0x7e || one == '"' || one == '\\') {
                line.append(String.format("\\x%02x", Math.min((int) one, 255)));
            } else {
                line.append(one);
            }
        }
        return line;
    }
}
