using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using Kubeless.Functions;

namespace Kubeless.Server
{
    /// <summary>What stands before the body of a request (RFC 9112). Everything in it is checked.</summary>
    internal sealed class Head
    {
        private const string TokenSigns = "!#$%&'*+-.^_`|~";

        public string Method { get; }

        /// <summary>As it was sent, without query.</summary>
        public string Path { get; }

        /// <summary>With its question mark.</summary>
        public string Query { get; }

        public string Version { get; }
        public Fields Headers { get; }
        public bool Chunked { get; }
        public long Length { get; }
        public bool KeepAlive { get; }

        /// <summary>Throws <see cref="BadRequest"/>.</summary>
        public Head(string text)
        {
            var lines = text.Split("\r\n");
            var words = lines[0].Split(' ');
            if (words.Length != 3 || !IsToken(words[0]) || words[1].Length == 0
                || (words[2] != "HTTP/1.1" && words[2] != "HTTP/1.0"))
            {
                throw new BadRequest(400);
            }
            Method = words[0];
            Version = words[2];
            (Path, Query) = SplitTarget(words[1]);
            Headers = new Fields(ReadHeaders(lines.Skip(1)));
            Chunked = Headers.ContainsKey("Transfer-Encoding");
            Length = BodyLength();
            var connection = Headers["Connection"].ToLowerInvariant();
            KeepAlive = Version == "HTTP/1.1" ? !connection.Contains("close") : connection.Contains("keep-alive");
        }

        public static bool IsToken(string text) => text.Length > 0 && text.All(
            one => (one < 128 && char.IsLetterOrDigit(one)) || TokenSigns.IndexOf(one) >= 0);

        /// <summary>The first value of each name of the query.</summary>
        public Fields ReadQuery()
        {
            var values = new Dictionary<string, string>();
            foreach (var pair in Query.TrimStart('?').Split('&', StringSplitOptions.RemoveEmptyEntries))
            {
                var parts = pair.Replace('+', ' ').Split('=', 2);
                var value = parts.Length == 2 ? parts[1] : "";
                values.TryAdd(Uri.UnescapeDataString(parts[0]), Uri.UnescapeDataString(value));
            }
            return new Fields(values);
        }

        private static (string, string) SplitTarget(string target)
        {
            if (!target.StartsWith('/') && Uri.TryCreate(target, UriKind.Absolute, out var uri))
            {
                target = uri.PathAndQuery; // as clients ask proxies
            }
            var mark = target.IndexOf('?');
            return mark < 0 ? (target, "") : (target.Substring(0, mark), target.Substring(mark));
        }

        private static Dictionary<string, string> ReadHeaders(IEnumerable<string> lines)
        {
            var headers = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
            foreach (var line in lines)
            {
                var colon = line.IndexOf(':');
                var name = colon < 0 ? "" : line.Substring(0, colon);
                var value = line.Substring(colon + 1).Trim(' ', '\t');
                if (!IsToken(name) || value.Any(one => one == '\r' || one == '\n' || one == '\0'))
                {
                    throw new BadRequest(400);
                }
                headers[name] = headers.TryGetValue(name, out var before) ? $"{before}, {value}" : value;
            }
            return headers;
        }

        private long BodyLength()
        {
            var sent = Headers["Content-Length"];
            if (Chunked)
            {
                // Two lengths are how requests are smuggled.
                var known = Headers["Transfer-Encoding"].Equals("chunked", StringComparison.OrdinalIgnoreCase);
                return known && !Headers.ContainsKey("Content-Length") ? 0 : throw new BadRequest(400);
            }
            if (!Headers.ContainsKey("Content-Length"))
            {
                return 0;
            }
            return long.TryParse(sent, NumberStyles.None, CultureInfo.InvariantCulture, out var length)
                ? length : throw new BadRequest(400);
        }
    }

    /// <summary>A request that is answered with an error and the end of its connection.</summary>
    internal sealed class BadRequest : Exception
    {
        public int Status { get; }

        public BadRequest(int status)
        {
            Status = status;
        }
    }
}
