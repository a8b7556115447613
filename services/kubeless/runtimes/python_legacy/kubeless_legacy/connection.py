"""One client's connection: requests come in, each is answered before the next is read."""

import socket

from .answer import plain
from .clock import now
from .pipeline import Pipeline
from .request_reader import BadRequest, RequestReader
from .texts import encoded

IDLE_LIFE = 75.0
"""Seconds an idle connection stays: longer than a client keeps it, so that the client closes first."""
STALL = 60.0
"""Seconds without a byte in the middle of a request, or of an answer."""
LINGER = 2.0
REASONS = {
    200: "OK",
    201: "Created",
    202: "Accepted",
    204: "No Content",
    301: "Moved Permanently",
    302: "Found",
    303: "See Other",
    304: "Not Modified",
    400: "Bad Request",
    401: "Unauthorized",
    403: "Forbidden",
    404: "Not Found",
    405: "Method Not Allowed",
    408: "Request Timeout",
    409: "Conflict",
    413: "Content Too Large",
    422: "Unprocessable Content",
    429: "Too Many Requests",
    431: "Request Header Fields Too Large",
    500: "Internal Server Error",
    501: "Not Implemented",
    502: "Bad Gateway",
    503: "Service Unavailable",
}
_UNREAD = ("-", "-", "-", {})  # type: tuple[str, str, str, dict[str, str]]
_OPEN, _CLOSING, _LINGERING, _CLOSED = "open", "closing", "lingering", "closed"


class Connection(object):
    """`front` hears `handle` with each request, and `closed`."""

    def __init__(self, sock, client, front, reactor, max_body):
        self._pipeline = Pipeline(sock)
        self.client = client
        self._front = front
        self._reactor = reactor
        self._reader = RequestReader(max_body)
        self._request = None  # the one that is not answered yet
        self._state = _OPEN
        self._processing = False
        self._active = now()
        reactor.watch(self._pipeline.fd, self)

    def on_readable(self):
        data = self._pipeline.read()
        self._active = now()
        if data is None:
            self.close()
        elif self._state == _OPEN:
            self._reader.feed(data)
            self._process()

    def on_writable(self):
        self._active = now()
        self._send(b"")

    def respond(self, status, headers, body):
        """`headers` are lines without those that frame the message."""
        if self._state == _CLOSED:
            return
        request = self._request[:4] if self._request else _UNREAD
        last = not self._request or self._front.is_stopping or not _keeps_alive(request[2], request[3])
        bodiless = status in (204, 304)
        shown = b"" if bodiless or request[0] == "HEAD" else body
        self._front.log.record(self.client, request, status, len(shown))
        self._request = None
        self._state = _CLOSING if last else _OPEN
        self._send(_head(status, headers, length=None if bodiless else len(body), last=last) + shown)
        if self._state == _OPEN:
            self._reactor.watch(self._pipeline.fd, self)
            self._process()

    def sweep(self, moment):
        """Close if stalled or idle for too long."""
        if self._request:
            return
        limit = STALL if self._is_midway or self._state == _CLOSING else IDLE_LIFE
        if moment - self._active > (LINGER if self._state == _LINGERING else limit):
            self.close()

    def close_if_idle(self):
        if self._state == _OPEN and not self._request and not self._is_midway:
            self.close()

    def close(self):
        if self._state != _CLOSED:
            self._state = _CLOSED
            self._reactor.forget(self._pipeline.fd)
            self._pipeline.close()
            self._front.closed(self)

    def close_in_child(self):
        self._pipeline.close()

    @property
    def _is_midway(self):
        return self._reader.is_midway or self._pipeline.is_pending

    def _process(self):
        if self._processing:
            return  # a request that is answered at once comes back here
        self._processing = True
        try:
            self._handle_whole_requests()
            if self._state == _OPEN and not self._request and self._reader.expects_continue():
                self._send(b"HTTP/1.1 100 Continue\r\n\r\n")
        except BadRequest as error:
            self._request = None
            self.respond(*plain(error.status, "%s\n" % error))
        finally:
            self._processing = False

    def _handle_whole_requests(self):
        while self._state == _OPEN and not self._request:
            self._request = self._reader.next()
            if not self._request:
                return
            self._reactor.unwatch(self._pipeline.fd)  # a client that sends ahead waits
            self._front.handle(self, self._request)

    def _send(self, data):
        if not self._pipeline.write(data):
            self.close()
        elif self._pipeline.is_pending:
            self._reactor.want_room(self._pipeline.fd, self)
        elif self._state == _CLOSING:
            self._linger()

    def _linger(self):
        """Close our side and let the client close its own: to close while it sends could take the answer from it."""
        self._state = _LINGERING
        try:
            self._pipeline.sock.shutdown(socket.SHUT_WR)
        except socket.error:
            self.close()
        else:
            self._reactor.watch(self._pipeline.fd, self)


def _head(status, headers, length, last):
    start = "HTTP/1.1 %d %s\r\n" % (status, REASONS.get(status, "Status"))
    framing = "" if length is None else "Content-Length: %d\r\n" % length
    return encoded(start) + headers + encoded("%s%s\r\n" % (framing, "Connection: close\r\n" if last else ""))


def _keeps_alive(version, headers):
    asked = headers.get("connection", "").lower()
    return "close" not in asked if version == "HTTP/1.1" else "keep-alive" in asked
