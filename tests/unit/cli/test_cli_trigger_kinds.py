"""What the commands of all kinds of triggers have in common."""

import click
import pytest

from kubeless.cli.main import root
from kubeless.cli.trigger.kind import CRONJOB, HTTP, KAFKA, NATS, TriggerKind

VERBS = {"create", "list", "update", "delete", "suspend", "resume", "status"}


def find(*words: str) -> click.Command:
    command: click.Command = root
    for word in words:
        assert isinstance(command, click.Group)
        found = command.get_command(click.Context(command), word)
        assert found is not None, words
        command = found
    return command


@pytest.mark.parametrize("kind", ["cronjob", "http", "kafka", "nats"])
def test_every_kind_has_the_same_verbs_with_the_same_flags(kind: str) -> None:
    group = find("trigger", kind)
    assert isinstance(group, click.Group)
    assert set(group.list_commands(click.Context(group))) >= VERBS
    for verb in VERBS:
        flags = {flag for parameter in find("trigger", kind, verb).params for flag in parameter.opts}
        assert flags >= {"--namespace"} | ({"--dryrun", "--output"} if verb in ("create", "update") else set())
    created, updated = ({each.name for each in find("trigger", kind, verb).params} for verb in ("create", "update"))
    assert created == updated


@pytest.mark.parametrize(
    ("kind", "verb", "text"),
    [
        (HTTP, "create", "Failed to deploy HTTP trigger t in namespace n. Error: no"),
        (HTTP, "delete", "Failed to delete HTTP trigger object t in namespace n. Error: no"),
        (CRONJOB, "create", "Failed to create cronjob trigger object t in namespace n. Error: no"),
        (KAFKA, "update", "Failed to update Kafka trigger object t in namespace n. Error: no"),
        (NATS, "create", "Failed to create NATS trigger object t in namespace n. Error: no"),
    ],
)
def test_failures_are_told_in_the_words_of_old(kind: TriggerKind, verb: str, text: str) -> None:
    assert kind.failure(verb, "t", "n", ValueError("no")) == text
