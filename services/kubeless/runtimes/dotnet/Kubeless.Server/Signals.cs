using System;
using System.Threading;
#if NET6_0_OR_GREATER
using System.Runtime.InteropServices;
#endif

namespace Kubeless.Server
{
    /// <summary>Hears that the server shall end, and keeps the runtime from ending it at once.</summary>
    internal sealed class Signals
    {
        /// <summary>Whether this thread runs the function.</summary>
        [ThreadStatic]
        public static bool InFunction;

        private readonly ManualResetEventSlim _told = new ManualResetEventSlim();

#if NET6_0_OR_GREATER
        private readonly PosixSignalRegistration[] _registrations;

        public Signals()
        {
            void Hear(PosixSignalContext context)
            {
                context.Cancel = true;
                _told.Set();
            }
            _registrations = new[]
            {
                PosixSignalRegistration.Create(PosixSignal.SIGTERM, Hear),
                PosixSignalRegistration.Create(PosixSignal.SIGINT, Hear),
            };
        }

        /// <summary>Leave the process with an exit code.</summary>
        public void Exit(int code) => Environment.Exit(code);
#else
        private readonly ManualResetEventSlim _done = new ManualResetEventSlim();

        public Signals()
        {
            Console.CancelKeyPress += (sender, arguments) =>
            {
                arguments.Cancel = true;
                _told.Set();
            };
            // Here a signal is told by the beginning of the end only, which waits for its handlers.
            AppDomain.CurrentDomain.ProcessExit += (sender, arguments) =>
            {
                if (!InFunction && !_done.IsSet)
                {
                    _told.Set();
                    _done.Wait();
                }
            };
        }

        /// <summary>Leave the process with an exit code.</summary>
        public void Exit(int code)
        {
            Environment.ExitCode = code;
            _done.Set();
        }
#endif

        public void Wait() => _told.Wait();
    }
}
