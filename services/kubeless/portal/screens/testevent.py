"""One event by hand: into the topic or subject of a trigger, or a call of a schedule's functions now."""

import json
from urllib.parse import quote, urlencode

from nicegui import ui

from kubeless.core.errors import KubelessError
from kubeless.manage.cronnames import fire_path
from kubeless.manage.serviceadmin import CronAdmin, KafkaAdmin, NatsAdmin
from kubeless.portal.decide.triggers import TriggerRow
from kubeless.portal.screens.frame import attribute
from kubeless.portal.screens.tab import Tab

PATIENCE = 1800.0
"""Seconds; a function may take long."""


class TestEventDialog:
    """One dialog for all rows."""

    def __init__(self, tab: Tab) -> None:
        self._tab = tab
        with ui.dialog() as self._dialog, ui.card().style("min-width: min(28rem, 92vw)"):
            with ui.element("h2").classes("title"):
                self._title = ui.label()
            self._subject = ui.input("Subject").classes("wide")
            self._body = ui.textarea("Body").classes("wide").props("autogrow")
            self._result = ui.label().classes("pre").mark("sent")
            attribute(self._result, role="status", aria_live="polite")
            with ui.row().classes("justify-end wide"):
                ui.button("Close", on_click=self._dialog.close).props("flat no-caps")
                ui.button("Send", on_click=self._send).props("no-caps")

    def open(self, row: TriggerRow) -> None:
        """For one trigger."""
        self._row = row
        self._result.text = ""
        self._title.text = f"Fire {row.name} now" if row.kind == "Schedule" else f"Test event for {row.name}"
        self._subject.value = str(row.spec.get("topic") or "")
        self._subject.visible = row.kind == "NATS"
        self._body.visible = row.kind != "Schedule"
        self._dialog.open()

    async def _send(self) -> None:
        self._result.text = "Sending …"
        try:
            self._result.text = await self._sent(self._row)
        except KubelessError as error:
            self._result.text = str(error)

    async def _sent(self, row: TriggerRow) -> str:
        client, namespace = self._tab.session.client, self._tab.settings.kubeless_namespace
        record = json.dumps({"value": str(self._body.value or "")}).encode()
        match row.kind:
            case "Schedule":
                path = fire_path(row.namespace, row.name)
                answers = await CronAdmin(client, namespace).call("POST", path, body=b"", timeout=PATIENCE)
                return "\n".join(_outcome(call) for answer in answers for call in answer.get("calls") or []) or "Fired"
            case "Kafka":
                topic = quote(str(row.spec.get("topic")), safe="")
                await KafkaAdmin(client, namespace).call("POST", f"topics/{topic}/records", body=record)
            case _:
                mode = "jetstream" if row.stream else "core"
                query = urlencode({"subject": str(self._subject.value or ""), "mode": mode})
                await NatsAdmin(client, namespace).call("POST", f"messages?{query}", body=record)
        return "Sent; see the logs of the function"


def _outcome(call: dict[str, object]) -> str:
    error = f": {call['error']}" if call.get("error") else ""
    return f"{call.get('function')}: {call.get('outcome')}, status {call.get('status')}{error}"
