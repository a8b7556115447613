"""Order, against a model that looks at everything there is."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubeless.api.delivery import Order
from kubeless.core.event import Event
from kubeless.delivery.job import Job
from kubeless.delivery.lanes import Lanes
from support.deliveries import make_event


def make_job(name: str, key: bytes | None = None, partition: int = 0) -> Job:
    return Job(make_event(name, key=key, partition=partition), lambda: None, 0.0)


def take_all(lanes: Lanes) -> list[str]:
    taken = []
    while (job := lanes.take()) is not None:
        taken.append(job.event.id)
    return taken


def test_partitions_are_parallel_and_each_is_in_order() -> None:
    lanes = Lanes("partition")
    jobs = {name: make_job(name, partition=int(name[0])) for name in ("1a", "1b", "2a", "2b")}
    for job in jobs.values():
        lanes.add(job)
    assert take_all(lanes) == ["1a", "2a"]
    lanes.finish(jobs["2a"])
    assert take_all(lanes) == ["2b"]


def test_the_same_key_in_two_partitions_is_two_lanes_and_no_key_is_none() -> None:
    lanes = Lanes("key")
    for job in (make_job("a", b"k"), make_job("b", b"k", 1), make_job("c"), make_job("d"), make_job("e", b"k")):
        lanes.add(job)
    assert take_all(lanes) == ["a", "b", "c", "d"]


def test_an_empty_key_is_a_key() -> None:
    lanes = Lanes("key")
    for name in "ab":
        lanes.add(make_job(name, b""))
    assert take_all(lanes) == ["a"]


def test_the_oldest_that_may_start_goes_first() -> None:
    lanes = Lanes("key")
    first = make_job("first", b"k")
    for job in (first, make_job("second", b"k"), make_job("third", b"other")):
        lanes.add(job)
    assert lanes.take() is first
    lanes.finish(first)
    assert take_all(lanes) == ["second", "third"]


@pytest.mark.parametrize("order", ["partition", "key"])
def test_a_lane_that_has_ended_leaves_nothing_behind(order: Order) -> None:
    lanes = Lanes(order)
    for number in range(10):
        lanes.add(make_job(str(number), b"%d" % number, number))
    while (job := lanes.take()) is not None:
        lanes.finish(job)
    assert not lanes._taken  # a key seen once must not be remembered for ever


_LANE: dict[Order, Callable[[Event], object]] = {
    "partition": lambda event: ("p", event.partition),
    "key": lambda event: id(event) if event.key is None else (event.partition, event.key),
    "none": id,
}


@dataclass
class Model:
    """What waits and what has started, and nothing else."""

    order: Order
    waiting: list[Job] = field(default_factory=list)
    started: list[Job] = field(default_factory=list)

    def startable(self) -> list[Job]:
        seen = {self.lane(job) for job in self.started}
        found = []
        for job in self.waiting:
            if self.lane(job) not in seen:
                found.append(job)
                seen.add(self.lane(job))
        return found

    def lane(self, job: Job) -> object:
        return _LANE[self.order](job.event)


_Step = tuple[Literal["add", "take", "finish", "remove", "reorder"], int, int]
_STEPS = st.lists(
    st.tuples(
        st.sampled_from(["add", "add", "add", "take", "take", "finish", "remove", "reorder"]),
        st.integers(0, 3),
        st.integers(0, 2),
    ),
    max_size=60,
)


@given(order=st.sampled_from(["partition", "key", "none"]), steps=_STEPS)
def test_lanes_do_what_the_model_does(order: Order, steps: list[_Step]) -> None:
    lanes, model = Lanes(order), Model(order)
    for number, (step, one, other) in enumerate(steps):
        _apply(step, lanes, model, make_job(str(number), b"%d" % one if one else None, other))
        assert len(lanes) == len(model.waiting)
        assert lanes.startable == len(model.startable())


def _apply(step: str, lanes: Lanes, model: Model, job: Job) -> None:
    if step == "add":
        lanes.add(job)
        model.waiting.append(job)
    elif step == "take":
        taken = lanes.take()
        assert taken is next(iter(model.startable()), None)
        if taken is not None:
            model.waiting.remove(taken)
            model.started.append(taken)
    elif step == "finish" and model.started:
        lanes.finish(model.started.pop(0))
    elif step == "remove":
        gone = [waiting for waiting in model.waiting if waiting.event.partition == job.event.partition]
        assert lanes.remove({job.event.partition}) == gone
        model.waiting = [waiting for waiting in model.waiting if waiting not in gone]
    elif step == "reorder":
        orders: dict[object, Order] = {0: "partition", 1: "key", 2: "none"}
        model.order = orders[job.event.partition]
        lanes.reorder(model.order, model.started)
