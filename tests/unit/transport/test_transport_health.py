"""Endpoints that take no connections are left alone, longer each time, and never all of them."""

from kubeless.delivery.transport.errors import ConnectFailed, ReadTimeout
from kubeless.delivery.transport.health import LONGEST, Health
from kubeless.routing.endpoints import Endpoint

A, B = Endpoint("10.0.0.1", 80), Endpoint("10.0.0.2", 80)


def test_a_failed_connection_shuns_and_a_made_one_forgives() -> None:
    health = Health()
    health.failed(A, ConnectFailed(), 10.0)
    assert list(health.choose_from((A, B), 10.1)) == [B]
    health.worked(A)
    assert not health
    assert list(health.choose_from((A, B), 10.1)) == [A, B]


def test_the_pause_doubles_up_to_a_bound_and_failures_of_one_moment_count_once() -> None:
    health, now, pauses = Health(), 0.0, []
    for _ in range(8):
        health.failed(A, ConnectFailed(), now)
        health.failed(A, ConnectFailed(), now)
        began = now
        while health.shunned(now):
            now += 0.125
        pauses.append(now - began)
    assert pauses == [0.5, 1, 2, 4, 8, LONGEST, LONGEST, LONGEST]


def test_when_all_are_shunned_all_are_tried() -> None:
    health = Health()
    for endpoint in (A, B):
        health.failed(endpoint, ConnectFailed(), 0.0)
    assert list(health.choose_from((A, B), 0.1)) == [A, B]


def test_a_slow_function_is_no_dead_pod() -> None:
    health = Health()
    health.failed(A, ReadTimeout(), 0.0)
    assert not health


def test_what_is_long_over_is_forgotten() -> None:
    health = Health()
    health.failed(A, ConnectFailed(), 0.0)
    health.forget(5.0)
    assert health
    health.forget(LONGEST + 1)
    assert not health
