"""
The process between the platform and a server it starts: when the platform is gone, however it went, the server goes.

Run as `python -I -S -E lifeline.py COMMAND...`. Standard input is the lifeline: when it closes, the command is asked to
end, and killed after `GRACE` seconds. SIGTERM asks it to end at once. The exit code is the command's.
"""

import os
import select
import signal
import subprocess
import sys
import time

DESCRIPTORS = "LIFELINE_DESCRIPTORS"
"""Variable with the numbers of open files that the command is given, separated by spaces."""

GRACE = 5.0
TICK = 0.1


def main(command: list[str]) -> int:
    """Run `command` for as long as standard input is open."""
    try:
        passed = tuple(int(number) for number in os.environ.get(DESCRIPTORS, "").split())
        child = subprocess.Popen(command, stdin=subprocess.DEVNULL, start_new_session=True, pass_fds=passed)
    except OSError as error:
        sys.stderr.write(f"cannot start {command[0]}: {error}\n")
        return 127
    signal.signal(signal.SIGTERM, lambda *_: child.terminate())
    # An interrupt from the terminal is for the platform, which ends us in order.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    while child.poll() is None:
        ready, _, _ = select.select([sys.stdin], [], [], TICK)
        if ready and not os.read(sys.stdin.fileno(), 1024):
            break
    return _end(child)


def _end(child: "subprocess.Popen[bytes]") -> int:
    deadline = time.monotonic() + GRACE
    if child.poll() is None:
        child.terminate()
    while child.poll() is None:
        if time.monotonic() > deadline:
            child.kill()
        time.sleep(TICK / 5)
    return abs(child.wait())


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
