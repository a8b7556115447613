"""
The head of a request: one strict grammar over the raw bytes, then the rules for framing.

What two readers could understand differently is refused here, before anything else looks at the request (RFC 9112 2.2,
3, 5 and 6; sections 11.1 and 11.2 say what happens otherwise): a bare CR or LF, folded lines, spaces around names,
control bytes, more than one or an odd length, a length beside a transfer coding, a coding other than one `chunked`,
several or odd hosts. The grammar is one regular expression without backtracking, so a hostile head costs no more than a
good one, and a good one costs a few microseconds.
"""

import re
from collections.abc import Sequence

from kubeless.core.errors import shorten
from kubeless.gateway.http.limits import Limits
from kubeless.gateway.http.problem import BadRequest

Fields = list[tuple[bytes, bytes]]

_TOKEN = rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]"
_VALUE = rb"[\t\x20-\x7e\x80-\xff]"
_LINE = re.compile(rb"(" + _TOKEN + rb"{1,32}) ([\x21-\x7e]++) HTTP/1\.([01])\r\n")
_BLOCK = re.compile(rb"(?:" + _TOKEN + rb"++:" + _VALUE + rb"*+\r\n)*+")
_FIELD = re.compile(rb"([^:\r\n]++):[ \t]*+([^\r\n]*+)\r\n")
_VERSION = re.compile(rb"[^ \r\n]+ [^ \r\n]+ HTTP/(?:[02-9]\.[0-9]|1\.[2-9])\r\n")
_LENGTH = re.compile(rb"[0-9]{1,15}")
_HOST = re.compile(rb"(?:\[[0-9A-Fa-f:.]{1,64}\]|[A-Za-z0-9_.\-]{0,255}+)(?::[0-9]{0,5})?")
_PROTOCOL = re.compile(_TOKEN + rb"++(?:/" + _TOKEN + rb"++)?")
_OTHER_CODINGS = re.compile(rb"(?:(?:x-)?(?:gzip|compress)|deflate)[ \t]*,[ \t]*chunked", re.IGNORECASE)
_BAD_BYTE = re.compile(rb"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]|(?<!\r)\n|\r(?!\n)(?=.)", re.DOTALL)

METHODS = frozenset(
    b"ACL BIND CHECKOUT CONNECT COPY DELETE GET HEAD LINK LOCK M-SEARCH MERGE MKACTIVITY MKCALENDAR MKCOL MOVE NOTIFY"
    b" OPTIONS PATCH POST PROPFIND PROPPATCH PURGE PUT REBIND REPORT SEARCH SUBSCRIBE TRACE UNBIND UNLINK UNLOCK"
    b" UNSUBSCRIBE".split()
)
"""What llhttp knows, and so what a function behind it can receive."""

_SINGLE = frozenset({b"content-length", b"expect", b"host", b"transfer-encoding", b"upgrade", b"content-type"})


class Head:
    """A valid head. Not a frozen dataclass: making one of those would cost as much as the parsing."""

    __slots__ = (
        "again",
        "chunked",
        "expects",
        "fields",
        "first",
        "keep_alive",
        "length",
        "method",
        "minor",
        "ordinary",
        "target",
        "upgrade",
    )

    method: str
    target: bytes
    minor: int
    """0 or 1, of HTTP/1.x."""
    fields: Fields
    """Names and values as sent, in order, without the white space around values."""
    first: dict[bytes, bytes]
    """By lower-case name; of repeated fields the last value."""
    length: int
    """Announced length of the body; 0 if there is none or it is chunked."""
    chunked: bool
    keep_alive: bool
    expects: bool
    """Whether the client waits for `100 Continue`."""
    upgrade: bytes
    """The protocol asked for, or empty."""
    ordinary: bool
    """HTTP/1.1 on a connection that stays, with at most a body of known length, and the same for its answer."""

    again: bool
    """Whether a head of the same bytes came before, as far as is known."""

    @property
    def has_body(self) -> bool:
        """Whether bytes follow."""
        return self.chunked or self.length > 0


def parse_head(raw: bytes, limits: Limits) -> Head:
    """`raw` ends with the empty line. Raises BadRequest."""
    line = _LINE.match(raw)
    if line is None or line.end() > limits.line_bytes:
        raise _bad_line(raw, limits)
    block = _BLOCK.match(raw, line.end())
    if block is None or block.end() != len(raw) - 2:
        raise _bad_block(raw[line.end() :])
    head = Head()
    head.again = False
    method, head.target, minor = line.groups()
    if method not in METHODS:
        raise BadRequest(501, f"the method {shorten(method)} is unknown; use one of RFC 9110 9.3")
    head.method = method.decode("ascii")
    head.minor = 1 if minor == b"1" else 0
    head.fields = fields = _FIELD.findall(raw, line.end(), len(raw) - 2)
    if b" \r\n" in raw or b"\t\r\n" in raw:
        head.fields = fields = [(name, value.rstrip(b" \t")) for name, value in fields]
    _check_size(raw, fields, limits)
    head.first = first = {name.lower(): value for name, value in fields}
    if len(first) != len(fields):
        _check_repeated(fields)
    _check_target(method, head.target)
    _frame(head, first)
    _read_options(head, fields, first)
    head.ordinary = head.keep_alive and not (
        head.minor == 0 or head.chunked or head.expects or head.upgrade or method == b"HEAD"
    )
    return head


def check_partial(raw: bytes | bytearray, begin: int, limits: Limits) -> None:
    """
    Look at a head that is still coming, from `begin` on. Raises BadRequest for what no more bytes could make good.
    """
    if _BAD_BYTE.search(raw, begin):
        raise _bad_bytes()
    if raw.find(b"\n", 0, limits.line_bytes) < 0 and len(raw) > limits.line_bytes:
        raise _long_line(limits)
    if len(raw) > limits.head_bytes:
        raise _long_head(limits)


