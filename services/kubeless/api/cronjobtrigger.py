"""CronJobTrigger: call a function at set times."""

from dataclasses import dataclass
from typing import Any, Literal

from pydantic import Field, model_validator

from kubeless.api.delivery import CronDelivery
from kubeless.api.metadata import Metadata
from kubeless.api.model import Model, parse_spec
from kubeless.api.selector import LabelSelector
from kubeless.api.target import FUNCTION_NAME, check_one_target
from kubeless.core.jsontypes import JsonObject

KIND = "CronJobTrigger"


class CronJobTriggerSpec(Model):
    """When to call what."""

    schedule: str = Field(
        min_length=1,
        max_length=256,
        description="Five cron fields (a sixth in front counts seconds), a word such as @hourly, or @every 10s.",
    )
    function_name: str = FUNCTION_NAME
    function_selector: LabelSelector | None = Field(
        default=None, description="Functions of the same namespace by label, instead of function-name; each is called."
    )
    payload: Any = Field(default=None, description="JSON body of the call. Without one the call is a GET.")
    time_zone: str = Field(
        default="", max_length=64, description="IANA name, such as Europe/Berlin. Default: that of the service, UTC."
    )
    concurrency_policy: Literal["Allow", "Forbid", "Replace"] = Field(
        default="Allow", description="What to do when the call before is still running. Default Allow."
    )
    starting_deadline_seconds: float | None = Field(
        default=None, ge=0, description="Seconds after which a call that could not start in time is skipped."
    )
    catch_up: Literal["skip", "last", "all"] = Field(
        default="skip",
        description="What to do with times that passed while nothing was running: skip them, call for the last one, or "
        "for all. Default skip.",
    )
    delivery: CronDelivery = Field(default_factory=CronDelivery, description="Attempts and failed calls.")
    suspend: bool = Field(default=False, description="Start no calls; those in flight are finished.")

    @model_validator(mode="after")
    def _check(self) -> "CronJobTriggerSpec":
        check_one_target(self.function_name, self.function_selector)
        return self


@dataclass(frozen=True, slots=True)
class CronJobTrigger:
    """A CronJobTrigger object."""

    metadata: Metadata
    spec: CronJobTriggerSpec


def parse_cronjob_trigger(obj: JsonObject) -> CronJobTrigger:
    """
    Read a CronJobTrigger object.

    The schedule's text is not judged here: its grammar belongs to the scheduler. Raises InvalidObject that lists every
    field which cannot be used.
    """
    return CronJobTrigger(Metadata.parse(obj), parse_spec(CronJobTriggerSpec, obj, kind=KIND))
