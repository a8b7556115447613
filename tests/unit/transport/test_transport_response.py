"""Backpressure and ends of a response, without a socket."""

import pytest

from kubeless.delivery.transport.errors import ConnectionLost, ResponseClosed, ResponseTooLarge
from kubeless.delivery.transport.response import Response


class Endpoint:
    """Notes what the response asks of its connection."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def pause(self) -> None:
        self.asked.append("pause")

    def resume(self) -> None:
        self.asked.append("resume")

    def abandon(self) -> None:
        self.asked.append("abandon")


def make_response(high: int = 10) -> tuple[Response, Endpoint]:
    endpoint = Endpoint()
    return Response(endpoint, high), endpoint


async def test_reading_stops_while_nobody_takes_what_has_arrived() -> None:
    response, endpoint = make_response(high=10)
    response.arrived(b"x" * 10)
    assert endpoint.asked == []
    response.arrived(b"y")
    response.arrived(b"z")
    assert endpoint.asked == ["pause"]
    assert await anext(response) == b"x" * 10 + b"yz"
    assert endpoint.asked == ["pause", "resume"]


async def test_what_arrived_before_the_failure_can_still_be_read() -> None:
    response, _ = make_response()
    response.arrived(b"half")
    response.failed(ConnectionLost("gone"))
    assert await anext(response) == b"half"
    with pytest.raises(ConnectionLost, match="gone"):
        await anext(response)


async def test_a_body_above_the_limit_is_refused_and_its_connection_ended() -> None:
    response, endpoint = make_response()
    response.arrived(b"12345")
    with pytest.raises(ResponseTooLarge, match="4 bytes"):
        await response.read(limit=4)
    assert endpoint.asked == ["abandon"]


async def test_closing_early_ends_the_connection_and_closing_late_does_not() -> None:
    early, endpoint = make_response()
    early.close()
    early.close()
    assert endpoint.asked == ["abandon"]
    with pytest.raises(ResponseClosed):
        await early.read()
    late, other = make_response()
    late.finished()
    late.close()
    assert other.asked == []
