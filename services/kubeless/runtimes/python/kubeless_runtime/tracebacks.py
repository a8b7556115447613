"""Tracebacks and stacks of the function, without the server's own frames around them."""

from __future__ import annotations

import os
import sys
import traceback

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import TracebackType

_SERVER = os.path.dirname(os.path.abspath(__file__)) + os.sep


def describe(error: BaseException) -> str:
    """Kind and first line of an error's text, also when its `__str__` is broken."""
    try:
        return "%s: %s" % (type(error).__name__, str(error).partition("\n")[0])
    except Exception:
        return type(error).__name__


def format_error(error: BaseException) -> str:
    """As the interpreter would print it, from the function's first frame on."""
    return "".join(traceback.format_exception(type(error), error, _own_part(error.__traceback__)))


def format_stack(thread: int) -> str:
    """Where a thread is now; empty if it has ended."""
    frame = sys._current_frames().get(thread)
    return "".join(traceback.format_stack(frame)) if frame else ""


def _own_part(trace: TracebackType | None) -> TracebackType | None:
    while trace is not None and _is_machinery(trace.tb_frame.f_code.co_filename):
        trace = trace.tb_next
    return trace


def _is_machinery(filename: str) -> bool:
    return os.path.abspath(filename).startswith(_SERVER) or filename.startswith("<frozen importlib")
