using Kubeless.Functions;

public class describe
{
    public object run(Event k8Event, Context k8Context)
    {
        var request = k8Event.Extensions.Request;
        return new
        {
            @event = new
            {
                id = k8Event.EventId,
                type = k8Event.EventType,
                time = k8Event.EventTime,
                @namespace = k8Event.EventNamespace,
            },
            context = new
            {
                name = k8Context.FunctionName,
                timeout = k8Context.Timeout,
                runtime = k8Context.Runtime,
                memory = k8Context.MemoryLimit,
            },
            request = new
            {
                method = request.Method,
                path = request.Path,
                query = request.Query["q"],
                header = request.Headers["X-Test"],
            },
            ce = k8Event.Extensions.CloudEvent,
        };
    }
}
