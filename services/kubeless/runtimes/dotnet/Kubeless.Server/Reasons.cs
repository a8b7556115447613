using System.Collections.Generic;

namespace Kubeless.Server
{
    /// <summary>The words beside a status; only people read them.</summary>
    internal static class Reasons
    {
        private static readonly Dictionary<int, string> Words = new Dictionary<int, string>
        {
            [200] = "OK",
            [201] = "Created",
            [202] = "Accepted",
            [204] = "No Content",
            [301] = "Moved Permanently",
            [302] = "Found",
            [304] = "Not Modified",
            [400] = "Bad Request",
            [401] = "Unauthorized",
            [403] = "Forbidden",
            [404] = "Not Found",
            [408] = "Request Timeout",
            [409] = "Conflict",
            [413] = "Content Too Large",
            [429] = "Too Many Requests",
            [431] = "Request Header Fields Too Large",
            [500] = "Internal Server Error",
            [503] = "Service Unavailable",
        };

        public static string Of(int status) => Words.TryGetValue(status, out var word) ? word : $"Status {status}";
    }
}
