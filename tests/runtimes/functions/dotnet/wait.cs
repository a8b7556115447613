using System;
using System.Globalization;
using System.Threading;
using Kubeless.Functions;

public class wait
{
    public string run(Event k8Event, Context k8Context)
    {
        var words = ((string)k8Event.Data).Split(' ');
        if (words[0] == "wait")
        {
            Thread.Sleep(TimeSpan.FromSeconds(double.Parse(words[1], CultureInfo.InvariantCulture)));
        }
        while (words[0] == "stuck")
        {
        }
        return "ok";
    }
}
