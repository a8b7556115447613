using System;
using Kubeless.Functions;

public class fail
{
    public string run(Event k8Event, Context k8Context)
    {
        return (string)k8Event.Data == "throw" ? throw new InvalidOperationException("the secret is 12345") : "ok";
    }
}
