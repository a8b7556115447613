"""
A service whose wall clock can be set: `python -m support.setclock FILE MODULE` runs a module in a process in which
`time.time` is off by the number of seconds that the file holds. Monotonic clocks go on, as when an administrator or NTP
sets the clock.
"""

import runpy
import sys
import time
from pathlib import Path

_EVERY = 0.05
"""Seconds between two looks at the file, of a clock that is not off."""


class _Clock:
    def __init__(self, file: Path) -> None:
        self._file = file
        self._real = time.time
        self._read_at = float("-inf")
        self._offset = 0.0

    def __call__(self) -> float:
        if time.monotonic() - self._read_at > _EVERY:
            self._read_at = time.monotonic()
            self._offset = float(self._file.read_text())
        return self._real() + self._offset


if __name__ == "__main__":
    # Before the module is imported: it takes the function, not its name.
    time.time = _Clock(Path(sys.argv[1]))
    module = sys.argv[2]
    sys.argv = [module]
    runpy.run_module(module, run_name="__main__", alter_sys=True)