def _check_size(raw: bytes, fields: Fields, limits: Limits) -> None:
    if len(fields) > limits.fields:
        raise BadRequest(431, f"more than {limits.fields} header lines; send fewer")
    if len(raw) > limits.field_bytes:
        if len(raw) > limits.head_bytes:
            raise _long_head(limits)
        if any(len(name) + len(value) > limits.field_bytes for name, value in fields):
            raise BadRequest(431, f"a header line is longer than {limits.field_bytes} bytes; shorten it")


def _check_repeated(fields: Fields) -> None:
    seen = set[bytes]()
    for name, _ in fields:
        lowered = name.lower()
        if lowered in _SINGLE:
            if lowered in seen:
                raise BadRequest(400, f"the header {lowered.decode()} is there twice; send it once")
            seen.add(lowered)


def _check_target(method: bytes, target: bytes) -> None:
    if target[:1] == b"/" and b"#" not in target:
        return
    if target == b"*":
        if method != b"OPTIONS":
            raise BadRequest(400, "the target * is for OPTIONS only; name a path")
    elif method != b"CONNECT" and (target[:4].lower() != b"http" or b"#" in target):
        raise BadRequest(400, "the request target is neither a path nor an http URL")


def _frame(head: Head, first: dict[bytes, bytes]) -> None:
    """RFC 9112 6.3, with every case in doubt refused."""
    head.chunked = False
    head.length = 0
    coding = first.get(b"transfer-encoding")
    length = first.get(b"content-length")
    if coding is not None:
        if length is not None:
            raise BadRequest(400, "both Content-Length and Transfer-Encoding are given; send one of them")
        if head.minor == 0:
            raise BadRequest(400, "HTTP/1.0 has no Transfer-Encoding; send a Content-Length")
        if coding.lower() != b"chunked":
            status = 501 if _OTHER_CODINGS.fullmatch(coding) else 400
            raise BadRequest(status, f"the transfer coding {shorten(coding)} is not understood; use chunked alone")
        head.chunked = True
    elif length is not None:
        if not _LENGTH.fullmatch(length):
            raise BadRequest(400, f"Content-Length must be a decimal number, got {shorten(length)}")
        head.length = int(length)


def _read_options(head: Head, fields: Fields, first: dict[bytes, bytes]) -> None:
    host = first.get(b"host")
    if host is None:
        if head.minor:
            raise BadRequest(400, "an HTTP/1.1 request has exactly one Host header, got none")
    elif not _HOST.fullmatch(host):
        raise BadRequest(400, f"the Host is no name or address, got {shorten(host)}")
    head.keep_alive = head.minor == 1
    head.upgrade = b""
    if b"connection" in first:
        options = connection_options(fields)
        head.keep_alive = b"close" not in options and (head.minor == 1 or b"keep-alive" in options)
        if b"upgrade" in options and head.minor == 1 and head.method == "GET" and not head.has_body:
            head.upgrade = _upgrade(first.get(b"upgrade", b""))
    head.expects = False
    expect = first.get(b"expect")
    if expect is not None and head.minor == 1:
        if expect.lower() != b"100-continue":
            raise BadRequest(417, f"the expectation {shorten(expect)} cannot be met; only 100-continue is known")
        head.expects = head.has_body


def _upgrade(asked: bytes) -> bytes:
    """
    The protocol to offer, or empty. HTTP/2 is none: behind its upgrade, requests would pass unseen (RFC 9113 3.1 has
    given it up as well). An offer of several is not passed on, which every client must expect.
    """
    return asked if _PROTOCOL.fullmatch(asked) and not asked.lower().startswith((b"h2", b"http", b"tls")) else b""


def connection_options(fields: Sequence[tuple[bytes, bytes]]) -> set[bytes]:
    """The options of all Connection fields, in lower case (RFC 9110 7.6.1)."""
    named = b",".join(value for name, value in fields if len(name) == 10 and name.lower() == b"connection")
    return {option.strip(b" \t") for option in named.lower().split(b",")}


def _bad_line(raw: bytes, limits: Limits) -> BadRequest:
    end = raw.find(b"\r\n") + 2
    if end > limits.line_bytes:
        return _long_line(limits)
    if _VERSION.match(raw):
        return BadRequest(505, "only HTTP/1.0 and HTTP/1.1 are spoken here")
    if _BAD_BYTE.search(raw, 0, end):
        return _bad_bytes()
    return BadRequest(400, f"the request line is not `method target HTTP/1.1`, got {shorten(raw[: end - 2])}")


def _bad_block(block: bytes) -> BadRequest:
    if _BAD_BYTE.search(block):
        return _bad_bytes()
    bad = next((line for line in block.split(b"\r\n") if line and not _BLOCK.fullmatch(line + b"\r\n")), b"")
    if bad[:1] in {b" ", b"\t"}:
        return BadRequest(400, "a header line is folded, which is obsolete; send it as one line")
    return BadRequest(400, f"a header line is not `name: value`, got {shorten(bad)}")


def _bad_bytes() -> BadRequest:
    return BadRequest(400, "the head holds a NUL or other control byte, or a CR or LF that ends no line")


def _long_line(limits: Limits) -> BadRequest:
    return BadRequest(414, f"the request line is longer than {limits.line_bytes} bytes; shorten the URL")


def _long_head(limits: Limits) -> BadRequest:
    return BadRequest(431, f"the head is longer than {limits.head_bytes} bytes; send less in headers")
