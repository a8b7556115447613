"""Responses as bytes."""

from __future__ import annotations

import time

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .answer import Answer

CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"

_PHRASES = {
    200: "OK", 201: "Created", 202: "Accepted", 203: "Non-Authoritative Information", 204: "No Content",
    205: "Reset Content", 206: "Partial Content", 207: "Multi-Status", 300: "Multiple Choices",
    301: "Moved Permanently", 302: "Found", 303: "See Other", 304: "Not Modified", 307: "Temporary Redirect",
    308: "Permanent Redirect",
    400: "Bad Request", 401: "Unauthorized", 402: "Payment Required", 403: "Forbidden", 404: "Not Found",
    405: "Method Not Allowed", 406: "Not Acceptable", 408: "Request Timeout", 409: "Conflict", 410: "Gone",
    411: "Length Required", 412: "Precondition Failed", 413: "Content Too Large", 414: "URI Too Long",
    415: "Unsupported Media Type", 416: "Range Not Satisfiable", 417: "Expectation Failed", 418: "I'm a Teapot",
    421: "Misdirected Request", 422: "Unprocessable Content", 423: "Locked", 424: "Failed Dependency", 425: "Too Early",
    426: "Upgrade Required", 428: "Precondition Required", 429: "Too Many Requests",
    431: "Request Header Fields Too Large", 451: "Unavailable For Legal Reasons", 500: "Internal Server Error",
    501: "Not Implemented", 502: "Bad Gateway", 503: "Service Unavailable", 504: "Gateway Timeout",
    505: "HTTP Version Not Supported", 507: "Insufficient Storage",
}  # fmt: skip
_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def render(
    answer: Answer, *, method: str = "GET", minor: int = 1, keep_alive: bool, second: int | None = None
) -> bytes:
    """
    The bytes of a response to a request of `method` in version `HTTP/1.<minor>`.

    The length is always announced, also where no body is sent (HEAD, 304); a 204 has neither.
    """
    body = answer.body
    framing = [] if answer.status == 204 else ["Content-Length: %d" % len(body)]
    if not keep_alive:
        framing.append("Connection: close")
    elif not minor:
        framing.append("Connection: keep-alive")
    data = _head(answer, framing, second)
    return data if method == "HEAD" or answer.status in (204, 304) else data + body


def render_stream(answer: Answer, *, minor: int, keep_alive: bool) -> bytes:
    """The head of a response whose length nobody knows; in HTTP/1.0 the end of the connection is its end."""
    framing = ["Transfer-Encoding: chunked"] if minor else []
    if not keep_alive or not minor:
        framing.append("Connection: close")
    return _head(answer, framing, None)


LAST_CHUNK = b"0\r\n\r\n"


def chunk(part: bytes) -> bytes:
    """A part in the chunked coding; it must not be empty."""
    return b"%x\r\n%b\r\n" % (len(part), part)


def _head(answer: Answer, framing: list[str], second: int | None) -> bytes:
    lines = [
        "HTTP/1.1 %d %s\r\nDate: %s\r\nContent-Type: %s"
        % (
            answer.status,
            _PHRASES.get(answer.status, "Unknown"),
            _date(int(time.time()) if second is None else second),
            answer.content_type,
        )
    ]
    lines.extend("%s: %s" % pair for pair in answer.headers)
    lines.extend(framing)
    head = "\r\n".join(lines) + "\r\n\r\n"
    try:
        return head.encode("latin-1")
    except UnicodeEncodeError:
        return head.encode("utf-8", "replace")


_last_date = (-1, "")


def _date(second: int) -> str:
    """As RFC 9110, 5.6.7 wants it; formatted once a second."""
    global _last_date  # noqa: PLW0603  # a cache of one, per process
    if _last_date[0] != second:
        t = time.gmtime(second)
        text = "%s, %02d %s %04d %02d:%02d:%02d GMT" % (_DAYS[t[6]], t[2], _MONTHS[t[1] - 1], t[0], t[3], t[4], t[5])
        _last_date = (second, text)
    return _last_date[1]
