"""
Start the function server: `python3 /path/to/kubeless_runtime` or `python3 -m kubeless_runtime`.

The function's folder is on PYTHONPATH, in front of the standard library, and may hold files named `json.py` or
`logging.py`. So the server is imported from a module path without that folder; `paths.order` puts it back behind
the standard library before the function is loaded. Nothing but `os` and `sys`, which the interpreter has already
loaded, may be imported above that.
"""

import os
import sys

_SERVER = os.path.dirname(os.path.abspath(__file__))


def _import_server() -> "object":
    """Import the package under its own name, so that none of its modules is importable under a bare one."""
    # The first entry is this folder, or with -m the current one (unless PYTHONSAFEPATH is set): neither belongs there.
    unwanted = (_SERVER, os.getcwd(), "")
    inherited = sys.path[1:] if sys.path[0] in unwanted else sys.path[:]
    volume = os.path.realpath(os.environ.get("KUBELESS_INSTALL_VOLUME") or "/kubeless")
    trusted = [entry for entry in inherited if not (os.path.realpath(entry) + os.sep).startswith(volume + os.sep)]
    sys.path[:] = [os.path.dirname(_SERVER), *trusted]
    from importlib import import_module

    server = import_module("kubeless_runtime.entry")
    sys.path[:] = inherited
    return server


if __name__ == "__main__":
    sys.exit(_import_server().main())  # type: ignore[attr-defined]  # a module, imported by name
