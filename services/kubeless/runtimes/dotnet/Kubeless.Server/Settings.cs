using System;
using System.Globalization;

namespace Kubeless.Server
{
    /// <summary>
    /// Configuration from the environment, read once. An empty variable counts as not set; durations are seconds.
    /// </summary>
    internal sealed class Settings
    {
        private const double Longest = 366 * 86400.0;

        /// <summary>Timers count milliseconds in 31 bits; a process does not live that long.</summary>
        private const double LongestTimer = 24 * 86400.0;

        public string Module { get; }
        public string Handler { get; }
        public string Folder { get; }
        public string Assembly { get; }
        public string Host { get; }
        public int Port { get; }
        public double Timeout { get; }
        public string TimeoutText { get; }
        public double LoadTimeout { get; }
        public double ShutdownTimeout { get; }
        public string Runtime { get; }
        public string MemoryLimit { get; }
        public int MaxBody { get; }

        /// <summary>Throws <see cref="Unusable"/>.</summary>
        public Settings()
        {
            Module = Name("MOD_NAME", "give the name of the class, without folder and without .cs");
            Handler = Name("FUNC_HANDLER", "give the name of a method of the class");
            Folder = System.IO.Path.Combine(Text("KUBELESS_INSTALL_VOLUME", "/kubeless"), ".kubeless", "function");
            Assembly = Text("ASSEMBLY_NAME", "");
            Host = Text("FUNC_HOST", "");
            Port = (int)Integer("FUNC_PORT", 8080, 65535);
            TimeoutText = Text("FUNC_TIMEOUT", "180");
            Timeout = Seconds("FUNC_TIMEOUT", 180);
            LoadTimeout = Seconds("FUNC_LOAD_TIMEOUT", 120);
            ShutdownTimeout = Seconds("SHUTDOWN_TIMEOUT", 10);
            Runtime = Text("FUNC_RUNTIME", "");
            MemoryLimit = Text("FUNC_MEMORY_LIMIT", "");
            MaxBody = (int)(Integer("REQ_MB_LIMIT", 100, 1024) << 20);
        }

        /// <summary>Seconds for a timer.</summary>
        public static TimeSpan Span(double seconds) => TimeSpan.FromSeconds(Math.Min(seconds, LongestTimer));

        private static string Text(string name, string otherwise)
        {
            var found = Environment.GetEnvironmentVariable(name);
            return string.IsNullOrEmpty(found) ? otherwise : found;
        }

        private static string Name(string name, string remedy)
        {
            var found = Text(name, "");
            return found.Length > 0 && found.IndexOfAny(new[] { '/', '\\' }) < 0
                ? found : throw new Unusable(name, found, remedy);
        }

        private static long Integer(string name, long otherwise, long highest)
        {
            var found = Text(name, otherwise.ToString(CultureInfo.InvariantCulture));
            var valid = long.TryParse(found, NumberStyles.None, CultureInfo.InvariantCulture, out var value);
            return valid && value >= 1 && value <= highest
                ? value : throw new Unusable(name, found, $"give a whole number from 1 to {highest}");
        }

        private static double Seconds(string name, double otherwise)
        {
            var found = Text(name, otherwise.ToString(CultureInfo.InvariantCulture));
            var valid = double.TryParse(
                found, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var value);
            return valid && value > 0 && value <= Longest
                ? value : throw new Unusable(name, found, "give a number of seconds above 0, such as 180 or 0.5");
        }
    }

    /// <summary>The server cannot start; the message is for people.</summary>
    internal sealed class Unusable : Exception
    {
        public Unusable(string message) : base(message) { }

        public Unusable(string name, string value, string remedy)
            : base($"{name}=\"{(value.Length > 100 ? value.Substring(0, 100) : value)}\" cannot be used: {remedy}") { }
    }
}
