"""Calling a function by hand: what is sent, what is answered, and the last calls."""

import time
from dataclasses import dataclass
from datetime import UTC, datetime

from nicegui import ui

from kubeless.core.errors import KubelessError
from kubeless.kube.resources import SERVICES
from kubeless.manage.calling import PATIENCE, event_headers, new_event_id
from kubeless.portal.decide.answers import show_body
from kubeless.portal.decide.headers import read_headers
from kubeless.portal.decide.rows import FunctionRow, seconds_text
from kubeless.portal.rights import Question
from kubeless.portal.screens.deploy import allow
from kubeless.portal.screens.frame import attribute
from kubeless.portal.screens.tab import Tab

METHODS = ("POST", "GET", "PUT", "PATCH", "DELETE")
HISTORY = 10
_SHOWN_HEADERS = 50


@dataclass(frozen=True, slots=True)
class Call:
    """One that was made."""

    when: str
    method: str
    body: str
    headers: str
    event_id: str
    outcome: str


class RunPanel:
    """Of one function."""

    def __init__(self, tab: Tab, row: FunctionRow) -> None:
        self._tab = tab
        self._row = row
        history = tab.session.history.setdefault((row.namespace, row.name), [])
        self._history: list[Call] = history  # type: ignore[assignment]  # the session keeps what screens give it

    def build(self) -> None:
        """Where the caller is."""
        with ui.row().classes("wide items-end"):
            self._method = ui.select(list(METHODS), value="POST", label="Method").style("min-width: 7rem")
            self._path = ui.input("Path", value="/").style("min-width: 12rem")
            self._button = ui.button("Call", icon="play_arrow", on_click=self._call).props("no-caps").mark("call")
        self._body = ui.textarea("Body (JSON or text)").classes("wide").props("autogrow input-class=pre").mark("body")
        with ui.expansion("Headers").classes("wide"):
            self._headers = ui.textarea("Name: value in each line").classes("wide").props("autogrow")
        self._outcome = ui.label().mark("outcome")
        attribute(self._outcome, role="status", aria_live="polite")
        self._event = ui.label().classes("faint")
        self._answer = ui.label().classes("pre box wide scroll").mark("answer")
        attribute(self._answer, tabindex="0", role="region", aria_label="Answer")
        self._answer.visible = False
        with ui.expansion("Headers of the answer").classes("wide") as self._more:
            self._answer_headers = ui.label().classes("pre")
        self._more.visible = False
        with ui.element("h2").classes("title"):
            ui.label("Last calls")
        self._calls = ui.column().classes("wide")
        self._show_history()
        self._tab.start(self._check(), "rights")

    async def _check(self) -> None:
        verbs = ("create", "get")
        questions = (Question(verb, SERVICES, self._row.namespace, "proxy") for verb in verbs)
        verdict = await self._tab.session.rights.may_all(*questions)
        with self._tab.client:
            allow(self._button, verdict.allowed, verdict.reason)

    async def _call(self) -> None:
        method, body = str(self._method.value), str(self._body.value or "")
        event_id, now = new_event_id(), datetime.now(UTC)
        self._outcome.text = "Calling …"
        self._event.text = f"event-id {event_id}"
        self._answer.visible = self._more.visible = False
        self._button.props("loading")
        started = time.monotonic()
        try:
            more = read_headers(str(self._headers.value or ""))
            answer = await self._tab.session.client.proxy(
                self._row.namespace,
                self._row.name,
                port=self._row.port,
                path=str(self._path.value or ""),
                method=method,
                headers={**event_headers(body, event_id=event_id, now=now), **more},
                body=body.encode() if body else None,
                timeout=PATIENCE,
            )
        except KubelessError as error:
            outcome = str(error)
            self._outcome.classes(replace="state-failed")
        else:
            outcome = f"{answer.status} in {seconds_text(time.monotonic() - started)}"
            self._outcome.classes(replace="state-ready" if answer.status < 400 else "state-failed")
            self._show_answer(answer.body, list(answer.headers.items()))
        finally:
            self._button.props(remove="loading")
        self._outcome.text = outcome
        shown = Call(now.strftime("%H:%M:%S"), method, body, str(self._headers.value or ""), event_id, outcome)
        self._history.insert(0, shown)
        del self._history[HISTORY:]
        self._show_history()

    def _show_answer(self, body: bytes, headers: list[tuple[str, str]]) -> None:
        shown = show_body(body)
        cut = f"\n… {shown.size} bytes in all; the rest is not shown" if shown.cut else ""
        self._answer.text = shown.text + cut or "(empty)"
        self._answer.visible = self._more.visible = True
        self._answer_headers.text = "\n".join(f"{name}: {value[:1000]}" for name, value in headers[:_SHOWN_HEADERS])

    def _show_history(self) -> None:
        self._calls.clear()
        with self._calls:
            if not self._history:
                ui.label("None yet").classes("faint")
            for call in self._history:
                with ui.row().classes("items-center wide"):
                    ui.button("Again", on_click=lambda _, call=call: self._fill(call)).props("flat dense no-caps")
                    ui.label(f"{call.when}  {call.method}  {call.outcome[:120]}  event-id {call.event_id}")

    def _fill(self, call: Call) -> None:
        self._method.value, self._body.value, self._headers.value = call.method, call.body, call.headers
