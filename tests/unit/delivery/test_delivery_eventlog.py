"""One line per event: whose, and how it ended."""

import json
import logging
from collections.abc import Iterator

import pytest

from kubeless.core.jsontypes import JsonObject
from kubeless.delivery.eventlog import EventLog
from kubeless.delivery.outcome import Answer, Fate
from kubeless.delivery.policy import DeliveryPolicy
from kubeless.delivery.telemetry import Telemetry
from support.deliveries import FAILED, Engine, Letters

FAILURES = (Fate.REFUSED, Fate.DEAD_LETTERED, Fate.DROPPED)


@pytest.fixture(autouse=True)
def _level() -> Iterator[None]:
    root = logging.getLogger()
    before = root.level
    root.setLevel(logging.INFO)
    yield
    root.setLevel(before)


@pytest.mark.parametrize(
    ("enabled", "sample", "drawn", "wanted"),
    [
        (True, 1.0, 0.99, True),
        (True, 0.1, 0.05, True),
        (True, 0.1, 0.5, False),
        (True, 0.0, 0.0, False),
        (False, 1.0, 0.0, False),
    ],
)
def test_a_share_of_what_went_well_is_told_and_all_that_did_not(
    enabled: bool, sample: float, drawn: float, wanted: bool
) -> None:
    log = EventLog(enabled=enabled, sample=sample, draw=lambda: drawn)
    assert log.wants(Fate.DELIVERED) is wanted
    assert all(log.wants(fate) for fate in FAILURES)


@pytest.mark.parametrize(("level", "told"), [(logging.WARNING, FAILURES), (logging.ERROR, ())])
def test_the_level_of_the_log_counts(level: int, told: tuple[Fate, ...]) -> None:
    logging.getLogger().setLevel(level)
    log = EventLog(enabled=True, sample=1.0)
    assert tuple(fate for fate in Fate if fate is not Fate.RELEASED and log.wants(fate)) == told


async def test_a_line_names_event_trigger_and_function_and_tells_how_it_went() -> None:
    texts: list[str] = []
    log = EventLog(enabled=True, sample=1.0, write=texts.append)
    engine = Engine(
        DeliveryPolicy(timeout=1.0, max_attempts=2, initial_delay=0.0), letters=Letters(), telemetry=Telemetry(log)
    )
    engine.function.takes = 0.0
    engine.function.default = Answer(204)
    async with engine.deliverer:
        engine.offer("good")
        await engine.ledger.wait(1)
        engine.function.default = FAILED
        engine.offer("bad")
        await engine.ledger.wait(2)
    log.close()
    good, bad = (json.loads(line) for text in texts for line in text.splitlines())
    assert _known(good) == {
        "message": "event delivered",
        "event_id": "good",
        "trigger": "KafkaTrigger/shop/orders",
        "function": "shop/bill",
        "outcome": "delivered",
        "status": 204,
        "attempts": 1,
        "level": "info",
        "logger": "kubeless.delivery.eventlog",
    }
    assert (bad["message"], bad["level"], bad["outcome"]) == ("event became a dead letter", "warning", "dead_lettered")
    assert (bad["attempts"], bad["status"], bad["error"]) == (2, 500, "status 500")
    assert good["took"] >= 0


def _known(line: JsonObject) -> JsonObject:
    return {name: value for name, value in line.items() if name not in ("took", "timestamp")}
