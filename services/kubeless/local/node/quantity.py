"""Amounts of resources as Kubernetes writes them: `128Mi`, `250m`, `1e3` (apimachinery `resource.Quantity`)."""

import re
from fractions import Fraction

from kubeless.core.errors import InvalidField

_QUANTITY = re.compile(r"([+-]?[0-9]{1,18}(?:\.[0-9]{0,9})?)(?:([numkMGTPE]|[KMGTPE]i)|[eE]([+-]?[0-9]{1,2}))?")
_DECIMAL = {"n": -9, "u": -6, "m": -3, "k": 3, "M": 6, "G": 9, "T": 12, "P": 15, "E": 18}
_BINARY = "KMGTPE"


def parse_quantity(text: str) -> Fraction:
    """The exact amount. Raises InvalidField if the text is none."""
    match = _QUANTITY.fullmatch(text.strip())
    if not match:
        raise InvalidField("quantity", text, problem="cannot be read", remedy="use a form such as 128Mi, 500m or 2")
    number, suffix, exponent = match.groups()
    value = Fraction(number)
    if exponent:
        return value * _power_of_ten(int(exponent))
    if suffix and suffix.endswith("i"):
        return value * (1 << 10 * (_BINARY.index(suffix[0]) + 1))
    return value * _power_of_ten(_DECIMAL[suffix]) if suffix else value


def _power_of_ten(exponent: int) -> Fraction:
    return Fraction(10**exponent) if exponent >= 0 else Fraction(1, 10**-exponent)
