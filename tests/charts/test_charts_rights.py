"""The page on rights says what the chart grants."""

from pathlib import Path
from typing import NamedTuple

import pytest

from support.charts import SERVICES, Document, pick, render

PAGE = Path(__file__).parents[2] / "docs" / "rights.md"


class Right(NamedTuple):
    """One row of the page, but for the reason."""

    component: str
    where: str
    group: str
    resources: str
    names: str
    verbs: str


def granted(values: Document | None = None) -> list[Right]:
    """What the chart grants, service by service."""
    documents = render(values)
    return [
        _right(service.component, where, rule)
        for service in SERVICES
        for where, kind, name in (("functions", "ClusterRole", service.name), ("own", "Role", f"{service.name}-own"))
        for rule in pick(documents, kind, name)["rules"]
    ]


def _right(component: str, where: str, rule: Document) -> Right:
    (group,) = rule["apiGroups"]
    return Right(
        component,
        where,
        group or "core",
        ", ".join(rule["resources"]),
        ", ".join(rule.get("resourceNames", ())),
        " ".join(rule["verbs"]),
    )


def rows() -> list[list[str]]:
    """The cells of the page's table."""
    lines = [line for line in PAGE.read_text().splitlines() if line.startswith("| ")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[1:]]


def written() -> list[Right]:
    """The rows of the page, without their reasons."""
    return [Right(*row[:6]) for row in rows()]


def test_each_right_is_on_the_page_and_no_other() -> None:
    assert sorted(written()) == sorted(granted())


def test_each_right_has_its_reason() -> None:
    assert all(row[-1] for row in rows())


def test_nothing_is_granted_by_wildcard() -> None:
    for right in granted():
        assert "*" not in f"{right.group}{right.resources}{right.verbs}"


def test_confined_to_namespaces_nothing_of_the_cluster_is_granted() -> None:
    documents = render({"namespaces": ["team-a", "team-b"]})
    assert not [one for one in documents if one["kind"].startswith("ClusterRole")]
    for service in SERVICES:
        roles = [one for one in documents if one["kind"] == "Role" and one["metadata"]["name"] == service.name]
        assert [role["metadata"]["namespace"] for role in roles] == ["team-a", "team-b"]
        everywhere = pick(render(), "ClusterRole", service.name)["rules"]
        assert all(role["rules"] == [rule for rule in everywhere if not of_the_cluster(rule)] for role in roles)


def of_the_cluster(rule: Document) -> bool:
    """Whether it is about objects that no namespace has, which a Role cannot grant."""
    return bool(rule["apiGroups"] == ["apiextensions.k8s.io"])


@pytest.mark.parametrize(("key", "name"), [("kafka", "kafka-trigger-controller"), ("nats", "nats-trigger-controller")])
def test_only_the_secret_that_is_named_can_be_read(key: str, name: str) -> None:
    rules = pick(render({key: {"existingSecret": "login"}}), "Role", f"{name}-own")["rules"]
    assert [rule["resourceNames"] for rule in rules if rule["resources"] == ["secrets"]] == [["login"]]
