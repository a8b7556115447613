package io.kubeless.server;

import io.kubeless.Context;
import io.kubeless.Event;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.SocketOption;
import java.net.StandardSocketOptions;
import java.nio.channels.ServerSocketChannel;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicInteger;

/** Calls the function for every HTTP request. */
final class Server {
    static final String TEXT = "text/plain; charset=utf-8";
    private static final int BACKLOG = 1024;
    private static final int LINGER_MILLIS = 100;

    final Settings settings;
    final AccessLog log = new AccessLog();

    private final Function function;
    private final Context context;
    private final Metrics metrics = new Metrics();
    private final Threads threads = Threads.make();
    private final Semaphore places = new Semaphore(threads.most);
    private final Set<Connection> connections = ConcurrentHashMap.newKeySet();
    private final AtomicInteger waiting = new AtomicInteger();
    private final Watchdog watchdog;
    private volatile ServerSocketChannel listener;
    private volatile boolean stopping;

    Server(Settings settings, Function function, Runnable stuck) {
        this.settings = settings;
        this.function = function;
        context = new Context(settings.handler, settings.timeoutText, settings.runtime, settings.memoryLimit);
        watchdog = new Watchdog(this::timeOut, stuck);
    }

    /**
     * Bind the port. A successor shares it with the server whose place it takes; for a first server it must be free.
     */
    void listen(boolean successor) throws IOException {
        InetSocketAddress address = settings.host.isEmpty()
                ? new InetSocketAddress(settings.port) : new InetSocketAddress(settings.host, settings.port);
        if (!successor) {
            try (ServerSocket probe = new ServerSocket()) {
                probe.setReuseAddress(true);
                probe.bind(address);
            }
        }
        ServerSocketChannel channel = ServerSocketChannel.open();
        channel.setOption(StandardSocketOptions.SO_REUSEADDR, true);
        SocketOption<Boolean> share = shareOption();
        if (share != null) {
            channel.setOption(share, true);
        }
        channel.bind(address, BACKLOG);
        listener = channel;
    }

    /** Take the connections that have queued up since `listen`, and all that come. */
    void serve() {
        Threads.daemon("accept", this::accept);
    }

    /** Whether another server can listen on the port beside this one. */
    static boolean canShare() {
        return shareOption() != null;
    }

    @SuppressWarnings("unchecked")
    private static SocketOption<Boolean> shareOption() {
        try { // by name, as this compiles on Java 8
            return (SocketOption<Boolean>) StandardSocketOptions.class.getField("SO_REUSEPORT").get(null);
        } catch (ReflectiveOperationException older) {
            return null;
        }
    }

    private void accept() {
        while (listener.isOpen()) {
            try {
                places.acquire();
                Connection connection = new Connection(listener.accept().socket(), this);
                connections.add(connection);
                threads.pool.execute(connection);
            } catch (IOException closed) {
                places.release();
                if (listener.isOpen()) {
                    pause(10); // as a rule there are no file descriptors left, for a moment
                }
            } catch (InterruptedException ended) {
                return;
            }
        }
    }

    private static void pause(long millis) {
        try {
            Thread.sleep(millis);
        } catch (InterruptedException ended) {
            Thread.currentThread().interrupt();
        }
    }

    void left(Connection connection) {
        connections.remove(connection);
        places.release();
    }

    boolean isStopping() {
        return stopping;
    }

    long deadline() {
        return System.nanoTime() + (long) (settings.timeout * 1e9);
    }

    /** Accept nothing new and wait for the calls in progress. Reports whether they were done within some seconds. */
    boolean drain(double seconds) {
        stopping = true;
        pause(LINGER_MILLIS); // for requests that are under way already
        try {
            listener.close();
        } catch (IOException closed) {
            // That is what was wanted.
        }
        long end = System.nanoTime() + (long) (seconds * 1e9);
        while (true) {
            connections.stream().filter(Connection::isIdle).forEach(Connection::close);
            if (waiting.get() == 0) {
                log.flush();
                return true;
            }
            if (System.nanoTime() - end > 0) {
                log.flush();
                return false;
            }
            pause(10);
        }
    }

