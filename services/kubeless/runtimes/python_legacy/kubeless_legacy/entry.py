"""Read the settings, bind the port, run."""

import os
import sys

from .front import Front
from .listener import PortUnavailable, bind
from .settings import SettingError, Settings


def main():
    """The exit code."""
    try:
        settings = Settings(os.environ)
        listener = bind(settings.host, settings.port)
    except (SettingError, PortUnavailable) as error:
        sys.stderr.write("%s\n" % error)
        return 1
    return Front(settings, listener).run()
