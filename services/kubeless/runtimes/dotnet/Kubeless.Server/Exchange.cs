using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Linq;
using System.Text;
using System.Text.Json;
using System.Threading;
using System.Threading.Tasks;
using Kubeless.Functions;

namespace Kubeless.Server
{
    /// <summary>Calls the function for one request, and answers within its time.</summary>
    internal sealed class Exchange
    {
        /// <summary>Seconds for a call that is over its time to return; after that it counts as stuck.</summary>
        public const double Patience = 2;

        private readonly Server _server;
        private readonly Head _head;
        private readonly byte[] _body;
        private readonly Reply _reply;
        private readonly CancellationTokenSource _overdue = new CancellationTokenSource();

        public Exchange(Server server, Head head, byte[] body, Reply reply)
        {
            _server = server;
            _head = head;
            _body = body;
            _reply = reply;
        }

        public async Task RunAsync()
        {
            var clock = Stopwatch.StartNew();
            var call = Task.Run(CallAsync);
            using var answered = new CancellationTokenSource();
            var time = Task.Delay(Settings.Span(_server.Settings.Timeout), answered.Token);
            var failed = false;
            if (await Task.WhenAny(call, time).ConfigureAwait(false) == call)
            {
                answered.Cancel();
                failed = await call.ConfigureAwait(false);
            }
            else
            {
                _reply.Fail(408);
                _ = Task.Run(_overdue.Cancel); // runs what the function has registered
                _ = WatchAsync(call);
                failed = true;
            }
            _server.Metrics.Record(_head.Method, clock.Elapsed.TotalSeconds, failed);
        }

        /// <summary>Whether it failed.</summary>
        private async Task<bool> CallAsync()
        {
            try
            {
                Signals.InFunction = true;
                _reply.Finish(await _server.Function.CallAsync(MakeEvent(), _server.Context).ConfigureAwait(false));
                return false;
            }
            catch (Exception error)
            {
                await Console.Error.WriteLineAsync($"Function failed to execute: {error}").ConfigureAwait(false);
                _reply.Fail(500);
                return true;
            }
            finally
            {
                Signals.InFunction = false;
            }
        }

        private async Task WatchAsync(Task call)
        {
            await Task.WhenAny(call, Task.Delay(TimeSpan.FromSeconds(Patience))).ConfigureAwait(false);
            if (!call.IsCompleted)
            {
                _server.ReportStuck();
            }
        }

        private Event MakeEvent()
        {
            var headers = _head.Headers;
            var request = new HttpRequest(
                _head.Method, Uri.UnescapeDataString(_head.Path), _head.Query, _head.ReadQuery(), headers, _body);
            var attributes = headers.Keys.Where(name => name.StartsWith("ce-", StringComparison.OrdinalIgnoreCase))
                .ToDictionary(name => name.ToLowerInvariant(), name => headers[name]);
            var extensions = new Extensions(request, _reply.Response, attributes, _overdue.Token);
            return new Event(ReadData(headers["Content-Type"]), headers["event-id"], headers["event-type"],
                headers["event-time"], headers["event-namespace"], extensions);
        }

        private object ReadData(string contentType)
        {
            if (_body.Length == 0 || !contentType.Contains("application/json", StringComparison.OrdinalIgnoreCase))
            {
                return Encoding.UTF8.GetString(_body);
            }
            using var document = JsonDocument.Parse(_body);
            return document.RootElement.Clone();
        }
    }
}
