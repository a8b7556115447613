"""
Ask services whether they are well: `python -m kubeless.core.probe URL[=STATUS]...`.

For the health command of an image and the test of a release, which must not need curl. Each URL must answer with
STATUS, by default 200. Prints a line per URL; the exit code is 0 if all of them did.
"""

import sys
import urllib.error
import urllib.request
from collections.abc import Sequence

TIMEOUT = 5.0
"""Seconds for one answer."""


def main(arguments: Sequence[str]) -> int:
    """The exit code: 0 if all are well, 1 if one is not, 2 without a URL."""
    if not arguments:
        sys.stderr.write("usage: python -m kubeless.core.probe URL[=STATUS]...\n")
        return 2
    return max([_check(argument) for argument in arguments])


def _check(argument: str) -> int:
    url, wanted = _split(argument)
    found = _status(url)
    sys.stdout.write(f"{url}: {found}, wanted {wanted}\n")
    return 0 if found == str(wanted) else 1


def _split(argument: str) -> tuple[str, int]:
    url, equals, status = argument.rpartition("=")
    return (url, int(status)) if equals and status.isdecimal() else (argument, 200)


def _status(url: str) -> str:
    """The status, or why there is none."""
    if not url.startswith(("http://", "https://")):
        return "no URL"
    try:
        with urllib.request.urlopen(url, timeout=TIMEOUT) as answer:  # noqa: S310 - only http and https come here
            return str(answer.status)
    except urllib.error.HTTPError as error:
        return str(error.code)
    except OSError as error:
        return str(getattr(error, "reason", error))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
