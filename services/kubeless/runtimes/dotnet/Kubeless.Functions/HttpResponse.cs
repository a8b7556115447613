using System;
using System.Collections.Generic;
using System.IO;

namespace Kubeless.Functions
{
    /// <summary>
    /// The answer, for functions that set more than its body. What is written to <see cref="Body"/> is sent when it is
    /// flushed; status and headers count until then.
    /// </summary>
    public class HttpResponse
    {
        public int StatusCode { get; set; } = 200;

        public IDictionary<string, string> Headers { get; } =
            new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);

        public Stream Body { get; }

        public string ContentType
        {
            get => Headers.TryGetValue("Content-Type", out var type) ? type : "";
            set => Headers["Content-Type"] = value;
        }

        public HttpResponse(Stream body)
        {
            Body = body;
        }
    }
}
