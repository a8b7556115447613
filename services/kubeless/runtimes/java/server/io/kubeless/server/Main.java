package io.kubeless.server;

import java.io.IOException;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import sun.misc.Signal;

/**
 * Serves a function until it is told to stop.
 *
 * Its supervisor, `supervise.sh`, hears of it by signals: USR2 when it is about to accept calls, USR1 when calls are
 * stuck in it and another server should take its place. It is told HUP when that has happened: nobody is in a hurry
 * then, and each call may use up its time.
 */
final class Main {
    private static final long ASK_NANOS = 1_000_000_000L;

    private final String supervisor = System.getenv("KUBELESS_SUPERVISOR");
    private final BlockingQueue<String> signals = new LinkedBlockingQueue<>();
    private volatile boolean serving;
    private long asked = System.nanoTime() - ASK_NANOS;

    private Main() {}

    public static void main(String[] arguments) throws InterruptedException {
        Runtime.getRuntime().halt(new Main().run());
    }

    private int run() throws InterruptedException {
        for (String name : new String[] {"TERM", "INT", "HUP"}) {
            Signal.handle(new Signal(name), signal -> {
                if (!serving) {
                    Runtime.getRuntime().halt(1); // the class may never be loaded
                }
                signals.add(signal.getName());
            });
        }
        Server server;
        try {
            Settings settings = new Settings(System.getenv());
            server = new Server(settings, Function.load(settings), this::askForSuccessor);
        } catch (Settings.Unusable | Function.Unloadable unusable) {
            System.err.println(unusable.getMessage());
            return 1;
        }
        try {
            server.listen(System.getenv("KUBELESS_SUCCESSOR") != null);
        } catch (IOException | RuntimeException refused) {
            System.err.println("cannot listen on port " + server.settings.port + ": " + refused.getMessage());
            return 1;
        }
        serving = true;
        // Before the first call, which may end this process: the supervisor starts only such again as were ready.
        tell("USR2");
        server.serve();
        return stop(server, signals.take());
    }

    private int stop(Server server, String signal) {
        if (signal.equals("HUP")) {
            if (server.drain(server.settings.timeout + Watchdog.PATIENCE)) {
                return 0;
            }
        } else if (server.drain(server.settings.shutdownTimeout)) {
            return 0;
        }
        System.err.println("calls were still running when the time to finish them was over");
        return 1;
    }

    private synchronized void askForSuccessor() {
        if (Server.canShare() && System.nanoTime() - asked > ASK_NANOS) {
            asked = System.nanoTime();
            System.err.println("a call went on long after its timeout; another server takes the place of this one");
            tell("USR1");
        }
    }

    private void tell(String signal) {
        if (supervisor == null) {
            return;
        }
        try {
            String command = "kill -" + signal + " " + Integer.parseInt(supervisor);
            new ProcessBuilder("sh", "-c", command).inheritIO().start().waitFor();
        } catch (IOException | NumberFormatException failed) {
            System.err.println("cannot tell the supervisor: " + failed.getMessage());
        } catch (InterruptedException ended) {
            Thread.currentThread().interrupt();
        }
    }
}
