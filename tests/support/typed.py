"""The command line, run in this process: what it prints, tells and returns. Quicker than a process for each line."""

import re
from dataclasses import dataclass

import pytest

from kubeless.cli.main import main

_TOLD = re.compile(r'^time="[^"]*" level=\w+ msg=(?:"((?:[^"\\]|\\.)*)"|(\S+))$', re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Typed:
    """What came of one command line."""

    code: int
    out: str
    err: str

    @property
    def told(self) -> list[str]:
        """The messages on stderr, without time and level."""
        return [(quoted or plain).replace('\\"', '"').replace("\\n", "\n") for quoted, plain in _TOLD.findall(self.err)]

    @property
    def table(self) -> list[list[str]]:
        """The cells of a table on stdout."""
        return [[cell.strip() for cell in line.split("\t")] for line in self.out.splitlines()]


@dataclass(frozen=True, slots=True)
class CommandLine:
    """Where lines are typed."""

    capture: pytest.CaptureFixture[str]

    def __call__(self, *words: str) -> Typed:
        """Type `kubeless <words>`."""
        self.capture.readouterr()
        code = main(words)
        shown = self.capture.readouterr()
        return Typed(code, shown.out, shown.err)
