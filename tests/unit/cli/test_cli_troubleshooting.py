"""The page of troubleshooting: every reason that a service can write, and every cause that `explain` can tell."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[3]
PAGE = ROOT / "docs" / "troubleshooting.md"
SERVICES = ROOT / "services" / "kubeless"
ROOMS = ("controller", "gateway", "kafka_consumer", "nats_subscriber", "cron_scheduler", "delivery/sources")

REASON = re.compile(r"[A-Z][a-z]+(?:[A-Z]+[a-z]+)*")

REASON_ARGUMENT = {"Condition": 2, "Problem": 0, "State": 0, "Trouble": 0, "say": 0, "_say": 0, "ready": 1, "wrong": 1}
"""By the name of what is called: which argument is a reason."""

REASON_NAMES = {"REMEDIES", "_REMEDIES", "_STEP_REASONS", "_IMAGE_REASONS", "_PASSING", "_OF_FUNCTIONS"}
"""Constants that hold reasons."""


def reasons(tree: ast.AST) -> Iterator[str]:
    """The reasons that a module spells out."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            place = REASON_ARGUMENT.get(name)
            if place is not None and len(node.args) > place:
                yield from words(node.args[place])
        elif isinstance(node, ast.Assign | ast.AnnAssign) and node.value is not None:
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            if any(getattr(target, "id", "") in REASON_NAMES | {"reason"} for target in targets):
                yield from words(node.value)
        elif isinstance(node, ast.Return) and isinstance(node.value, ast.Tuple) and node.value.elts:
            yield from words(node.value.elts[0])


def words(node: ast.AST) -> Iterator[str]:
    """What looks like a reason below a node; the values of a mapping from reasons are texts, not reasons."""
    for each in ast.walk(node):
        if isinstance(each, ast.Constant) and isinstance(each.value, str) and REASON.fullmatch(each.value):
            yield each.value


def found(*folders: str) -> set[str]:
    paths = (path for folder in folders for path in (SERVICES / folder).rglob("*.py"))
    return {reason for path in paths for reason in reasons(ast.parse(path.read_text()))}


def test_every_reason_that_a_service_can_write_is_explained() -> None:
    written = found(*ROOMS)
    assert {"Progressing", "TopicNotFound", "RouteConflict", "InvalidSchedule", "SubjectNotInStream"} <= written
    missing = sorted(reason for reason in written if f"`{reason}`" not in PAGE.read_text())
    assert not missing, f"docs/troubleshooting.md says nothing of {', '.join(missing)}"


def test_every_cause_that_explain_tells_is_explained() -> None:
    told = found("cli/explain")
    assert {"UnknownRuntime", "NoEndpoints", "BrokerAway", "WrongSelector"} <= told
    missing = sorted(reason for reason in told if f"`{reason}`" not in PAGE.read_text())
    assert not missing, f"docs/troubleshooting.md says nothing of {', '.join(missing)}"
