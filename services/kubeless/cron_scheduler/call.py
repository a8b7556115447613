"""A call of a function as an event: what Kubeless has always said in it."""

from datetime import UTC, datetime
from typing import Any

import orjson

from kubeless.core.event import JSON, Event

SOURCE = "cronjobtrigger.kubeless.io"


def call_event(trigger: str, payload: Any, moment: float, *, suffix: str = "") -> Event:
    """
    The event of a trigger's time: a GET, or a POST of the payload.

    Its id is the same whoever makes it, whenever: a function that keeps ids takes no time of a schedule twice.
    """
    when = datetime.fromtimestamp(moment, UTC)
    precision = "seconds" if moment == int(moment) else "microseconds"
    return Event(
        id=f"{trigger}/{when.isoformat(timespec=precision).replace('+00:00', 'Z')}{suffix}",
        type=JSON,
        time=moment,
        source=SOURCE,
        topic="",
        data=b"" if payload is None else orjson.dumps(payload),
        method="GET" if payload is None else "POST",
        time_text=f"{when:%Y-%m-%d %H:%M:%S}+00:00",
    )
