using System;
using System.Globalization;
using System.IO;
using System.Text;
using System.Threading.Tasks;

namespace Kubeless.Server
{
    /// <summary>
    /// One line on stdout per request, in the combined log format. Lines that end within a few milliseconds are written
    /// together. What a client sent is escaped, so that it can neither end the line nor forge another field.
    /// </summary>
    internal sealed class AccessLog
    {
        private const int PauseMilliseconds = 5;
        private const int LongField = 2048;

        private readonly object _writing = new object();
        private readonly Stream _out = Console.OpenStandardOutput();
        private StringBuilder _lines = new StringBuilder();

        public void Record(string client, Head head, int status, long size)
        {
            var now = DateTime.UtcNow.ToString("dd/MMM/yyyy:HH:mm:ss +0000", CultureInfo.InvariantCulture);
            var line = $"{client} - - [{now}] \"{Clean(head.Method)} {Clean(head.Path)} {Clean(head.Version)}\" "
                + $"{status} {size} \"{Clean(head.Headers["Referer"])}\" \"{Clean(head.Headers["User-Agent"])}\"\n";
            bool first;
            lock (this)
            {
                first = _lines.Length == 0;
                _lines.Append(line);
            }
            if (first)
            {
                _ = FlushSoonAsync();
            }
        }

        public void Flush()
        {
            lock (_writing)
            {
                StringBuilder lines;
                lock (this)
                {
                    lines = _lines;
                    _lines = new StringBuilder();
                }
                try
                {
                    _out.Write(Encoding.UTF8.GetBytes(lines.ToString()));
                }
                catch (IOException)
                {
                    // Nobody reads the log any more, which is no reason to stop serving.
                }
            }
        }

        private async Task FlushSoonAsync()
        {
            await Task.Delay(PauseMilliseconds).ConfigureAwait(false);
            Flush();
        }

        private static string Clean(string text)
        {
            if (text.Length == 0)
            {
                return "-";
            }
            var clean = new StringBuilder();
            foreach (var one in text.Length > LongField ? text.Substring(0, LongField) : text)
            {
                var plain = one >= ' ' && one <= '~' && one != '"' && one != '\\';
                clean.Append(plain ? one.ToString() : $"\\x{Math.Min((int)one, 255):x2}");
            }
            return clean.ToString();
        }
    }
}
