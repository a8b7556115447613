from collections import Counter
from itertools import product
from random import Random

import pytest

from kubeless.routing.choose import pick
from kubeless.routing.endpoints import Endpoint

A, B, C = (Endpoint(f"10.0.0.{number}", 8080) for number in (1, 2, 3))


def test_the_less_busy_of_the_two_drawn_is_picked() -> None:
    for first, second in product((0.0, 0.5), repeat=2):
        numbers = iter((first, second))
        assert pick([A, B], {A: 1}, draw=lambda: next(numbers)) == B  # noqa: B023 # called at once


def test_the_busiest_of_all_is_never_picked() -> None:
    draw = Random(1).random  # the same numbers in every run
    assert A not in {pick([A, B, C], {A: 3, B: 2}, draw=draw) for _ in range(100)}


def test_equally_busy_endpoints_get_equal_shares() -> None:
    draw = Random(1).random  # the same numbers in every run
    shares = Counter(pick([A, B, C], {}, draw=draw) for _ in range(3000))
    assert all(900 < shares[endpoint] < 1100 for endpoint in (A, B, C))


def test_a_single_endpoint_is_picked_however_busy() -> None:
    assert pick([A], {A: 1000}) == A


def test_picking_from_nothing_is_an_error_of_the_caller() -> None:
    with pytest.raises(IndexError):
        pick([], {})
