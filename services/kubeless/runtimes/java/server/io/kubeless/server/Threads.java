package io.kubeless.server;

import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/** Virtual threads where there are (Java 21 and newer), else threads of the system. */
final class Threads {
    private static final int VIRTUAL = 10_000;
    private static final int PLATFORM = 1_000;

    final ExecutorService pool;
    /** The most connections at a time; each has a thread. */
    final int most;

    private Threads(ExecutorService pool, int most) {
        this.pool = pool;
        this.most = most;
    }

    static Threads make() {
        try { // by name, as this compiles on Java 8
            Object made = Executors.class.getMethod("newVirtualThreadPerTaskExecutor").invoke(null);
            return new Threads((ExecutorService) made, VIRTUAL);
        } catch (ReflectiveOperationException older) {
            return new Threads(Executors.newCachedThreadPool(task -> {
                Thread thread = new Thread(task);
                thread.setDaemon(true);
                return thread;
            }), PLATFORM);
        }
    }

    /** A thread for the server itself, of the system, so that no function can keep it from running. */
    static void daemon(String name, Runnable task) {
        Thread thread = new Thread(task, name);
        thread.setDaemon(true);
        thread.start();
    }
}
