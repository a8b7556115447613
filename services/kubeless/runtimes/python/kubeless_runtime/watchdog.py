"""
A thread beside the event loop, for when the loop stands still.

An `async` function that blocks (`time.sleep`, an endless loop) stops the loop, and with it every timeout. This
thread then answers 408 in the loop's place and ends the process; the supervisor starts another. The thread also
ends the process when the supervisor has died, and tells the supervisor that the interpreter is alive.
"""

from __future__ import annotations

import os
import select
import threading
from time import monotonic

from . import console, tracebacks
from .answer import plain
from .service import ENDED, TIMED_OUT

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .scoreboard import Slot
    from .service import Service

GRACE = 0.5
"""Seconds that the loop may be late to answer a call's timeout."""
EXIT_STALLED = 76
EXIT_ORPHANED = 77


class Watchdog:
    """Watches one worker; `lifeline` becomes readable when the supervisor has died."""

    def __init__(self, service: Service, slot: Slot, *, lifeline: int) -> None:
        self._service = service
        self._slot = slot
        self._lifeline = lifeline
        self._loop_thread = threading.get_ident()
        self._interval = min(1.0, max(0.05, service.settings.timeout / 4))

    def start(self) -> None:
        """To be called from the loop's thread."""
        threading.Thread(target=self._watch, name="watchdog", daemon=True).start()

    def _watch(self) -> None:
        poller = select.poll()
        poller.register(self._lifeline, select.POLLIN)
        while not poller.poll(self._interval * 1000):
            self._slot.beat = monotonic()
            deadline = self._slot.deadline
            if deadline and monotonic() > deadline + GRACE:
                self._end_stalled()
        os._exit(EXIT_ORPHANED)

    def _end_stalled(self) -> None:
        """The loop did not see to a deadline, so it stands still, and nothing else changes the calls meanwhile."""
        now = monotonic()
        console.report("%s: it blocks the event loop, at:" % TIMED_OUT)
        console.write(2, tracebacks.format_stack(self._loop_thread).encode("utf-8", "backslashreplace"))
        for call in self._service.calls:
            late = call.deadline <= now
            self._service.answer_raw(call, plain(408, TIMED_OUT) if late else plain(503, ENDED))
        os._exit(EXIT_STALLED)
