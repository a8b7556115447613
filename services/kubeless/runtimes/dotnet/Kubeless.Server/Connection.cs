using System;
using System.IO;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Threading.Tasks;

namespace Kubeless.Server
{
    /// <summary>One client: its requests are served one after the other, until either side has had enough.</summary>
    internal sealed class Connection
    {
        private const int LingerMilliseconds = 100;
        private const int WriteMilliseconds = 60_000; // a client that does not read must not hold a thread for ever
        private static readonly Head Unreadable = new Head("- - HTTP/1.1");

        private readonly Server _server;
        private readonly Socket _socket;
        private readonly string _client;
        private volatile RequestReader _reader;
        private volatile bool _idle;

        public Connection(Server server, Socket socket)
        {
            _server = server;
            _socket = socket;
            _client = ((IPEndPoint)socket.RemoteEndPoint).Address.ToString().Replace("::ffff:", "");
        }

        public async Task ServeAsync()
        {
            using (_socket)
            using (var stream = new NetworkStream(_socket) { WriteTimeout = WriteMilliseconds })
            {
                try
                {
                    await ServeAsync(stream).ConfigureAwait(false);
                }
                catch (Exception gone) when (
                    gone is IOException || gone is SocketException || gone is ObjectDisposedException)
                {
                    // The client left, or the server is ending: there is nobody to tell.
                }
            }
        }

        /// <summary>End it if no request is in progress. Another is not accepted in either case.</summary>
        public void CloseIdle()
        {
            if (_idle)
            {
                End();
            }
        }

        /// <summary>End it if its client has been waited for since then, a timestamp of Stopwatch.</summary>
        public void CloseSilent(long since)
        {
            if (_reader?.WaitsSince(since) == true)
            {
                End();
            }
        }

        /// <summary>As if the client had left: what is read next is the end, and the client is told.</summary>
        private void End()
        {
            try
            {
                _socket.Shutdown(SocketShutdown.Both);
            }
            catch (Exception gone) when (gone is SocketException || gone is ObjectDisposedException)
            {
                // It has ended by itself.
            }
        }

        private async Task ServeAsync(Stream stream)
        {
            var reader = _reader = new RequestReader(stream, _server.Settings.MaxBody);
            var goOn = true;
            while (goOn && !_server.Stopping)
            {
                Head head = null;
                Reply reply;
                try
                {
                    _idle = true;
                    head = await reader.ReadHeadAsync().ConfigureAwait(false);
                    _idle = false;
                    if (head == null)
                    {
                        return;
                    }
                    var body = await reader.ReadBodyAsync(head).ConfigureAwait(false);
                    reply = new Reply(stream, head, head.KeepAlive && !_server.Stopping);
                    await AnswerAsync(head, body, reply).ConfigureAwait(false);
                }
                catch (BadRequest bad)
                {
                    reply = new Reply(stream, head ?? Unreadable, keepAlive: false);
                    reply.Fail(bad.Status, $"{bad.Status} {Reasons.Of(bad.Status)}\n");
                    await LingerAsync(stream).ConfigureAwait(false);
                }
                _server.Log.Record(_client, head ?? Unreadable, reply.Status, reply.Size);
                goOn = reply.KeepAlive;
            }
        }

        private async Task AnswerAsync(Head head, byte[] body, Reply reply)
        {
            if (head.Path == "/healthz")
            {
                reply.Finish("OK");
            }
            else if (head.Path == "/metrics")
            {
                reply.Response.ContentType = Metrics.ContentType;
                reply.Finish(_server.Metrics.Page());
            }
            else
            {
                await new Exchange(_server, head, body, reply).RunAsync().ConfigureAwait(false);
            }
        }

        /// <summary>Read a little of what is still under way: a reset would take the answer from the client.</summary>
        private async Task LingerAsync(Stream stream)
        {
            _socket.Shutdown(SocketShutdown.Send);
            var rest = new byte[64 << 10];
            var enough = Task.Delay(LingerMilliseconds);
            var reading = stream.ReadAsync(rest, 0, rest.Length);
            while (await Task.WhenAny(reading, enough).ConfigureAwait(false) == reading
                && await reading.ConfigureAwait(false) > 0)
            {
                reading = stream.ReadAsync(rest, 0, rest.Length);
            }
            _ = reading.ContinueWith(ended => ended.Exception, TaskScheduler.Default);
        }
    }
}
