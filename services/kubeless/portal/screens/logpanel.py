"""
The logs of all pods of a function as they are written.

The browser gets at most so many lines in so much time; what is left out of a flood is counted and told. Pausing stops
what is shown, not what is read.
"""

import asyncio
from contextlib import aclosing

from nicegui import ui

from kubeless.core.jsontypes import JsonObject
from kubeless.kube.errors import KubeError
from kubeless.kube.resources import PODS
from kubeless.portal.decide.logbuffer import LogBuffer
from kubeless.portal.screens.frame import attribute
from kubeless.portal.screens.tab import Tab

AT_ONCE = 200
"""Lines sent to the browser at a time."""

SHOWN = 1000
"""Lines the browser holds."""

TAIL = 200
"""Lines of the past to begin with."""

_AGAIN = 1.0
"""Seconds before a log that ended is asked for once more: its container may have been started anew."""


def pod_name(pod: JsonObject) -> str:
    """The transform of a feed of pods."""
    return str(pod["metadata"]["name"])


class LogPanel:
    """Of one function."""

    def __init__(self, tab: Tab, namespace: str, name: str) -> None:
        self._tab = tab
        self._namespace = namespace
        self._name = name
        self._buffer = LogBuffer()
        self._seen = 0
        self._paused = False
        self._readers: dict[str, asyncio.Task[None]] = {}

    def build(self) -> None:
        """Where the caller is."""
        with ui.row().classes("items-center wide"):
            self._pause = ui.button("Pause", icon="pause", on_click=self._turn).props("flat no-caps").mark("pause")
            self._search = ui.input("Search", on_change=self._again).props("clearable debounce=200")
            ui.button("Clear", on_click=self._clear).props("flat no-caps")
            self._note = ui.label().classes("faint")
            attribute(self._note, role="status")
        self._log = ui.log(max_lines=SHOWN).classes("log").mark("log")
        attribute(self._log, tabindex="0", role="log", aria_label="Logs", aria_live="off")
        self._show = self._tab.view(self._refresh, at_least=0.3)
        self._tab.start(self._begin(), "logs")

    async def _begin(self) -> None:
        rights = self._tab.session.rights
        verdict = await rights.may("get", PODS, self._namespace, subresource="log")
        may_list = await rights.may("list", PODS, self._namespace)
        if not (verdict.allowed and may_list.allowed):
            self._note.text = verdict.reason or may_list.reason
            return
        with self._tab.client:
            self._feed = self._tab.follow(
                PODS,
                namespace=self._namespace,
                label_selector=f"function={self._name}",
                transform=pod_name,
                changed=self._pods_changed,
            )

    def _pods_changed(self) -> None:
        feed = getattr(self, "_feed", None)
        if feed is None:
            asyncio.get_running_loop().call_soon(self._pods_changed)
            return
        pods = set(feed.values())
        for pod in pods - self._readers.keys():
            self._readers[pod] = self._tab.start(self._read(pod), f"log of {pod}")
        for pod in self._readers.keys() - pods:
            self._readers.pop(pod).cancel()

    async def _read(self, pod: str) -> None:
        tail = TAIL
        while True:
            chunks = self._tab.session.client.logs(
                pod, namespace=self._namespace, container=self._name, follow=True, tail_lines=tail
            )
            try:
                async with aclosing(chunks):
                    async for chunk in chunks:
                        self._buffer.feed(pod, chunk)
                        tail = 0  # from here on only what is new, whoever restarts
            except KubeError:  # not started yet, or gone: the feed of pods tells which
                pass
            await asyncio.sleep(_AGAIN)

    def _refresh(self) -> None:
        if self._paused:
            self._note.text = f"Paused; {self._buffer.count - self._seen} new lines"
            return
        lines, skipped = self._buffer.after(self._seen, limit=AT_ONCE, search=str(self._search.value or ""))
        self._seen = self._buffer.count
        several = len(self._readers) > 1
        if skipped and not self._search.value:
            self._log.push(f"… {skipped} lines are not shown", classes="faint")
        for line in lines:
            self._log.push(f"[{line.pod}] {line.text}" if several else line.text or " ")
        self._note.text = f"{self._buffer.count} lines of {len(self._readers)} pods"

    def _again(self) -> None:
        """What was kept, with another search."""
        self._log.clear()
        self._seen = 0
        self._show()

    def _clear(self) -> None:
        self._log.clear()
        self._buffer.clear()
        self._seen = self._buffer.count

    def _turn(self) -> None:
        self._paused = not self._paused
        self._pause.text = "Go on" if self._paused else "Pause"
        self._pause.props["icon"] = "play_arrow" if self._paused else "pause"
        self._pause.update()
        self._show()