    void serve(Exchange exchange, String client) throws IOException {
        Request request = exchange.request;
        boolean get = request.method.equals("GET");
        if (get && request.rawPath().equals("/healthz")) {
            exchange.answer(200, "OK", TEXT);
        } else if (get && request.rawPath().equals("/metrics")) {
            exchange.answer(200, metrics.page(), Metrics.TYPE);
        } else {
            exchange.client = client;
            waiting.incrementAndGet();
            try {
                call(exchange);
            } finally {
                exchange.returned();
                watchdog.returned(exchange);
                if (!exchange.isTimedOut()) {
                    waiting.decrementAndGet();
                }
            }
            if (exchange.isTimedOut()) {
                exchange.closes = true;
                return; // it is answered, and in the log
            }
        }
        log.record(request, client, exchange.sentStatus, exchange.sentBytes);
    }

    private void call(Exchange exchange) throws IOException {
        watchdog.begun(exchange);
        byte[] bytes;
        String type;
        try {
            Object returned = function.call(event(exchange), context);
            bytes = encode(returned);
            type = returned instanceof byte[] ? "application/octet-stream" : returned == null ? null : TEXT;
        } catch (Throwable error) { // an endless recursion is no reason to stop serving either
            if (!exchange.isTimedOut()) {
                System.err.println("Function failed to execute: " + Failures.trace(error));
            }
            fail(exchange);
            return;
        }
        if (exchange.take()) {
            metrics.record(exchange.request.method, exchange.seconds(), false);
            exchange.finish(bytes, type);
        }
    }

    private void fail(Exchange exchange) throws IOException {
        if (!exchange.take()) {
            return;
        }
        metrics.record(exchange.request.method, exchange.seconds(), true);
        if (exchange.hasBegun()) {
            exchange.tear();
        } else {
            exchange.answer(500, "Internal Server Error\n", TEXT);
        }
    }

    /** In a thread of the watchdog. */
    private void timeOut(Exchange exchange) {
        if (exchange.timeOut()) {
            System.err.println(settings.module + "." + settings.handler + " did not answer within "
                    + settings.timeoutText + " s");
            metrics.record(exchange.request.method, exchange.seconds(), true);
            exchange.closes = true;
            try {
                exchange.answer(408, "Timeout exceeded\n", TEXT);
            } catch (IOException gone) {
                // The client did not wait so long.
            }
            log.record(exchange.request, exchange.client, exchange.sentStatus, exchange.sentBytes);
            waiting.decrementAndGet();
        }
        exchange.interrupt();
        exchange.tear();
    }

    private static byte[] encode(Object returned) {
        if (returned == null) {
            return new byte[0];
        }
        if (returned instanceof byte[]) {
            return (byte[]) returned;
        }
        if (returned instanceof CharSequence || returned instanceof Number || returned instanceof Boolean) {
            return returned.toString().getBytes(StandardCharsets.UTF_8);
        }
        throw new IllegalArgumentException("the function returned a " + returned.getClass().getName()
                + ", which cannot be sent; return a String or a byte[]");
    }

    private static Event event(Exchange exchange) {
        Request request = exchange.request;
        Event event = new Event(new String(request.body, StandardCharsets.UTF_8), text(request, "event-id"),
                text(request, "event-type"), text(request, "event-time"), text(request, "event-namespace"));
        Map<String, String> attributes = new HashMap<>();
        request.headers.forEach((name, values) -> {
            if (name.startsWith("ce-")) {
                attributes.put(name, values.get(0));
            }
        });
        event.Extensions = new Event.Extensions(request, exchange, attributes);
        return event;
    }

    private static String text(Request request, String name) {
        String value = request.getHeader(name);
        return value == null ? "" : value;
    }
}
