package io.kubeless.server;

import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/** Reads requests off a connection (RFC 9112); strict where two readings would be possible, bounded everywhere. */
final class RequestReader {
    private static final int LONGEST_HEAD = 64 << 10;
    private static final long MOST_DISCARDED = 64 << 20;
    private static final byte[] CONTINUE = "HTTP/1.1 100 Continue\r\n\r\n".getBytes(StandardCharsets.US_ASCII);

    private final InputStream in;
    private final OutputStream out;
    private final int maxBody;
    private byte[] buffer = new byte[16 << 10];
    private int begin;
    private int end;

    RequestReader(InputStream in, OutputStream out, int maxBody) {
        this.in = in;
        this.out = out;
        this.maxBody = maxBody;
    }

    /** What the client sent is no request we can answer otherwise than with this status. */
    static final class Refused extends Exception {
        private static final long serialVersionUID = 1;

        final int status;

        Refused(int status, String message) {
            super(message, null, false, false);
            this.status = status;
        }
    }

    /** The head of the next request; null when the client has none. */
    Request readHead() throws IOException, Refused {
        int headEnd = findHead();
        if (headEnd < 0) {
            return null;
        }
        String[] lines = new String(buffer, begin, headEnd - begin, StandardCharsets.ISO_8859_1).split("\r?\n");
        begin = headEnd;
        String[] words = lines[0].split(" ", -1);
        if (words.length != 3 || !isToken(words[0]) || words[1].isEmpty() || !words[2].matches("HTTP/1\\.[01]")) {
            throw new Refused(400, "the request line is malformed");
        }
        Request request = new Request(words[0], pathOf(words[1]), words[2]);
        for (int index = 1; index < lines.length; index++) {
            int colon = lines[index].indexOf(':');
            if (colon < 1 || !isToken(lines[index].substring(0, colon))) {
                throw new Refused(400, "a header is malformed");
            }
            String name = lines[index].substring(0, colon).toLowerCase(Locale.ROOT);
            request.headers.computeIfAbsent(name, any -> new ArrayList<>(1)).add(lines[index].substring(colon + 1).trim());
        }
        return request;
    }

    private static String pathOf(String target) throws Refused {
        String rest = target;
        if (target.regionMatches(true, 0, "http://", 0, 7)) { // as sent to proxies
            int slash = target.indexOf('/', 7);
            rest = slash < 0 ? "/" : target.substring(slash);
        }
        if (rest.charAt(0) != '/' && !rest.equals("*")) {
            throw new Refused(400, "the target is no path");
        }
        return rest;
    }

    /** Where the head of the next request ends; -1 when the connection ends before it begins. */
    private int findHead() throws IOException, Refused {
        int seen = begin;
        while (true) {
            for (; seen < end && seen - begin <= LONGEST_HEAD; seen++) {
                if (seen == begin && (buffer[seen] == '\r' || buffer[seen] == '\n')) {
                    begin++; // empty lines before a request are to be skipped
                } else if (buffer[seen] == '\n' && isBlankLineAt(seen)) {
                    return seen + 1;
                }
            }
            if (seen - begin > LONGEST_HEAD) {
                throw new Refused(431, "the headers are too large");
            }
            int known = seen - begin;
            if (!fill()) {
                if (end > begin) {
                    throw new EOFException();
                }
                return -1;
            }
            seen = begin + known;
        }
    }

    private boolean isBlankLineAt(int newline) {
        int before = newline - 1;
        if (before >= begin && buffer[before] == '\r') {
            before--;
        }
        return before >= begin && buffer[before] == '\n';
    }

    private boolean fill() throws IOException {
        if (begin > 0) {
            System.arraycopy(buffer, begin, buffer, 0, end - begin);
            end -= begin;
            begin = 0;
        }
        if (end == buffer.length) {
            buffer = Arrays.copyOf(buffer, 2 * buffer.length);
        }
        int read = in.read(buffer, end, buffer.length - end);
        end += Math.max(read, 0);
        return read > 0;
    }

