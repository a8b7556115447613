"""Headers as a person types them."""

import re

from kubeless.core.errors import InvalidField

_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,256}")
_VALUE = re.compile(r"[^\x00-\x08\x0a-\x1f\x7f]{0,8192}")

_OURS = frozenset({"host", "content-length", "transfer-encoding", "connection", "upgrade", "authorization"})
"""What HTTP itself needs; a token of the cluster is no function's business."""


def read_headers(text: str) -> dict[str, str]:
    """Lines of `Name: value`; raises `InvalidField`."""
    found = {}
    for line in text.splitlines():
        if not line.strip():
            continue
        name, colon, value = line.partition(":")
        name, value = name.strip(), value.strip()
        if not colon or not _NAME.fullmatch(name) or not _VALUE.fullmatch(value) or not value.isascii():
            raise InvalidField("header", line, problem="is not a header", remedy="write Name: value in each line")
        if name.lower() in _OURS:
            raise InvalidField("header", name, problem="cannot be set here", remedy="leave it out")
        found[name] = value
    return found
