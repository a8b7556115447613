using System;
using System.Diagnostics;
using System.Globalization;
using System.IO;
using System.Text;
using System.Threading;
using System.Threading.Tasks;

namespace Kubeless.Server
{
    /// <summary>Reads the requests of one connection, one after the other, into memory that is bounded.</summary>
    internal sealed class RequestReader
    {
        private const int MostHead = 64 << 10;
        private const int LongLine = 8 << 10;
        private const long NotWaiting = long.MaxValue;
        private static readonly byte[] HeadEnd = { 13, 10, 13, 10 };
        private static readonly byte[] LineEnd = { 13, 10 };
        private static readonly byte[] Continue = Encoding.ASCII.GetBytes("HTTP/1.1 100 Continue\r\n\r\n");

        private readonly Stream _client;
        private readonly int _mostBody;
        private byte[] _buffer = new byte[4 << 10];
        private int _start;
        private int _end;
        private long _waitingSince = NotWaiting;

        public RequestReader(Stream client, int mostBody)
        {
            _client = client;
            _mostBody = mostBody;
        }

        /// <summary>Whether the client has been waited for since then, a timestamp of Stopwatch.</summary>
        public bool WaitsSince(long time) => Interlocked.Read(ref _waitingSince) < time;

        /// <summary>The next head; null if the client is done. Throws <see cref="BadRequest"/>.</summary>
        public async Task<Head> ReadHeadAsync()
        {
            var text = await ReadUntilAsync(HeadEnd, MostHead, 431).ConfigureAwait(false);
            return text == null ? null : new Head(text);
        }

        /// <summary>The body that belongs to a head. Throws <see cref="BadRequest"/>: 413 if it is too large.</summary>
        public async Task<byte[]> ReadBodyAsync(Head head)
        {
            if (head.Length > _mostBody)
            {
                throw new BadRequest(413);
            }
            if (head.Headers["Expect"].Equals("100-continue", StringComparison.OrdinalIgnoreCase))
            {
                await _client.WriteAsync(Continue).ConfigureAwait(false);
            }
            if (head.Chunked)
            {
                return await ReadChunksAsync().ConfigureAwait(false);
            }
            var body = new MemoryStream();
            await CopyAsync(body, (int)head.Length).ConfigureAwait(false);
            return body.ToArray();
        }

        private async Task<byte[]> ReadChunksAsync()
        {
            var body = new MemoryStream();
            while (true)
            {
                var line = await ReadUntilAsync(LineEnd, LongLine, 400).ConfigureAwait(false)
                    ?? throw new EndOfStreamException();
                var digits = line.Split(';')[0].Trim();
                var valid = int.TryParse(
                    digits, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var length);
                if (digits.Length > 8 || !valid || length < 0)
                {
                    throw new BadRequest(400);
                }
                if (body.Length + length > _mostBody)
                {
                    throw new BadRequest(413);
                }
                if (length == 0)
                {
                    await SkipTrailersAsync().ConfigureAwait(false);
                    return body.ToArray();
                }
                await CopyAsync(body, length).ConfigureAwait(false);
                if (await ReadUntilAsync(LineEnd, 2, 400).ConfigureAwait(false) != "")
                {
                    throw new BadRequest(400);
                }
            }
        }

        private async Task SkipTrailersAsync()
        {
            for (var lines = 0; await ReadUntilAsync(LineEnd, LongLine, 400).ConfigureAwait(false) != ""; lines++)
            {
                if (lines > 100)
                {
                    throw new BadRequest(400);
                }
            }
        }

        /// <summary>Text up to a mark, which is consumed; null if the stream ends before anything was sent.</summary>
        private async Task<string> ReadUntilAsync(byte[] mark, int most, int statusIfLonger)
        {
            var searched = 0;
            while (true)
            {
                var found = _buffer.AsSpan(_start + searched, _end - _start - searched).IndexOf(mark);
                if (found >= 0)
                {
                    var text = Encoding.UTF8.GetString(_buffer, _start, searched + found);
                    _start += searched + found + mark.Length;
                    return text;
                }
                if (_end - _start > most)
                {
                    throw new BadRequest(statusIfLonger);
                }
                searched = Math.Max(0, _end - _start - mark.Length + 1);
                if (await FillAsync().ConfigureAwait(false) == 0)
                {
                    return _end == _start ? (string)null : throw new EndOfStreamException();
                }
            }
        }

        private async Task CopyAsync(MemoryStream body, int length)
        {
            while (length > 0)
            {
                if (_start == _end && await FillAsync().ConfigureAwait(false) == 0)
                {
                    throw new EndOfStreamException();
                }
                var part = Math.Min(length, _end - _start);
                body.Write(_buffer, _start, part);
                _start += part;
                length -= part;
            }
        }

        private async Task<int> FillAsync()
        {
            if (_start == _end)
            {
                _start = _end = 0;
            }
            else if (_end == _buffer.Length)
            {
                if (_start > 0)
                {
                    Buffer.BlockCopy(_buffer, _start, _buffer, 0, _end - _start);
                    (_start, _end) = (0, _end - _start);
                }
                else
                {
                    Array.Resize(ref _buffer, _buffer.Length * 2);
                }
            }
            Interlocked.Exchange(ref _waitingSince, Stopwatch.GetTimestamp());
            var count = await _client.ReadAsync(_buffer.AsMemory(_end)).ConfigureAwait(false);
            Interlocked.Exchange(ref _waitingSince, NotWaiting);
            _end += count;
            return count;
        }
    }
}
