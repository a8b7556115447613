"""What the scheduler keeps of a CronJobTrigger, whatever somebody wrote into it."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import lru_cache

import orjson

from kubeless.api.cronjobtrigger import CronJobTriggerSpec, parse_cronjob_trigger
from kubeless.api.delivery import CronDelivery
from kubeless.core.errors import InvalidInput
from kubeless.core.jsontypes import JsonObject
from kubeless.delivery.sources.record import TriggerRecord, reader
from kubeless.schedules.schedule import Schedule

FINALIZER = "kubeless.io/cronjobtrigger"
"""Put on every trigger by the Go controller, which waited for its CronJob to be deleted."""


@dataclass(frozen=True, slots=True)
class CronTrigger:
    """A trigger, and when it is due."""

    record: TriggerRecord[CronJobTriggerSpec]
    schedule: Schedule | None
    """None: it cannot be understood, or the spec cannot."""
    problem: str
    """Why; empty if nothing is wrong."""
    packed_status: bytes
    """As text: a fifth of the memory, and it is looked at rarely."""

    @property
    def status(self) -> JsonObject:
        """The status that was read last; whoever asks may change it."""
        status: JsonObject = orjson.loads(self.packed_status)
        return status

    @property
    def active(self) -> CronJobTriggerSpec | None:
        """The spec of a trigger that is called at its times now."""
        return self.record.active if self.schedule is not None else None


def trigger_reader(default_zone: str = "") -> Callable[[JsonObject], CronTrigger]:
    """The informer's transform, which never fails. `default_zone` is for triggers that name none."""
    read = reader(parse_cronjob_trigger)

    def understand(obj: JsonObject) -> CronTrigger:
        found = read(obj)
        record, status = replace(found, spec=_slim(found.spec), status={}), _pack(found.status)
        if record.spec is None:
            return CronTrigger(record, None, record.problem, status)
        zone = record.spec.time_zone
        try:
            return CronTrigger(record, _schedule(record.spec.schedule, zone, default_zone, record.created), "", status)
        except InvalidInput as error:
            return CronTrigger(record, None, str(error), status)

    return understand


def _pack(status: JsonObject) -> bytes:
    # A copy, because what orjson returns keeps the room that it grew into: up to five times as much.
    return bytes(memoryview(orjson.dumps(status)))


def _slim(spec: CronJobTriggerSpec | None) -> CronJobTriggerSpec | None:
    """The same, with rules of delivery that are shared by all who have equal ones, which is nearly everybody."""
    return None if spec is None else spec.model_copy(update={"delivery": _shared(spec.delivery)})


@lru_cache(256)
def _shared(delivery: CronDelivery) -> CronDelivery:
    return delivery


def _schedule(text: str, zone: str, default_zone: str, anchor: float) -> Schedule:
    named_in_text = text.lstrip().startswith(("TZ=", "CRON_TZ="))
    return Schedule.parse(text, zone or ("" if named_in_text else default_zone), anchor=anchor)
