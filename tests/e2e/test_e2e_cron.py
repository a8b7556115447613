"""Schedules through the front door."""

import json
from typing import Any

from support.localplatform import LocalPlatform, deploy, eventually, logs

PRINT = "def run(event, context):\n    print('at', event['event-id'], 'with', event['data'])\n"


def status(platform: LocalPlatform, name: str) -> dict[str, Any]:
    """The trigger's status."""
    shown: dict[str, dict[str, Any]] = json.loads(platform.kubectl("get", "cronjobtrigger", name, "-o", "json").stdout)
    return shown.get("status", {})


def test_a_function_with_a_schedule_is_called_and_the_status_says_when(platform: LocalPlatform) -> None:
    deploy(platform, "clock", PRINT, "--schedule", "* * * * * *")
    eventually(lambda: logs(platform, "clock").count("at clock/") >= 2)
    eventually(lambda: status(platform, "clock").get("lastScheduleTime"))
    assert "clock" in platform.kubeless("trigger", "cronjob", "list").stdout


def test_a_payload_is_delivered_by_hand_and_a_suspended_trigger_is_silent(platform: LocalPlatform) -> None:
    deploy(platform, "yearly", PRINT)
    payload = platform.folder / "payload.yaml"
    payload.write_text("amount: 5\n")
    arguments = ("--function", "yearly", "--schedule", "@yearly", "--payload-from-file", str(payload))
    platform.kubeless("trigger", "cronjob", "create", "yearly", *arguments)
    platform.kubeless("trigger", "cronjob", "fire", "yearly")
    eventually(lambda: "with {'amount': 5}" in logs(platform, "yearly"))
    platform.kubeless("trigger", "cronjob", "suspend", "yearly")
    shown = platform.kubeless("trigger", "cronjob", "status", "yearly").stdout
    assert "Suspended" in shown
    platform.kubeless("trigger", "cronjob", "delete", "yearly")
    assert platform.kubectl("get", "cronjobtrigger", "yearly", check=False).returncode != 0


def test_a_time_that_never_comes_is_refused_with_the_reason(platform: LocalPlatform) -> None:
    deploy(platform, "never", PRINT)
    arguments = ("--function", "never", "--schedule", "0 0 30 2 *")
    refused = platform.kubeless("trigger", "cronjob", "create", "never", *arguments, check=False)
    assert refused.returncode != 0
    assert "never" in refused.stderr
    assert platform.kubectl("get", "cronjobtrigger", "never", check=False).returncode != 0
