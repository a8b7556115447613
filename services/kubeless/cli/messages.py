"""
What the command tells people: one line each on stderr, in the form that Kubeless has always used.

On a terminal a line reads `INFO[0003] text` (seconds since the command started), elsewhere
`time="…" level=info msg="text"`, so that scripts which look for a text find it in either form. Data never goes through
here: it belongs to stdout.
"""

import json
import os
import re
import sys
import time
from datetime import datetime

_STARTED = time.monotonic()

_UNQUOTED = re.compile(r"[A-Za-z0-9._/@^+-]+")
"""Texts that need no quotes in the `key=value` form."""

_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")
"""What text of others could control a terminal with: all but tabs and line ends."""

_TERMINAL = {"info": ("INFO", 36), "warning": ("WARN", 33), "error": ("ERRO", 31), "fatal": ("FATA", 31)}
"""Level to the word and the ANSI colour it has on a terminal."""


def info(text: str) -> None:
    """Tell how things go."""
    _tell("info", text)


def warn(text: str) -> None:
    """Tell that something may not be as wanted; the command goes on."""
    _tell("warning", text)


def error(text: str) -> None:
    """Tell that something went wrong; the command may go on."""
    _tell("error", text)


def fatal(text: str) -> None:
    """Tell why the command ends here. Ending it is up to the caller."""
    _tell("fatal", text)


def printable(text: str) -> str:
    """Text that others wrote (objects, logs, answers), unable to control a terminal."""
    return _CONTROL.sub("\ufffd", text)


def terminal_line(level: str, text: str, *, seconds: float, colour: bool) -> str:
    """One message as people see it."""
    word, code = _TERMINAL[level]
    shown = f"\x1b[{code}m{word}\x1b[0m" if colour else word
    return f"{shown}[{int(seconds):04d}] {printable(text)}"


def plain_line(level: str, text: str, *, now: datetime) -> str:
    """One message as a file or a pipe gets it: always one line, however many `text` has."""
    value = text if _UNQUOTED.fullmatch(text) else json.dumps(text, ensure_ascii=False)
    return f'time="{now.isoformat(timespec="seconds")}" level={level} msg={value}'


def colours() -> bool:
    """Whether stderr takes colours (https://no-color.org)."""
    return sys.stderr.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def _tell(level: str, text: str) -> None:
    if sys.stderr.isatty():
        line = terminal_line(level, text.rstrip("\n"), seconds=time.monotonic() - _STARTED, colour=colours())
    else:
        line = plain_line(level, text.rstrip("\n"), now=datetime.now().astimezone())
    print(line, file=sys.stderr, flush=True)
