using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text;
using Kubeless.Functions;

namespace Kubeless.Server
{
    /// <summary>
    /// Writes the answer to one request: whole, or in parts while the function still runs. Who answers first wins, a
    /// function or its timeout; what comes later is an error of the later one.
    /// </summary>
    internal sealed class Reply : Stream
    {
        private const int LongPart = 64 << 10;
        private static readonly string[] Ours = { "Content-Length", "Transfer-Encoding", "Connection", "Date" };

        private readonly Stream _client;
        private readonly Head _head;
        private readonly MemoryStream _pending = new MemoryStream();
        private bool _started;
        private bool _over;

        public HttpResponse Response { get; }

        /// <summary>Whether the connection can take another request after this answer.</summary>
        public bool KeepAlive { get; private set; }

        public int Status { get; private set; }

        /// <summary>Bytes of the body.</summary>
        public long Size { get; private set; }

        public Reply(Stream client, Head head, bool keepAlive)
        {
            _client = client;
            _head = head;
            KeepAlive = keepAlive;
            Response = new HttpResponse(this);
        }

        /// <summary>Answer with text unless an answer was begun; then only the connection can tell.</summary>
        public void Fail(int status, string text = "")
        {
            lock (_pending)
            {
                if (_over || _started)
                {
                    KeepAlive = false;
                    _over = true;
                    return;
                }
                var plain = new Dictionary<string, string> { ["Content-Type"] = Answer.Text };
                SendWhole(status, plain, Encoding.UTF8.GetBytes(text));
            }
        }

        /// <summary>End the answer with what the function returned. Throws if that is no answer.</summary>
        public void Finish(object returned)
        {
            var (type, last) = Answer.Encode(returned);
            lock (_pending)
            {
                if (_over)
                {
                    return; // its time was over
                }
                _pending.Write(last);
                if (_started)
                {
                    SendPart();
                    Send(Encoding.ASCII.GetBytes(IsChunked(Status) ? "0\r\n\r\n" : ""));
                    _over = true;
                    return;
                }
                if (type.Length > 0)
                {
                    ((Dictionary<string, string>)Response.Headers).TryAdd("Content-Type", type);
                }
                SendWhole(Response.StatusCode, Response.Headers, _pending.ToArray());
            }
        }

        public override void Write(byte[] buffer, int offset, int count)
        {
            lock (_pending)
            {
                if (_over)
                {
                    throw new IOException("this call is over: its time is up, or its client left");
                }
                _pending.Write(buffer, offset, count);
                if (_pending.Length > LongPart)
                {
                    Flush();
                }
            }
        }

        /// <summary>Send what was written so far, after the head.</summary>
        public override void Flush()
        {
            lock (_pending)
            {
                if (_over || _pending.Length == 0)
                {
                    return;
                }
                if (!_started)
                {
                    KeepAlive &= _head.Version == "HTTP/1.1";
                    var framing = IsChunked(Response.StatusCode) ? "Transfer-Encoding: chunked" : "";
                    Send(FormatHead(Response.StatusCode, Response.Headers, framing));
                    _started = true;
                }
                SendPart();
            }
        }

        private bool IsChunked(int status) => _head.Version == "HTTP/1.1" && HasBody(status);

        private bool HasBody(int status) => _head.Method != "HEAD" && status != 204 && status != 304;

        private void SendPart()
        {
            var part = _pending.ToArray();
            _pending.SetLength(0);
            if (part.Length == 0 || !HasBody(Status))
            {
                return;
            }
            Size += part.Length;
            Send(IsChunked(Status)
                ? Encoding.ASCII.GetBytes($"{part.Length:x}\r\n").Concat(part).Concat(new byte[] { 13, 10 }).ToArray()
                : part);
        }

        private void SendWhole(int status, IDictionary<string, string> headers, byte[] body)
        {
            var framing = status == 204 || status == 304 ? "" : $"Content-Length: {body.Length}";
            var sent = FormatHead(status, headers, framing);
            _over = true;
            if (HasBody(status))
            {
                Size = body.Length;
                sent = sent.Concat(body).ToArray();
            }
            Send(sent);
        }

        private void Send(byte[] bytes)
        {
            try
            {
                _client.Write(bytes);
            }
            catch (Exception gone) when (gone is IOException || gone is ObjectDisposedException)
            {
                // The client left, which is no failure of the function; if it writes on, it is told.
                KeepAlive = false;
                _over = true;
            }
        }

        /// <summary>Throws InvalidOperationException for what would not be one head.</summary>
        private byte[] FormatHead(int status, IDictionary<string, string> headers, string framing)
        {
            if (status < 200 || status > 599)
            {
                throw new InvalidOperationException($"{status} is no status of an answer; use one from 200 to 599");
            }
            var text = new StringBuilder($"HTTP/1.1 {status} {Reasons.Of(status)}\r\n");
            foreach (var header in headers.Where(one => !Ours.Contains(one.Key, StringComparer.OrdinalIgnoreCase)))
            {
                if (!Head.IsToken(header.Key) || (header.Value ?? "").IndexOfAny(new[] { '\r', '\n', '\0' }) >= 0)
                {
                    throw new InvalidOperationException($"header {header.Key} cannot be sent: it has signs of control");
                }
                text.Append($"{header.Key}: {header.Value}\r\n");
            }
            text.Append($"Date: {DateTime.UtcNow:R}\r\n{framing}{(framing.Length > 0 ? "\r\n" : "")}");
            text.Append($"Connection: {(KeepAlive ? "keep-alive" : "close")}\r\n\r\n");
            Status = status;
            return Encoding.UTF8.GetBytes(text.ToString());
        }

        public override bool CanRead => false;
        public override bool CanSeek => false;
        public override bool CanWrite => true;
        public override long Length => throw new NotSupportedException();

        public override long Position
        {
            get => throw new NotSupportedException();
            set => throw new NotSupportedException();
        }

        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();
        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();
        public override void SetLength(long value) => throw new NotSupportedException();
    }
}
