"""
What the JetStream consumer of a pair should be like: decided from what is wanted and what there is, without I/O.

A consumer of ours carries a mark and is made as it should be. One that somebody else made is adopted as it is, but for
the one thing that would lose messages: a bound on deliveries, after which the server gives up a message silently.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from kubeless.api.delivery import Order
from kubeless.api.natssubject import covers, overlap
from kubeless.core.jsontypes import JsonObject
from kubeless.nats_subscriber.intake import Trouble

MARK = "kubeless.io/trigger"
"""The metadata that tells our consumers from others: `<namespace>/<trigger>/<function>`."""

GROUP = "kubeless"
"""The priority group that keeps order over replicas: one of them gets the messages, the others stand by."""

_NANOSECONDS = 10**9


@dataclass(frozen=True, slots=True)
class ConsumerPlan:
    """What is wanted of a consumer. Durations are seconds."""

    stream: str
    name: str
    topic: str
    owner: str
    """What the mark says."""
    order: Order
    concurrency: int
    since: float
    """Seconds since the epoch: where a new consumer begins."""
    ack_wait: float
    expiry: float
    pinned: bool
    """Whether the server can keep order over replicas (2.11 and later)."""


def check_stream(info: JsonObject | None, plan: ConsumerPlan) -> None:
    """Raises Trouble if messages of the topic can never come out of the stream."""
    if info is None:
        raise Trouble("StreamNotFound", f"stream {plan.stream} does not exist; create it, or correct spec.stream")
    config = info.get("config") or {}
    subjects = config.get("subjects") or []
    if config.get("mirror") or config.get("sources") or config.get("subject_transform"):
        return  # What it holds has other subjects than those it listens to.
    if not any(overlap(subject, plan.topic) for subject in subjects):
        raise Trouble(
            "SubjectNotInStream",
            f"stream {plan.stream} holds {', '.join(subjects)[:512] or 'no subjects'}, so nothing of {plan.topic} ever"
            " comes out of it; add the subject to the stream, or correct spec.topic",
        )


def wanted_config(
    found: JsonObject | None, plan: ConsumerPlan, *, resume: int | None, subjects: Sequence[str] = ()
) -> JsonObject | None:
    """
    The configuration to send; None: what there is will do.

    `found` is the configuration there is, `resume` the sequence at which a consumer that has gone is to go on,
    `subjects` those of the stream. Raises Trouble for a consumer of somebody else that cannot be used.
    """
    if found is None:
        return new_config(plan, resume=resume)
    if (found.get("metadata") or {}).get(MARK) != plan.owner:
        return adopt(found, plan, subjects=subjects)
    wished = _changeable(plan)
    if all((found.get(name) or None) == (value or None) for name, value in wished.items()):
        return None
    return _given({**found, **wished, "filter_subjects": None})


def new_config(plan: ConsumerPlan, *, resume: int | None) -> JsonObject:
    """A consumer of ours."""
    start: dict[str, Any]
    if resume is not None:
        start = {"deliver_policy": "by_start_sequence", "opt_start_seq": resume}
    else:
        moment = datetime.fromtimestamp(plan.since, UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
        start = {"deliver_policy": "by_start_time", "opt_start_time": moment}
    return _given(
        {
            "name": plan.name,
            "durable_name": plan.name,
            "description": f"Kubeless trigger {plan.owner}",
            "ack_policy": "explicit",
            "replay_policy": "instant",
            "metadata": {MARK: plan.owner},
            **start,
            **_changeable(plan),
        }
    )


def adopt(found: JsonObject, plan: ConsumerPlan, *, subjects: Sequence[str] = ()) -> JsonObject | None:
    """Use a consumer that somebody else made."""
    name = f"consumer {plan.name} of stream {plan.stream}"
    if found.get("deliver_subject"):
        raise Trouble("ConsumerUnusable", f"{name} is a push consumer; name another one in spec.durable")
    if found.get("ack_policy") != "explicit":
        raise Trouble(
            "ConsumerUnusable",
            f"{name} has the ack policy {found.get('ack_policy')}, which loses events; make it with explicit",
        )
    owner = (found.get("metadata") or {}).get(MARK)
    if owner:
        raise Trouble("ConsumerTaken", f"{name} belongs to the trigger and function {owner}; change spec.durable")
    single = found.get("filter_subject")
    # Without a filter it delivers all that the stream holds.
    filters = found.get("filter_subjects") or ([single] if single else list(subjects) or [">"])
    if not all(covers(plan.topic, subject) for subject in filters):
        raise Trouble(
            "SubjectMismatch",
            f"{name} delivers {', '.join(filters)[:512]}, which is not all of {plan.topic}; make them the same",
        )
    if int(found.get("max_deliver") or -1) > 0:
        return {**found, "max_deliver": -1}
    return None


def ack_wait(config: JsonObject) -> float:
    """Seconds that a message may be worked on without a word."""
    waits = [value for value in (config.get("backoff") or [config.get("ack_wait")]) if value]
    return min(waits) / _NANOSECONDS if waits else 30.0


def _changeable(plan: ConsumerPlan) -> dict[str, Any]:
    """What may change in a consumer that there is."""
    return {
        "ack_wait": int(plan.ack_wait * _NANOSECONDS),
        "max_deliver": -1,
        "filter_subject": plan.topic,
        "max_ack_pending": max(1000, 8 * plan.concurrency),
        "inactive_threshold": int(plan.expiry * _NANOSECONDS),
        **_priority(plan),
    }


def _priority(plan: ConsumerPlan) -> dict[str, Any]:
    """Who gets messages: one replica where order is to hold, else all."""
    if not plan.pinned or plan.order == "none":
        return dict.fromkeys(("priority_groups", "priority_policy", "priority_timeout"))
    # The server's answer to a replica that died: its pin is free again after as long as its messages.
    timeout = int(plan.ack_wait * _NANOSECONDS)
    return {"priority_groups": [GROUP], "priority_policy": "pinned_client", "priority_timeout": timeout}


def _given(config: JsonObject) -> JsonObject:
    """Without what is None: servers that know nothing of a field get none."""
    return {name: value for name, value in config.items() if value is not None}
