"""Read the settings, claim the port, and run the supervisor; returns the exit code of the process."""

from __future__ import annotations

import os
import sys

from . import console, paths
from .listener import PortUnavailable, bind
from .settings import SettingError, load
from .supervisor import Supervisor


def main() -> int:
    """0 after a requested stop, 1 when the server cannot start or the function cannot be loaded."""
    try:
        settings = load(os.environ)
        listener = bind(settings.host, settings.port)
    except (SettingError, PortUnavailable) as error:
        console.report(str(error))
        return 1
    sys.path[:] = paths.order(sys.path, volume=settings.volume)
    with listener:
        return Supervisor(settings, listener).run()
