using System.Collections.Generic;
using System.IO;

namespace Kubeless.Functions
{
    /// <summary>The request that called the function. Members are named as those of ASP.NET Core.</summary>
    public class HttpRequest
    {
        private readonly byte[] _body;

        public string Method { get; }

        /// <summary>Without its query, percent-decoded.</summary>
        public string Path { get; }

        /// <summary>As it was sent, with its question mark; empty if there is none.</summary>
        public string QueryString { get; }

        /// <summary>The first value of each name.</summary>
        public Fields Query { get; }

        /// <summary>Names in any case; values of a header that was sent more than once are joined by commas.</summary>
        public Fields Headers { get; }

        public string ContentType => Headers["Content-Type"];

        public long ContentLength => _body.Length;

        /// <summary>A new stream over the whole body.</summary>
        public Stream Body => new MemoryStream(_body, writable: false);

        public HttpRequest(string method, string path, string queryString, Fields query, Fields headers, byte[] body)
        {
            Method = method;
            Path = path;
            QueryString = queryString;
            Query = query;
            Headers = headers;
            _body = body;
        }

        public byte[] ReadBytes() => (byte[])_body.Clone();
    }

    /// <summary>Text by name; what is missing is empty.</summary>
    public class Fields
    {
        private readonly IReadOnlyDictionary<string, string> _fields;

        public Fields(IReadOnlyDictionary<string, string> fields)
        {
            _fields = fields;
        }

        public string this[string name] => _fields.TryGetValue(name, out var value) ? value : "";

        public IEnumerable<string> Keys => _fields.Keys;

        public bool ContainsKey(string name) => _fields.ContainsKey(name);
    }
}
