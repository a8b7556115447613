"""
Kafka's wire protocol: requests out of frames, answers into frames.

A frame is a length and that many bytes. A request names its API, the version of it and a number that its answer
repeats. The schemas are kio's; what may be hostile is checked before they see it.
"""

import functools
import io
import struct
from dataclasses import dataclass
from typing import Any

from kio.index import load_request_schema, load_response_schema
from kio.serial import entity_reader, entity_writer
from kio.serial.errors import SerialError

from kubeless.local.kafka.bounds import check, skip_tags
from kubeless.local.kafka.malformed import Malformed
from kubeless.local.kafka.versions import convert

LENGTH = struct.Struct(">i")
"""The length before each frame."""

_PREFIX = struct.Struct(">hhih")  # API key, version, correlation id, length of the client's name
_ANSWER = struct.Struct(">ii")
_FLEXIBLE_HEADER = 2
_MAX_CLIENT_ID = 255


@dataclass(frozen=True, slots=True)
class RequestHeader:
    """What every request begins with, and where its body starts."""

    api: int
    version: int
    correlation_id: int
    client_id: str
    body: int


@dataclass(frozen=True, slots=True)
class Versions:
    """The versions of an API that the broker takes, both included."""

    lowest: int
    highest: int

    def __contains__(self, version: object) -> bool:
        return isinstance(version, int) and self.lowest <= version <= self.highest


def read_header(frame: bytes) -> RequestHeader:
    """
    The header, except for the tagged fields of newer versions, which `read_body` skips.

    Raises:
        Malformed: it is not whole.
    """
    if len(frame) < _PREFIX.size:
        raise Malformed("the request is shorter than its header")
    api, version, correlation_id, length = _PREFIX.unpack_from(frame)
    body = _PREFIX.size + max(length, 0)
    if body > len(frame):
        raise Malformed("the request ends within its header")
    client_id = frame[_PREFIX.size : body].decode(errors="replace")[:_MAX_CLIENT_ID]
    return RequestHeader(api, version, correlation_id, client_id, body)


def read_body(frame: bytes, header: RequestHeader, versions: Versions) -> Any:
    """
    The request, in the newest version of `versions`; the header's version must be one of them.

    Raises:
        Malformed: it is not what its version says.
    """
    schema = load_request_schema(header.api, header.version)
    position = header.body
    try:
        if schema.__header_schema__.__version__ >= _FLEXIBLE_HEADER:
            position = skip_tags(frame, position)
        check(schema, frame, position)
        request, _ = _reader(schema)(frame, position)
    except (SerialError, ValueError, OverflowError, LookupError) as error:  # kio does not skip tags it does not know
        raise Malformed(f"API {header.api} version {header.version}: {error}") from error
    return convert(request, load_request_schema(header.api, versions.highest))


def write_answer(header: RequestHeader, answer: Any) -> bytes:
    """The frame of an answer, with its length, in the version of the request."""
    schema = load_response_schema(header.api, header.version)
    buffer = io.BytesIO()
    buffer.write(bytes(_ANSWER.size))
    if schema.__header_schema__.__flexible__:
        buffer.write(b"\0")  # no tagged fields
    _writer(schema)(buffer, convert(answer, schema))
    buffer.seek(0)
    buffer.write(_ANSWER.pack(buffer.getbuffer().nbytes - LENGTH.size, header.correlation_id))
    return buffer.getvalue()


@functools.cache
def _reader(schema: Any) -> Any:
    return entity_reader(schema)


@functools.cache
def _writer(schema: Any) -> Any:
    return entity_writer(schema)
