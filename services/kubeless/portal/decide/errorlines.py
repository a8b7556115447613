"""
Which line of a function's code an error means, from what its runtime said.

Each language has its way to say it. The last mention in the function's own file counts: a traceback ends where the
error is, and lines of libraries are of other files.
"""

import re

_PATTERNS = (
    re.compile(r'File "(?P<file>[^"\n]{1,300})", line (?P<line>\d{1,6})'),  # Python
    re.compile(r"(?P<file>[\w./-]{1,300}\.(?:js|mjs|rb|go|java|cs|bal|py|php)):(?P<line>\d{1,6})"),  # most
    re.compile(r"(?P<file>[\w./-]{1,300}\.java):\[(?P<line>\d{1,6}),"),  # Maven
    re.compile(r"(?P<file>[\w./-]{1,300}\.cs)\((?P<line>\d{1,6}),"),  # .NET
    re.compile(r"in (?P<file>[\w./-]{1,300}\.php) on line (?P<line>\d{1,6})"),  # PHP
    re.compile(r"(?P<file>[\w./-]{1,300}\.php)\((?P<line>\d{1,6})\)"),  # PHP
)

LOOKED_AT = 65_536
"""Characters, from the end."""


def error_line(text: str, *, handler: str, suffix: str, lines: int) -> int | None:
    """
    The line (1 is the first) in a source of `lines` lines; None if the text tells none.

    `handler` and `suffix` name the file, as `hello.handle` and `.py` do `hello.py`.
    """
    wanted = handler.partition(".")[0] + suffix
    text = text[-LOOKED_AT:]
    found = [
        (match.start(), int(match["line"]))
        for pattern in _PATTERNS
        for match in pattern.finditer(text)
        if match["file"].rpartition("/")[2] == wanted and 1 <= int(match["line"]) <= lines
    ]
    return max(found)[1] if found else None
