"""Kafka through the front door: the commands of the original documentation, and dead letters."""

from support.localplatform import LocalPlatform, deploy, eventually, logs

PRINT = "def run(event, context):\n    print('got', event['data'].decode())\n    return event['data']\n"
FAIL = "def run(event, context):\n    raise RuntimeError('broken')\n"


def trigger(platform: LocalPlatform, name: str, selector: str, topic: str) -> None:
    """Create a Kafka trigger."""
    platform.kubeless("trigger", "kafka", "create", name, "--function-selector", selector, "--trigger-topic", topic)


def publish(platform: LocalPlatform, topic: str, data: str) -> None:
    """Publish one record."""
    platform.kubeless("topic", "publish", "--topic", topic, "--data", data)


def test_a_record_reaches_every_function_that_the_trigger_selects(platform: LocalPlatform) -> None:
    deploy(platform, "first", PRINT, "--label", "audience=greeters")
    trigger(platform, "hello", "created-by=kubeless,audience=greeters", "hello-topic")
    assert platform.kubeless("topic", "create", "hello-topic").stdout == 'Created topic "hello-topic".\n'
    publish(platform, "hello-topic", "Hello Kafka!")
    eventually(lambda: "got Hello Kafka!" in logs(platform, "first"))

    deploy(platform, "second", PRINT, "--label", "audience=greeters")
    publish(platform, "hello-topic", "for both")
    eventually(lambda: "got for both" in logs(platform, "first") and "got for both" in logs(platform, "second"))
    assert logs(platform, "first").count("got for both") == 1


def test_a_refused_event_is_a_dead_letter_that_can_be_redriven(platform: LocalPlatform) -> None:
    deploy(platform, "fragile", FAIL)
    platform.kubectl("apply", "-f", "-", stdin=FRAGILE)
    platform.kubeless("topic", "create", "fragile-topic")
    publish(platform, "fragile-topic", "precious")
    eventually(lambda: "fragile-topic/0/0" in platform.kubeless("deadletter", "list").stdout)

    deploy(platform, "fragile", PRINT, verb="update")
    platform.kubeless("deadletter", "redrive", "fragile", "--all")
    eventually(lambda: "got precious" in logs(platform, "fragile"))
    eventually(lambda: "fragile-topic/0/0" not in platform.kubeless("deadletter", "list").stdout)


def test_a_suspended_trigger_takes_nothing_in_until_it_is_resumed(platform: LocalPlatform) -> None:
    deploy(platform, "sleeper", PRINT)
    platform.kubeless("topic", "create", "night")
    trigger(platform, "night", "function=sleeper", "night")
    platform.kubeless("trigger", "kafka", "suspend", "night")
    eventually(lambda: "Suspended:" in platform.kubeless("trigger", "kafka", "status", "night").stdout)
    publish(platform, "night", "while asleep")
    platform.kubeless("trigger", "kafka", "resume", "night")
    eventually(lambda: "got while asleep" in logs(platform, "sleeper"))


FRAGILE = """
apiVersion: kubeless.io/v1beta1
kind: KafkaTrigger
metadata: {name: fragile, labels: {created-by: kubeless}}
spec:
  topic: fragile-topic
  functionSelector: {matchLabels: {function: fragile}}
  delivery: {retry: {maxAttempts: 2, initialDelay: 0.05}}
"""
