"""
Start the function server for old interpreters: `python2.7 /path/to/server.py`. It runs on Python 2.7 and 3.4 to 3.8.

One process speaks HTTP, worker processes run the function. So nothing that a function does (an endless loop,
`os._exit()`, an import that never returns) stops the server from answering. It listens once the function is imported,
and ends with code 1 if that cannot be done; the last line of the log then says why.

The function's folder is on PYTHONPATH, in front of the standard library, and may hold files named `json.py`. So the
server is imported without that folder, which then comes back behind the standard library.
"""

import os
import sys


def _main():
    sys.dont_write_bytecode = True
    volume = os.path.realpath(os.environ.get("KUBELESS_INSTALL_VOLUME") or "/kubeless") + os.sep
    inherited = sys.path[1:]
    own = [entry for entry in inherited if (os.path.realpath(entry) + os.sep).startswith(volume)]
    rest = [entry for entry in inherited if entry not in own]
    sys.path[:] = [os.path.dirname(os.path.abspath(__file__))] + rest
    from importlib import import_module

    entry = import_module("kubeless_legacy.entry")
    sys.path[:] = rest + own
    return entry.main()


if __name__ == "__main__":
    sys.exit(_main())
