package io.kubeless.server;

import java.io.IOException;
import java.io.OutputStream;
import java.net.Socket;

/** Serves one connection, a request at a time. */
final class Connection implements Runnable {
    /** Longer than a client keeps an idle connection, so that the client closes first. */
    private static final int IDLE_MILLIS = 75_000;

    private final Socket socket;
    private final Server server;
    private final String client;
    private volatile boolean idle = true;

    Connection(Socket socket, Server server) {
        this.socket = socket;
        this.server = server;
        this.client = socket.getInetAddress() == null ? "-" : socket.getInetAddress().getHostAddress();
    }

    @Override
    public void run() {
        try {
            socket.setTcpNoDelay(true);
            socket.setSoTimeout(IDLE_MILLIS);
            OutputStream out = socket.getOutputStream();
            RequestReader reader = new RequestReader(socket.getInputStream(), out, server.settings.maxBody);
            while (serveOne(reader, out)) {
                idle = true;
                if (server.isStopping()) {
                    break;
                }
            }
        } catch (IOException gone) {
            // The client left, or was told to leave.
        } finally {
            close();
            server.left(this);
        }
    }

    /** Whether another request may follow. */
    private boolean serveOne(RequestReader reader, OutputStream out) throws IOException {
        Request request = new Request("-", "-", "HTTP/1.1"); // for the log, if there will be none
        try {
            request = reader.readHead();
            idle = false;
            if (request == null) {
                return false;
            }
            reader.readBody(request);
        } catch (RequestReader.Refused refused) {
            idle = false;
            Exchange exchange = new Exchange(request, socket, out, 0);
            exchange.closes = true;
            exchange.answer(refused.status, refused.getMessage() + "\n", Server.TEXT);
            server.log.record(request, client, exchange.sentStatus, exchange.sentBytes);
            return false;
        }
        Exchange exchange = new Exchange(request, socket, out, server.deadline());
        exchange.closes |= server.isStopping();
        server.serve(exchange, client);
        return !exchange.closes;
    }

    boolean isIdle() {
        return idle;
    }

    void close() {
        try {
            socket.close();
        } catch (IOException closed) {
            // That is what was wanted.
        }
    }
}
