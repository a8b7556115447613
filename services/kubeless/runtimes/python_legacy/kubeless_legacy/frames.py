"""
What travels between the front and a worker.

Numbers are big-endian. A call is marshalled, as both ends are one program; an answer is not: nothing that a function
writes may be loaded as objects into the front.
"""

import marshal
import struct

from .answer import UnusableAnswer

_HEAD = struct.Struct("!LHL")
"""Length of the body, status, length of the header lines."""
_LENGTH = struct.Struct("!L")
MAX_BODY = 256 * 1024 * 1024
MAX_HEADERS = 256 * 1024

READY = _HEAD.pack(0, 0, 0)


class Malformed(Exception):
    """An answer cannot be one."""


def pack_call(request):
    data = marshal.dumps(request)
    return _LENGTH.pack(len(data)) + data


def read_call(file):
    """A call from a blocking file; None at its end."""
    head = file.read(_LENGTH.size)
    if len(head) < _LENGTH.size:
        return None
    return marshal.loads(file.read(_LENGTH.unpack(head)[0]))  # noqa: S302 - the front wrote it


def pack_answer(status, headers, body):
    """Raises UnusableAnswer."""
    if len(body) > MAX_BODY or len(headers) > MAX_HEADERS:
        raise UnusableAnswer("the answer is larger than %d bytes" % MAX_BODY)
    return _HEAD.pack(len(body), status, len(headers)) + headers + body


def unpack_answer(data):
    """
    Status, header lines and body of what was received, or None while they are not there as a whole.

    Raises Malformed.
    """
    if len(data) < _HEAD.size:
        return None
    body, status, headers = _HEAD.unpack(bytes(data[: _HEAD.size]))
    if body > MAX_BODY or headers > MAX_HEADERS or status > 599:
        raise Malformed
    begin = _HEAD.size + headers
    if len(data) < begin + body:
        return None
    return status, bytes(data[_HEAD.size : begin]), bytes(data[begin : begin + body])
