"""NATS through the front door: core subjects, requests, streams and dead letters."""

import json

from support.localplatform import LocalPlatform, deploy, eventually, logs

PRINT = "def run(event, context):\n    print('got', event['data'].decode())\n    return 'answer'\n"
FAIL = "def run(event, context):\n    raise RuntimeError('broken')\n"


def trigger(platform: LocalPlatform, name: str, subject: str, *more: str) -> None:
    """Create a NATS trigger for the function of the same name, and wait until it is ready."""
    selector = f"created-by=kubeless,function={name}"
    arguments = ("--function-selector", selector, "--trigger-topic", subject, *more)
    platform.kubeless("trigger", "nats", "create", name, *arguments)
    eventually(lambda: "Ready" in conditions(platform, name, "True"))


def conditions(platform: LocalPlatform, name: str, status: str) -> list[str]:
    """The types of the conditions with this status."""
    shown = json.loads(platform.kubectl("get", "natstrigger", name, "-o", "json").stdout)
    found = shown.get("status", {}).get("conditions", [])
    return [condition["type"] for condition in found if condition["status"] == status]


def publish(platform: LocalPlatform, subject: str, message: str, *more: str) -> str:
    """Publish one message; what the command prints."""
    return platform.kubeless("trigger", "nats", "publish", "--subject", subject, "--message", message, *more).stdout


def test_a_message_reaches_the_function_and_a_request_is_answered(platform: LocalPlatform) -> None:
    deploy(platform, "listener", PRINT)
    trigger(platform, "listener", "talk.>")
    publish(platform, "talk.small", "Hello NATS!")
    eventually(lambda: "got Hello NATS!" in logs(platform, "listener"))
    assert publish(platform, "talk.small", "anyone?", "--request").strip() == "answer"


def test_a_stream_keeps_what_comes_while_the_trigger_is_suspended(platform: LocalPlatform) -> None:
    deploy(platform, "keeper", PRINT)
    platform.kubeless("stream", "create", "KEEP", "--subject", "keep.>")
    trigger(platform, "keeper", "keep.>", "--stream", "KEEP")
    platform.kubeless("trigger", "nats", "suspend", "keeper")
    eventually(lambda: "Suspended" in conditions(platform, "keeper", "True"))
    publish(platform, "keep.this", "precious", "--jetstream")
    platform.kubeless("trigger", "nats", "resume", "keeper")
    eventually(lambda: "got precious" in logs(platform, "keeper"))
    assert "KEEP" in platform.kubeless("stream", "list").stdout


def test_a_message_that_fails_is_a_dead_letter_that_can_be_redriven(platform: LocalPlatform) -> None:
    deploy(platform, "shaky", FAIL)
    platform.kubeless("stream", "create", "SHAKY", "--subject", "shaky.>")
    trigger(platform, "shaky", "shaky.>", "--stream", "SHAKY", "--max-attempts", "1")
    publish(platform, "shaky.one", "second chance", "--jetstream")
    eventually(lambda: "SHAKY/1" in platform.kubeless("deadletter", "list").stdout)

    deploy(platform, "shaky", PRINT, verb="update")
    platform.kubeless("deadletter", "redrive", "shaky", "--all")
    eventually(lambda: "got second chance" in logs(platform, "shaky"))
    eventually(lambda: "SHAKY/1" not in platform.kubeless("deadletter", "list").stdout)


def test_a_subject_that_cannot_be_is_refused_and_nothing_is_made(platform: LocalPlatform) -> None:
    arguments = ("--function-selector", "a=b", "--trigger-topic", "a b")
    refused = platform.kubeless("trigger", "nats", "create", "odd", *arguments, check=False)
    assert refused.returncode != 0
    assert "white space" in refused.stderr
    assert platform.kubectl("get", "natstrigger", "odd", check=False).returncode != 0
