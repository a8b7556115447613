"""One connection with a clock and a transport of the test's own."""

import asyncio
import errno
from collections.abc import Callable
from typing import Any, cast

import pytest

from kubeless.runtimes.python.kubeless_runtime.answer import Answer
from kubeless.runtimes.python.kubeless_runtime.connection import KEEP_ALIVE, STALLED, Connection
from kubeless.runtimes.python.kubeless_runtime.request import Request
from kubeless.runtimes.python.kubeless_runtime.service import Service
from kubeless.runtimes.python.kubeless_runtime.settings import load

POST = b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhi"


class Transport(asyncio.Transport):
    def __init__(self) -> None:
        super().__init__()
        self.sent = b""
        self.state = "open"
        self.reading = True
        self.is_reset = False

    def write(self, data: "bytes | bytearray | memoryview[Any]") -> None:
        self.sent += bytes(data)

    def write_eof(self) -> None:
        if self.is_reset:
            raise OSError(errno.ENOTCONN, "Transport endpoint is not connected")
        self.state = "finished"

    def close(self) -> None:
        self.state = "closed"

    def abort(self) -> None:
        self.state = "aborted"

    def is_closing(self) -> bool:
        return self.state in ("closed", "aborted")

    def pause_reading(self) -> None:
        self.reading = False

    def resume_reading(self) -> None:
        self.reading = True


class Clock:
    """As much of an event loop as a connection uses."""

    def __init__(self) -> None:
        self.now = 1000.0

    def time(self) -> float:
        return self.now

    def call_later(self, delay: float, callback: Callable[[], None]) -> None:
        """Nothing: these tests end before anything is due."""


class Function:
    """As much of a service as a connection uses; remembers what it was asked."""

    def __init__(self) -> None:
        self.loop = Clock()
        self.settings = load({"MOD_NAME": "m", "FUNC_HANDLER": "f"})
        self.connections: dict[Connection, None] = {}
        self.requests: list[Request] = []

    def own_page(self, request: Request) -> Answer | None:
        return Answer(200, b"OK") if request.raw_path == "/healthz" else None

    def begin(self, connection: Connection, request: Request) -> None:
        self.requests.append(request)

    def forget(self, connection: Connection) -> None:
        del self.connections[connection]


@pytest.fixture
def function() -> Function:
    return Function()


@pytest.fixture
def transport() -> Transport:
    return Transport()


@pytest.fixture
def connection(function: Function, transport: Transport) -> Connection:
    made = Connection(cast(Service, function), "10.0.0.1")
    made.connection_made(transport)
    return made


def check_after(seconds: float, connection: Connection, function: Function) -> None:
    function.loop.now += seconds
    connection.check_progress(function.loop.now)


def test_the_next_request_waits_for_the_answer_to_the_first(
    connection: Connection, function: Function, transport: Transport
) -> None:
    connection.data_received(POST * 2 + b"GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n")
    assert len(function.requests) == 1

    connection.respond(Answer(200, b"one"))
    assert len(function.requests) == 2
    connection.respond(Answer(200, b"two"))

    assert [part[-3:] for part in transport.sent.split(b"HTTP/1.1")[1:]] == [b"one", b"two", b"\nOK"]


def test_a_client_far_ahead_is_not_read_from_until_it_is_answered(
    connection: Connection, function: Function, transport: Transport
) -> None:
    connection.data_received(POST)
    connection.data_received(POST * 10_000)
    assert not transport.reading

    connection.respond(Answer(200, b""))
    assert transport.reading


def test_no_request_is_begun_while_the_client_takes_no_answers(connection: Connection, function: Function) -> None:
    connection.pause_writing()
    connection.data_received(POST)
    assert not function.requests

    connection.resume_writing()
    assert len(function.requests) == 1


def test_an_idle_connection_is_closed_after_a_while(
    connection: Connection, function: Function, transport: Transport
) -> None:
    check_after(KEEP_ALIVE - 1, connection, function)
    assert transport.state == "open"

    check_after(2, connection, function)
    assert transport.state == "closed"


def test_a_call_may_take_as_long_as_its_timeout_allows(
    connection: Connection, function: Function, transport: Transport
) -> None:
    connection.data_received(POST)

    check_after(KEEP_ALIVE + STALLED, connection, function)

    assert transport.state == "open"


def test_a_head_that_trickles_in_is_refused(connection: Connection, function: Function, transport: Transport) -> None:
    for byte in b"GET /":
        connection.data_received(bytes([byte]))
        check_after(STALLED / 4, connection, function)

    assert transport.sent.startswith(b"HTTP/1.1 408 ")
    assert transport.state == "finished"


def test_a_body_may_take_long_as_long_as_it_goes_on(
    connection: Connection, function: Function, transport: Transport
) -> None:
    connection.data_received(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\n")
    for byte in b"12345678":
        check_after(STALLED - 1, connection, function)
        connection.data_received(bytes([byte]))
    assert transport.state == "open"

    check_after(STALLED + 1, connection, function)
    assert transport.sent.startswith(b"HTTP/1.1 408 ")


def test_a_client_that_takes_no_answer_is_cut_off(
    connection: Connection, function: Function, transport: Transport
) -> None:
    connection.pause_writing()

    check_after(STALLED + 1, connection, function)

    assert transport.state == "aborted"


def test_what_comes_after_the_last_answer_is_dropped(
    connection: Connection, function: Function, transport: Transport
) -> None:
    connection.finish_soon()
    connection.data_received(POST * 2)
    connection.respond(Answer(200, b""))
    connection.data_received(POST)

    assert b"Connection: close" in transport.sent
    assert (len(function.requests), transport.state) == (1, "finished")


def test_a_client_that_resets_the_connection_meanwhile_is_no_error(
    connection: Connection, function: Function, transport: Transport
) -> None:
    connection.finish_soon()
    connection.data_received(POST)
    transport.is_reset = True

    connection.respond(Answer(200, b""))

    assert transport.state == "aborted"
