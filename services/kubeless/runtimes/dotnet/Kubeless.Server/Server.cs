using System;
using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Threading;
using System.Threading.Tasks;
using Kubeless.Functions;

namespace Kubeless.Server
{
    /// <summary>Accepts connections until it is drained.</summary>
    internal sealed class Server
    {
        public const int MostConnections = 1000;
        private const int Backlog = 1024;
        private const int PauseMilliseconds = 10;

        /// <summary>Longer than a client keeps an idle connection, so that the client closes first.</summary>
        private const int IdleSeconds = 75;

        private readonly Action _stuck;
        private readonly SemaphoreSlim _places = new SemaphoreSlim(MostConnections);
        private readonly ConcurrentDictionary<Connection, bool> _connections =
            new ConcurrentDictionary<Connection, bool>();
        private Socket _listener;
        private volatile bool _stopping;

        public Settings Settings { get; }
        public Function Function { get; }
        public Context Context { get; }
        public Metrics Metrics { get; } = new Metrics();
        public AccessLog Log { get; } = new AccessLog();

        /// <summary>Whether each answer is the last one of its connection.</summary>
        public bool Stopping => _stopping;

        /// <summary><paramref name="stuck"/> is told each time that a call goes on long after its timeout.</summary>
        public Server(Settings settings, Function function, Action stuck)
        {
            Settings = settings;
            Function = function;
            _stuck = stuck;
            Context = new Context(settings.Module, settings.Handler, settings.Port.ToString(), settings.TimeoutText,
                settings.Runtime, settings.MemoryLimit);
        }

        /// <summary>
        /// Bind the port. A successor shares it with the server whose place it takes; for a first one it must be free.
        /// Throws <see cref="Unusable"/>.
        /// </summary>
        public void Listen(bool successor)
        {
            try
            {
                if (!successor)
                {
                    using var probe = Bind(share: false);
                }
                _listener = Bind(share: true);
                _listener.Listen(Backlog);
            }
            catch (Exception refused) when (refused is SocketException || refused is FormatException)
            {
                throw new Unusable($"cannot listen on port {Settings.Port}: {refused.Message}");
            }
        }

        /// <summary>Take the connections that have queued up since <see cref="Listen"/>, and all that come.</summary>
        public void Serve()
        {
            _ = AcceptAsync();
            _ = CloseSilentAsync();
        }

        public void ReportStuck() => _stuck();

        /// <summary>Accept nothing more and wait for what is in progress; false if that takes longer.</summary>
        public async Task<bool> DrainAsync(double seconds)
        {
            _stopping = true;
            _listener.Dispose();
            var end = DateTime.UtcNow.AddSeconds(seconds);
            while (!_connections.IsEmpty && DateTime.UtcNow < end)
            {
                foreach (var connection in _connections.Keys)
                {
                    connection.CloseIdle();
                }
                await Task.Delay(PauseMilliseconds).ConfigureAwait(false);
            }
            Log.Flush();
            return _connections.IsEmpty;
        }

        private async Task CloseSilentAsync()
        {
            while (!_stopping)
            {
                await Task.Delay(1000).ConfigureAwait(false);
                var since = Stopwatch.GetTimestamp() - (IdleSeconds * Stopwatch.Frequency);
                foreach (var connection in _connections.Keys)
                {
                    connection.CloseSilent(since);
                }
            }
        }

        private Socket Bind(bool share)
        {
            var address = Settings.Host.Length > 0 ? IPAddress.Parse(Settings.Host)
                : Socket.OSSupportsIPv6 ? IPAddress.IPv6Any : IPAddress.Any;
            var socket = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
            try
            {
                if (address.Equals(IPAddress.IPv6Any))
                {
                    socket.DualMode = true;
                }
                if (share)
                {
                    // On Unix this is SO_REUSEPORT.
                    socket.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.ReuseAddress, true);
                }
                socket.Bind(new IPEndPoint(address, Settings.Port));
                return socket;
            }
            catch
            {
                socket.Dispose();
                throw;
            }
        }

        private async Task AcceptAsync()
        {
            while (!_stopping)
            {
                await _places.WaitAsync().ConfigureAwait(false);
                try
                {
                    var socket = await _listener.AcceptAsync().ConfigureAwait(false);
                    socket.NoDelay = true;
                    var connection = new Connection(this, socket);
                    _connections[connection] = true;
                    _ = ServeAsync(connection);
                }
                catch (Exception failed) when (failed is SocketException || failed is ObjectDisposedException)
                {
                    _places.Release();
                    // As a rule there are no file descriptors left, for a moment.
                    await Task.Delay(PauseMilliseconds).ConfigureAwait(false);
                }
            }
        }

        private async Task ServeAsync(Connection connection)
        {
            try
            {
                await Task.Yield();
                await connection.ServeAsync().ConfigureAwait(false);
            }
            catch (Exception error)
            {
                await Console.Error.WriteLineAsync($"a connection failed: {error}").ConfigureAwait(false);
            }
            finally
            {
                _connections.TryRemove(connection, out _);
                _places.Release();
            }
        }
    }
}
