using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using System.Text;

namespace Kubeless.Server
{
    /// <summary>Counts calls by HTTP method, under the names that all runtimes share.</summary>
    internal sealed class Metrics
    {
        public const string ContentType = "text/plain; version=0.0.4; charset=utf-8";

        private const int MostMethods = 32; // a client may send any
        private static readonly double[] Bounds =
            { .005, .01, .025, .05, .075, .1, .25, .5, .75, 1, 2.5, 5, 7.5, 10 };

        private readonly SortedDictionary<string, Counts> _methods =
            new SortedDictionary<string, Counts>(StringComparer.Ordinal);

        private sealed class Counts
        {
            public long Calls;
            public long Failures;
            public double Seconds;
            public readonly long[] Buckets = new long[Bounds.Length];
        }

        public void Record(string method, double seconds, bool failed)
        {
            lock (_methods)
            {
                var name = _methods.ContainsKey(method) || _methods.Count < MostMethods ? method : "OTHER";
                if (!_methods.TryGetValue(name, out var counts))
                {
                    _methods[name] = counts = new Counts();
                }
                counts.Calls++;
                counts.Failures += failed ? 1 : 0;
                counts.Seconds += seconds;
                var bucket = Array.FindIndex(Bounds, bound => seconds <= bound);
                if (bucket >= 0)
                {
                    counts.Buckets[bucket]++;
                }
            }
        }

        public string Page()
        {
            var page = new StringBuilder();
            lock (_methods)
            {
                Family(page, "function_duration_seconds", "histogram", "Duration of user function in seconds");
                foreach (var method in _methods)
                {
                    Histogram(page, method.Key, method.Value);
                }
                Family(page, "function_calls_total", "counter", "Number of calls to user function");
                foreach (var method in _methods)
                {
                    Line(page, "function_calls_total", method.Key, method.Value.Calls);
                }
                Family(page, "function_failures_total", "counter", "Number of exceptions in user function");
                foreach (var method in _methods)
                {
                    Line(page, "function_failures_total", method.Key, method.Value.Failures);
                }
            }
            return page.ToString();
        }

        private static void Family(StringBuilder page, string name, string kind, string help) =>
            page.Append($"# HELP {name} {help}\n# TYPE {name} {kind}\n");

        private static void Line(StringBuilder page, string name, string method, double value) =>
            page.Append(FormattableString.Invariant($"{name}{{method=\"{method}\"}} {value}\n"));

        private static void Histogram(StringBuilder page, string method, Counts counts)
        {
            const string name = "function_duration_seconds";
            long total = 0;
            foreach (var (bound, count) in Bounds.Zip(counts.Buckets, (bound, count) => (bound, count)))
            {
                total += count;
                var le = bound.ToString(CultureInfo.InvariantCulture);
                page.Append($"{name}_bucket{{le=\"{le}\",method=\"{method}\"}} {total}\n");
            }
            page.Append($"{name}_bucket{{le=\"+Inf\",method=\"{method}\"}} {counts.Calls}\n");
            Line(page, name + "_count", method, counts.Calls);
            Line(page, name + "_sum", method, counts.Seconds);
        }
    }
}
