"""A request is repeated only where no function can act twice."""

import pytest

from kubeless.delivery.transport.errors import (
    BadResponse,
    ConnectFailed,
    ConnectionLost,
    ConnectTimeout,
    PoolExhausted,
    ReadTimeout,
    TotalTimeout,
    TransportError,
)
from kubeless.delivery.transport.request import Request
from kubeless.delivery.transport.retry import next_endpoints
from kubeless.routing.endpoints import Endpoint

A, B, C = (Endpoint(f"10.0.0.{number}", 8080) for number in (1, 2, 3))
POST, PUT = Request("POST", b"/", body=b"x"), Request("PUT", b"/", body=b"x")


@pytest.mark.parametrize("error", [ConnectFailed(), ConnectTimeout(), PoolExhausted(), ConnectionLost(unsent=True)])
def test_what_was_not_sent_may_go_to_any_endpoint_not_tried(error: TransportError) -> None:
    assert next_endpoints(error, POST, failed=A, endpoints=(A, B, C), tried=[A]) == [B, C]
    assert next_endpoints(error, POST, failed=B, endpoints=(A, B), tried=[A, B]) == ()


@pytest.mark.parametrize(
    "error", [ReadTimeout(), TotalTimeout(), BadResponse(), ConnectionLost(), ConnectionLost(stale=False)]
)
def test_what_an_endpoint_may_have_acted_on_is_not_repeated(error: TransportError) -> None:
    assert next_endpoints(error, PUT, failed=A, endpoints=(A, B), tried=[A]) == ()


def test_the_keep_alive_race_is_repaired_for_idempotent_requests_only() -> None:
    stale = ConnectionLost(stale=True)
    assert next_endpoints(stale, PUT, failed=A, endpoints=(A, B), tried=[A]) == [B]
    assert next_endpoints(stale, PUT, failed=A, endpoints=(A,), tried=[A]) == (A,)
    assert next_endpoints(stale, POST, failed=A, endpoints=(A, B), tried=[A]) == ()


def test_a_connection_closed_before_we_wrote_is_replaced_for_every_request() -> None:
    closed = ConnectionLost(stale=True, unsent=True)
    assert next_endpoints(closed, POST, failed=A, endpoints=(A,), tried=[A]) == (A,)
