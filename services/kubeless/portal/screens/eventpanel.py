"""The Events of Kubernetes about a function and its pods, newest first."""

from collections.abc import Callable
from datetime import UTC, datetime

from nicegui import ui

from kubeless.core.jsontypes import JsonObject
from kubeless.kube.resources import EVENTS
from kubeless.portal.decide.rows import age_text
from kubeless.portal.screens.frame import attribute
from kubeless.portal.screens.tab import Tab

SHOWN = 50
_MESSAGE = 500
_COLUMNS = [
    {"name": name, "label": label, "field": name, "align": "left"}
    for name, label in (("age", "Age"), ("type", "Type"), ("reason", "Reason"), ("about", "About"), ("text", "Message"))
]


def event_row(event: JsonObject) -> dict[str, str]:
    """The transform of the feed."""
    about = event.get("involvedObject") or event.get("regarding") or {}
    last = event.get("lastTimestamp") or event.get("eventTime") or event["metadata"].get("creationTimestamp")
    return {
        "id": str(event["metadata"].get("uid") or event["metadata"]["name"]),
        "time": str(last or ""),
        "type": str(event.get("type") or ""),
        "reason": str(event.get("reason") or ""),
        "kind": str(about.get("kind") or ""),
        "name": str(about.get("name") or ""),
        "text": str(event.get("message") or event.get("note") or "")[:_MESSAGE],
    }


def is_about(event: dict[str, str], function: str) -> bool:
    """Whether an event is about a function or what was made of it, whose names begin with its own."""
    return event["name"] == function or event["name"].startswith(f"{function}-")


class EventPanel:
    """Of one function."""

    def __init__(self, tab: Tab, namespace: str, name: str) -> None:
        self._tab = tab
        self._namespace = namespace
        self._name = name

    def build(self) -> None:
        """Where the caller is."""
        self._table = ui.table(rows=[], columns=_COLUMNS, row_key="id").classes("wide").props("dense flat bordered")
        attribute(self._table, aria_label="Events", no_data_label="No events")
        changed: Callable[[], None] = self._tab.view(self._show, at_least=10.0)
        self._feed = self._tab.follow(EVENTS, namespace=self._namespace, transform=event_row, changed=changed)

    def _show(self) -> None:
        now = datetime.now(UTC)
        found = [each for each in self._feed.values() if is_about(each, self._name)]
        found.sort(key=lambda each: each["time"], reverse=True)
        self._table.rows = [
            {**each, "age": age_text(each["time"], now=now), "about": f"{each['kind']} {each['name']}"}
            for each in found[:SHOWN]
        ]
