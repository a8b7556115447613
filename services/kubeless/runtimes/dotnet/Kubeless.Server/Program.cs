using System;
using System.Threading;

namespace Kubeless.Server
{
    /// <summary>Serves a function until it is told to stop.</summary>
    internal static class Program
    {
        private static int Main()
        {
            // A call that blocks holds a thread; the pool must not hesitate to make one for the next call.
            ThreadPool.GetMaxThreads(out _, out var most);
            ThreadPool.SetMaxThreads(Server.MostConnections * 4, most);
            ThreadPool.SetMinThreads(Server.MostConnections, Environment.ProcessorCount);
            var supervisor = new Supervisor();
            Server server;
            try
            {
                var settings = new Settings();
                server = new Server(settings, Function.Load(settings), supervisor.AskForSuccessor);
                server.Listen(Supervisor.IsSuccessor);
            }
            catch (Unusable unusable)
            {
                Console.Error.WriteLine(unusable.Message);
                return 1;
            }
            var signals = new Signals();
            // Before the first call, which may end this process: the supervisor starts only such again as were ready.
            supervisor.TellReady();
            server.Serve();
            signals.Wait();
            var code = Stop(server, supervisor);
            signals.Exit(code);
            return code;
        }

        private static int Stop(Server server, Supervisor supervisor)
        {
            // With a successor nobody is in a hurry: each call may use up its time.
            var seconds = supervisor.HasSuccessor
                ? server.Settings.Timeout + Exchange.Patience : server.Settings.ShutdownTimeout;
            if (server.DrainAsync(seconds).GetAwaiter().GetResult())
            {
                return 0;
            }
            Console.Error.WriteLine("calls were still running when the time to finish them was over");
            return 1;
        }
    }
}