    /** Reads the body into the request. */
    void readBody(Request request) throws IOException, Refused {
        List<String> lengths = request.getHeaders("content-length");
        List<String> codings = request.getHeaders("transfer-encoding");
        if (lengths.size() > 1 || !lengths.isEmpty() && !codings.isEmpty()) {
            throw new Refused(400, "the length of the body is ambiguous");
        }
        if (!codings.isEmpty()) {
            if (codings.size() > 1 || !codings.get(0).equalsIgnoreCase("chunked")) {
                throw new Refused(501, "only chunked is known as a transfer encoding");
            }
            agree(request);
            request.body = readChunks();
        } else if (!lengths.isEmpty()) {
            if (!lengths.get(0).matches("[0-9]{1,18}")) {
                throw new Refused(400, "the length of the body is malformed");
            }
            long length = Long.parseLong(lengths.get(0));
            if (length > maxBody) {
                discard(length);
                throw tooLarge();
            }
            if (length > 0) {
                agree(request);
            }
            request.body = readExactly((int) length);
        }
    }

    /** A client may wait to be told that its body is wanted. */
    private void agree(Request request) throws IOException {
        if ("100-continue".equalsIgnoreCase(request.getHeader("expect")) && begin == end) {
            out.write(CONTINUE);
            out.flush();
        }
    }

    private Refused tooLarge() {
        return new Refused(413, "the body is larger than " + maxBody + " bytes");
    }

    private byte[] readChunks() throws IOException, Refused {
        byte[] whole = {};
        int length = 0;
        while (true) {
            String size = readLine().split(";", 2)[0].trim();
            if (!size.matches("[0-9a-fA-F]{1,8}")) {
                throw new Refused(400, "a chunk is malformed");
            }
            long next = Long.parseLong(size, 16);
            if (next == 0) {
                while (!readLine().isEmpty()) { // trailers are of no use to a function
                }
                return Arrays.copyOf(whole, length);
            }
            if (length + next > maxBody) {
                discardChunks(next);
                throw tooLarge();
            }
            if (length + next > whole.length) {
                whole = Arrays.copyOf(whole, (int) Math.min(maxBody, Math.max(length + next, 2L * whole.length)));
            }
            readInto(whole, length, (int) next);
            length += (int) next;
            readLine();
        }
    }

    private String readLine() throws IOException, Refused {
        for (int index = begin; ; index++) {
            while (index >= end) {
                int known = index - begin;
                if (known > 1024) {
                    throw new Refused(400, "a line between chunks is too long");
                }
                if (!fill()) {
                    throw new EOFException();
                }
                index = begin + known;
            }
            if (buffer[index] == '\n') {
                String line = new String(buffer, begin, index - begin, StandardCharsets.ISO_8859_1);
                begin = index + 1;
                return line.endsWith("\r") ? line.substring(0, line.length() - 1) : line;
            }
        }
    }

    private byte[] readExactly(int length) throws IOException {
        // What a client announces takes no room before it has come.
        byte[] body = new byte[Math.min(length, 1 << 20)];
        int done = 0;
        while (done < length) {
            if (done == body.length) {
                body = Arrays.copyOf(body, (int) Math.min(length, 2L * body.length));
            }
            readInto(body, done, body.length - done);
            done = body.length;
        }
        return body;
    }

    private void readInto(byte[] target, int offset, int length) throws IOException {
        int done = Math.min(length, end - begin);
        System.arraycopy(buffer, begin, target, offset, done);
        begin += done;
        while (done < length) {
            int read = in.read(target, offset + done, length - done);
            if (read < 0) {
                throw new EOFException();
            }
            done += read;
        }
    }

    /** A client that still sends may not listen, or lose the answer; so what it sends is read, within reason. */
    private void discard(long length) throws IOException {
        byte[] waste = new byte[64 << 10];
        long left = Math.min(length, MOST_DISCARDED);
        while (left > 0) {
            int part = (int) Math.min(left, waste.length);
            readInto(waste, 0, part);
            left -= part;
        }
    }

    private void discardChunks(long first) throws IOException, Refused {
        long total = 0;
        for (long next = first; next > 0 && total < MOST_DISCARDED; total += next) {
            discard(next);
            readLine();
            String size = readLine().split(";", 2)[0].trim();
            next = size.matches("[0-9a-fA-F]{1,8}") ? Long.parseLong(size, 16) : 0;
        }
    }

    private static boolean isToken(String text) {
        for (int index = 0; index < text.length(); index++) {
            char one = text.charAt(index);
            if (one <= ' ' || one > '~' || "\"(),/:;<=>?@[\\]{}".indexOf(one) >= 0) {
                return false;
            }
        }
        return !text.isEmpty();
    }
}
