"""
The name of the code to call: `<module>.<symbol>`.

The module becomes a file name and a key of a ConfigMap, and both parts become environment variables, so neither may
hold anything that means more than itself to a file system, a shell or the Kubernetes API.
"""

import re
from dataclasses import dataclass

from kubeless.core.errors import InvalidField

HANDLER_LIMIT = 200
"""Characters; leaves room for a suffix within the 253 of a ConfigMap key."""

HANDLER_PATTERN = r"[A-Za-z0-9_][A-Za-z0-9_-]*\.[A-Za-z0-9_$][A-Za-z0-9_$-]*"
"""The same in RE2, ECMA 262 and Python, because the API server checks it too. Match it against the whole text."""

INCORRECT_HANDLER = "incorrect handler format. It should be module_name.handler_name"
"""The words of the Go controller, which scripts look for."""


@dataclass(frozen=True, slots=True)
class Handler:
    """A handler's two parts."""

    module: str
    """File name without suffix."""
    symbol: str
    """The function (or class, or export) in that file."""


def parse_handler(text: str) -> Handler:
    """
    Split a handler into its parts.

    Raises InvalidField unless there is exactly one dot with a plain name on either side.
    """
    if len(text) > HANDLER_LIMIT or not re.fullmatch(HANDLER_PATTERN, text):
        raise InvalidField(
            "spec.handler",
            text,
            problem=f"failed: {INCORRECT_HANDLER}",
            remedy="use letters, digits, '_' and '-' with exactly one dot, such as hello.run",
        )
    module, _, symbol = text.partition(".")
    return Handler(module, symbol)
