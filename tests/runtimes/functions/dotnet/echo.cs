using Kubeless.Functions;

public class echo
{
    // Text is decoded; who wants the bytes reads the request.
    public object run(Event k8Event, Context k8Context)
    {
        var request = k8Event.Extensions.Request;
        return request.ContentType == "application/octet-stream" ? request.ReadBytes() : k8Event.Data;
    }
}
