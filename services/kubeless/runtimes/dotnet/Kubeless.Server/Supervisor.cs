using System;
using System.Diagnostics;
using System.Runtime.InteropServices;

namespace Kubeless.Server
{
    /// <summary>
    /// Tells `supervise.sh` how this server is: USR2 when it accepts calls, USR1 when a call is stuck in it and another
    /// server should take its place.
    /// </summary>
    internal sealed class Supervisor
    {
        private const double AskAgainSeconds = 1;

        private readonly int? _process = int.TryParse(
            Environment.GetEnvironmentVariable("KUBELESS_SUPERVISOR"), out var process) ? process : (int?)null;

        private readonly Stopwatch _asked = new Stopwatch();

        /// <summary>Whether another server was asked to take the place of this one.</summary>
        public bool HasSuccessor { get; private set; }

        public static bool IsSuccessor => Environment.GetEnvironmentVariable("KUBELESS_SUCCESSOR") != null;

        public void TellReady() => Tell(linux: 12, elsewhere: 31);

        public void AskForSuccessor()
        {
            lock (_asked)
            {
                if (_process == null || (_asked.IsRunning && _asked.Elapsed.TotalSeconds < AskAgainSeconds))
                {
                    return;
                }
                _asked.Restart();
                HasSuccessor = true;
            }
            Console.Error.WriteLine(
                "a call went on long after its timeout; another server takes the place of this one");
            Tell(linux: 10, elsewhere: 30);
        }

        private void Tell(int linux, int elsewhere)
        {
            if (_process is int process)
            {
                _ = Kill(process, RuntimeInformation.IsOSPlatform(OSPlatform.Linux) ? linux : elsewhere);
            }
        }

        [DllImport("libc", EntryPoint = "kill")]
        private static extern int Kill(int process, int signal);
    }
}
