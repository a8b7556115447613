package io.kubeless.server;

import io.kubeless.Event;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * The answer to one request.
 *
 * Two may want to give it: the function's thread, and the watchdog once the time is over. Whoever takes the exchange
 * first sends; what the other writes goes nowhere. All that is sent before the function flushes leaves in one piece.
 */
final class Exchange implements Event.Response {
    private static final int WAITING = 0;
    private static final int TAKEN = 1;
    private static final int TIMED_OUT = 2;
    private static final int LARGEST_PIECE = 64 << 10;

    final Request request;
    final Thread thread = Thread.currentThread();
    final long began = System.nanoTime();
    final long deadline;
    /** Of the watchdog. */
    boolean toldOverdue;
    boolean toldStuck;
    /** For the log. */
    String client;
    int sentStatus;
    long sentBytes;
    boolean closes;

    private final Socket socket;
    private final OutputStream out;
    private final AtomicInteger state = new AtomicInteger(WAITING);
    private final Map<String, String> headers = new LinkedHashMap<>();
    private final Body body = new Body();
    private int status = 200;
    private boolean streams;
    private boolean returned;

    Exchange(Request request, Socket socket, OutputStream out, long deadline) {
        this.request = request;
        this.socket = socket;
        this.out = out;
        this.deadline = deadline;
        closes = !request.keepsAlive();
    }

    double seconds() {
        return (System.nanoTime() - began) / 1e9;
    }

    boolean isTimedOut() {
        return state.get() == TIMED_OUT;
    }

    boolean hasBegun() {
        return streams;
    }

    /** Take the answer from the function, unless it has begun to give it. */
    boolean timeOut() {
        return state.compareAndSet(WAITING, TIMED_OUT);
    }

    /** The function's thread is the server's again: an interruption that was meant for the function is forgotten. */
    synchronized void returned() {
        returned = true;
        Thread.interrupted();
    }

    /** Tell the function that nobody waits for it. */
    synchronized void interrupt() {
        if (!returned) {
            thread.interrupt();
        }
    }

    /** End the connection, so that the client does not take half of an answer for a whole one. */
    void tear() {
        closes = true;
        try {
            socket.close();
        } catch (IOException closed) {
            // That is what was wanted.
        }
    }

    @Override
    public void setStatus(int status) {
        if (status < 200 || status > 599) {
            throw new IllegalArgumentException(status + " is no status of an answer");
        }
        this.status = status;
    }

    @Override
    public void setHeader(String name, String value) {
        if (!name.matches("[!#$%&'*+.^_`|~0-9A-Za-z-]+") || !value.matches("[\\t -~\\x80-\\xff]*")) {
            throw new IllegalArgumentException("the header " + name + " cannot be sent");
        }
        headers.values().removeIf(one -> one.regionMatches(true, 0, name + ":", 0, name.length() + 1));
        headers.put(name.toLowerCase(Locale.ROOT), name + ": " + value + "\r\n");
    }

    @Override
    public OutputStream getOutputStream() {
        return body;
    }

    /** Send what the function returned, after what it wrote. */
    void finish(byte[] rest, String type) throws IOException {
        if (!headers.containsKey("content-type") && type != null) {
            setHeader("Content-Type", type);
        }
        body.write(rest, 0, rest.length);
        if (streams) {
            body.flush();
            if (chunks()) {
                send("0\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
            }
        } else if (take()) {
            send(status, body.pending, "Content-Length: " + body.pending.size() + "\r\n");
        }
    }

    /** Answer in the server's own words, in place of what the function wrote. */
    void answer(int status, String text, String type) throws IOException {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        ByteArrayOutputStream whole = new ByteArrayOutputStream(bytes.length);
        whole.write(bytes, 0, bytes.length);
        headers.clear();
        setHeader("Content-Type", type);
        send(status, whole, "Content-Length: " + bytes.length + "\r\n");
    }

    boolean take() {
        return state.compareAndSet(WAITING, TAKEN) || state.get() == TAKEN;
    }

    private boolean chunks() {
        return request.version.equals("HTTP/1.1") && !request.method.equals("HEAD");
    }

    private void send(int status, ByteArrayOutputStream content, String framing) throws IOException {
        StringBuilder head = new StringBuilder(256);
        head.append("HTTP/1.1 ").append(status).append(' ').append(Reasons.of(status)).append("\r\n");
        headers.forEach((name, line) -> {
            if (!name.equals("content-length") && !name.equals("transfer-encoding") && !name.equals("connection")) {
                head.append(line);
            }
        });
        head.append(status == 204 || status == 304 ? "" : framing);
        head.append(closes ? "Connection: close\r\n\r\n" : "\r\n");
        ByteArrayOutputStream whole = new ByteArrayOutputStream(head.length() + content.size());
        byte[] bytes = head.toString().getBytes(StandardCharsets.ISO_8859_1);
        whole.write(bytes, 0, bytes.length);
        sentStatus = status;
        if (!request.method.equals("HEAD") && status != 204 && status != 304) {
            content.writeTo(whole);
            sentBytes += content.size();
        }
        send(whole.toByteArray());
    }

    private void send(byte[] bytes) throws IOException {
        out.write(bytes);
        out.flush();
    }

    /** Keeps what is written until there is much of it, or the function flushes. */
    private final class Body extends OutputStream {
        ByteArrayOutputStream pending = new ByteArrayOutputStream(256);

        @Override
        public void write(int one) throws IOException {
            write(new byte[] {(byte) one}, 0, 1);
        }

        @Override
        public void write(byte[] bytes, int offset, int length) throws IOException {
            pending.write(bytes, offset, length);
            if (streams && pending.size() >= LARGEST_PIECE) {
                flush();
            }
        }

        @Override
        public void flush() throws IOException {
            if (!take()) {
                throw new IOException("nobody waits for the answer any more");
            }
            if (!streams) {
                streams = true;
                closes |= request.version.equals("HTTP/1.0"); // which has no chunks
                Exchange.this.send(status, new ByteArrayOutputStream(0), chunks() ? "Transfer-Encoding: chunked\r\n" : "");
            }
            if (pending.size() > 0 && !request.method.equals("HEAD")) {
                byte[] piece = pending.toByteArray();
                ByteArrayOutputStream framed = new ByteArrayOutputStream(piece.length + 16);
                byte[] size = (Integer.toHexString(piece.length) + "\r\n").getBytes(StandardCharsets.US_ASCII);
                framed.write(size, 0, chunks() ? size.length : 0);
                framed.write(piece, 0, piece.length);
                framed.write("\r\n".getBytes(StandardCharsets.US_ASCII), 0, chunks() ? 2 : 0);
                Exchange.this.send(framed.toByteArray());
                sentBytes += piece.length;
            }
            pending = new ByteArrayOutputStream(256);
        }
    }
}
