using System;
using Kubeless.Functions;

public class act
{
    public object run(Event k8Event, Context k8Context)
    {
        var words = k8Event.Data.ToString().Split(new[] { ' ' }, 2);
        switch (words[0])
        {
            case "exit":
                Environment.Exit(3);
                break;
            case "print":
                Console.WriteLine(words[1]);
                break;
            case "noise":
                for (var line = 0; line < 10 * 1024; line++)
                {
                    Console.WriteLine(new string('x', 1023));
                }
                break;
            case "env":
                return Environment.GetEnvironmentVariable(words[1]);
        }
        return "ok";
    }
}
