package io.kubeless.server;

import io.kubeless.Context;
import io.kubeless.Event;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** The method that is called for each event, on the one object of its class. */
final class Function {
    private final Object target;
    private final Method method;

    private Function(Object target, Method method) {
        this.target = target;
        this.method = method;
    }

    /** The function cannot be loaded; the message is for people. */
    static final class Unloadable extends Exception {
        private static final long serialVersionUID = 1;

        Unloadable(String message) {
            super(message);
        }
    }

    Object call(Event event, Context context) throws Throwable {
        try {
            return method.invoke(target, event, context);
        } catch (InvocationTargetException wrapped) {
            throw wrapped.getCause();
        }
    }

    /** Loads in a thread of its own: a static initializer may never return. */
    static Function load(Settings settings) throws Unloadable, InterruptedException {
        FutureTask<Function> loading = new FutureTask<>(() -> find(settings.module, settings.handler));
        Thread thread = new Thread(loading, "load");
        thread.setDaemon(true);
        thread.start();
        try {
            return loading.get((long) (settings.loadTimeout * 1000), TimeUnit.MILLISECONDS);
        } catch (TimeoutException late) {
            throw new Unloadable("Unable to load " + settings.module + ": its class was not initialized within "
                    + number(settings.loadTimeout) + " s");
        } catch (ExecutionException failed) {
            if (failed.getCause() instanceof Unloadable) {
                throw (Unloadable) failed.getCause();
            }
            throw new Unloadable("Unable to load " + settings.module + ": " + Failures.trace(failed.getCause()));
        }
    }

    private static String number(double seconds) {
        return seconds == Math.rint(seconds) ? Long.toString((long) seconds) : Double.toString(seconds);
    }

    private static Function find(String module, String handler) throws Exception {
        Class<?> found = findClass(module);
        List<String> others = new ArrayList<>();
        for (Method method : found.getMethods()) {
            Class<?>[] types = method.getParameterTypes();
            if (types.length == 2 && types[0] == Event.class && types[1] == Context.class) {
                if (method.getName().equals(handler)) {
                    return bind(found, method);
                }
                others.add(method.getName());
            }
        }
        throw new Unloadable(found.getName() + " has no public method " + handler
                + "(io.kubeless.Event, io.kubeless.Context); there is " + (others.isEmpty() ? "none" : others));
    }

    private static Function bind(Class<?> found, Method method) throws ReflectiveOperationException {
        method.setAccessible(true); // the class itself need not be public
        if (Modifier.isStatic(method.getModifiers())) {
            return new Function(null, method);
        }
        java.lang.reflect.Constructor<?> constructor = found.getDeclaredConstructor();
        constructor.setAccessible(true);
        return new Function(constructor.newInstance(), method);
    }

    /** In package io.kubeless, in none, or where underscores stand for the dots of the package. */
    private static Class<?> findClass(String module) throws Unloadable {
        for (String name : new String[] {"io.kubeless." + module, module, module.replace('_', '.')}) {
            try {
                return Class.forName(name);
            } catch (ClassNotFoundException absent) {
                continue;
            } catch (NoClassDefFoundError misspelt) { // another class whose name differs in case
                if (misspelt.getMessage() != null && misspelt.getMessage().contains("wrong name")) {
                    continue;
                }
                throw misspelt;
            }
        }
        throw new Unloadable("Unable to load " + module + ": there is no class io.kubeless." + module + ", " + module
                + " or " + module.replace('_', '.'));
    }
}
