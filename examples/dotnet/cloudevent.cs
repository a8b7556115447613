using Kubeless.Functions;

public class module
{
    public object handler(Event k8Event, Context k8Context)
    {
        var attributes = k8Event.Extensions.CloudEvent;
        return $"{attributes["ce-type"]} from {attributes["ce-source"]}: {k8Event.Data}";
    }
}
