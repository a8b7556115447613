package io.kubeless;

/** Where a function runs. */
public class Context {
    public String functionName;
    /** A number of seconds. */
    public String timeout;
    public String runtime;
    public String memoryLimit;

    public Context(String functionName, String timeout, String runtime, String memoryLimit) {
        this.functionName = functionName;
        this.timeout = timeout;
        this.runtime = runtime;
        this.memoryLimit = memoryLimit;
    }

    public String getFunctionName() {
        return functionName;
    }

    public String getTimeout() {
        return timeout;
    }

    public String getRuntime() {
        return runtime;
    }

    public String getMemoryLimit() {
        return memoryLimit;
    }
}
