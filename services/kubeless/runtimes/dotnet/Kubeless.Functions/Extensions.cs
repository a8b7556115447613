using System;
using System.Collections.Generic;
using System.Threading;

namespace Kubeless.Functions
{
    /// <summary>The HTTP exchange behind an event, for who needs more than its data.</summary>
    public class Extensions
    {
        /// <summary>The same as <see cref="Request"/>; the name and type of the original.</summary>
        public object HttpRequest { get; }

        public HttpRequest Request => HttpRequest as HttpRequest;

        public HttpResponse Response { get; }

        /// <summary>CloudEvents attributes by the names of their headers, such as <c>ce-source</c>.</summary>
        public IReadOnlyDictionary<string, string> CloudEvent { get; } = new Dictionary<string, string>();

        /// <summary>Cancelled when the call is over its time.</summary>
        public CancellationToken Cancelled { get; }

        public Extensions(object httpRequest)
        {
            HttpRequest = httpRequest ?? throw new ArgumentNullException(nameof(httpRequest));
        }

        public Extensions(HttpRequest request, HttpResponse response, IReadOnlyDictionary<string, string> cloudEvent,
            CancellationToken cancelled) : this(request)
        {
            Response = response;
            CloudEvent = cloudEvent;
            Cancelled = cancelled;
        }
    }
}
