"""
Becomes a command that is run beside a container: in its folder, and with its terminal if it has one.

Run as `python -I -S -E enter.py TTY FOLDER COMMAND...` in a session of its own; TTY is `tty` when standard input is a
terminal that the session is to own. A command that cannot be started ends with 127, as in a shell.
"""

import os
import sys


def main(arguments: list[str]) -> int:
    """Does not return if all goes well."""
    tty, folder, *command = arguments
    try:
        if tty == "tty":
            # Imported only where it is needed: what starts a command must cost next to nothing.
            import fcntl
            import termios

            fcntl.ioctl(0, termios.TIOCSCTTY, 0)
        os.chdir(folder)
        os.execvp(command[0], command)  # noqa: S606 - a shell is what it must not be
    except OSError as error:
        os.write(2, f"cannot start {command[0]}: {error.strerror}\n".encode(errors="surrogateescape"))
    return 127


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
