using System;
using System.Collections.Generic;
using System.Linq;
using System.Threading;
using Kubeless.Functions;

public class answer
{
    public object run(Event k8Event, Context k8Context)
    {
        switch (k8Event.Data.ToString())
        {
            case "string":
                return "text";
            case "object":
                return new { a = 1, b = new object[] { true, null }, c = new Dictionary<string, string> { ["d"] = "e" } };
            case "number":
                return 42;
            case "null":
                return null;
            case "list":
                return new List<string> { "a", "b" };
            case "empty":
                return "";
            case "unicode":
                return "grüße, 世界 🎉";
            case "binary":
                return Enumerable.Range(0, 256).Select(one => (byte)one).ToArray();
            case "big":
                return new string('x', 2 << 20);
            case "status":
                k8Event.Extensions.Response.StatusCode = 418;
                k8Event.Extensions.Response.Headers["X-Kind"] = "short and stout";
                return "a teapot";
            default:
                return Thread.CurrentThread;
        }
    }
}
