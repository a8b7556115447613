"""
The formats of strings and numbers that a structural schema may ask for.

Unknown formats are no error: Kubernetes ignores them as well.
"""

import base64
import binascii
import ipaddress
import re
from collections.abc import Callable
from datetime import date, datetime
from typing import Any
from uuid import UUID

_LIMITS = {"int32": (-(2**31), 2**31 - 1), "int64": (-(2**63), 2**63 - 1)}
_DATE_TIME = re.compile(r"\d{4}-\d{2}-\d{2}[Tt]\d{2}:\d{2}:\d{2}(?:\.\d{1,9})?(?:[Zz]|[+-]\d{2}:\d{2})", re.ASCII)
_HOSTNAME = re.compile(r"[a-zA-Z0-9](?:[-a-zA-Z0-9]{0,62})(?:\.[a-zA-Z0-9][-a-zA-Z0-9]{0,62})*\.?")
_EMAIL = re.compile(r"[^@\s]{1,64}@[^@\s]{1,255}")
_URI = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:\S*|/\S*")
_DURATION = re.compile(
    r"[+-]?(?:0|(?:\d+(?:\.\d*)?|\.\d+)(?:ns|us|µs|μs|ms|s|m|h)(?:(?:\d+(?:\.\d*)?|\.\d+)(?:ns|us|µs|μs|ms|s|m|h))*)"
)
_QUANTITY = re.compile(r"[+-]?(?:\d{1,64}(?:\.\d{0,64})?|\.\d{1,64})(?:[numkMGTPE]|[KMGTPE]i|[eE][+-]?\d{1,4})?")
_LONGEST = 8192


def has_format(name: str, value: Any) -> bool:
    """Whether the value has the format; a format that does not apply to the value's type, or is unknown, is kept."""
    if isinstance(value, int) and not isinstance(value, bool) and name in _LIMITS:
        low, high = _LIMITS[name]
        return low <= value <= high
    if isinstance(value, str) and name in _TEXTS:
        return (len(value) <= _LONGEST or name == "byte") and _TEXTS[name](value)
    return True


def is_quantity(text: str) -> bool:
    """An amount such as `100m`, `1.5` or `64Mi`."""
    return len(text) <= 128 and _QUANTITY.fullmatch(text) is not None


def is_date_time(text: str) -> bool:
    """RFC 3339 with a time zone."""
    if _DATE_TIME.fullmatch(text) is None:
        return False
    return _parses(lambda: datetime.fromisoformat(f"{text[:10]}T{text[11:19]}".replace(":60", ":59")))


def is_base64(text: str) -> bool:
    """Standard base64 with padding; line breaks are ignored, as Go does."""
    return _parses(lambda: base64.b64decode(text.replace("\n", "").replace("\r", ""), validate=True))


def _parses(parse: Callable[[], object]) -> bool:
    try:
        parse()
    except (ValueError, binascii.Error):
        return False
    return True


def _matcher(pattern: re.Pattern[str]) -> Callable[[str], bool]:
    return lambda text: pattern.fullmatch(text) is not None


_TEXTS: dict[str, Callable[[str], bool]] = {
    "byte": is_base64,
    "date": lambda text: _parses(lambda: date.fromisoformat(text)) and len(text) == 10,
    "date-time": is_date_time,
    "datetime": is_date_time,
    "duration": _matcher(_DURATION),
    "email": _matcher(_EMAIL),
    "hostname": _matcher(_HOSTNAME),
    "ipv4": lambda text: _parses(lambda: ipaddress.IPv4Address(text)),
    "ipv6": lambda text: _parses(lambda: ipaddress.IPv6Address(text)),
    "cidr": lambda text: "/" in text and _parses(lambda: ipaddress.ip_network(text, strict=False)),
    "quantity": is_quantity,
    "uri": _matcher(_URI),
    "uuid": lambda text: len(text) in {32, 36} and _parses(lambda: UUID(text)),
}
