"""What a function answered, as it can be shown: text that is bounded, never HTML."""

import json
from dataclasses import dataclass

from kubeless.manage.hexdump import hex_dump

MAX_SHOWN = 65_536
"""Characters of a body that are sent to the browser; of a longer one the beginning."""

MAX_FORMATTED = 262_144
"""Bytes of JSON that are laid out anew; more is shown as it came."""

_HEX_BYTES = 4096


@dataclass(frozen=True, slots=True)
class Shown:
    """A body for people; `kind` is JSON, text, hex or empty."""

    kind: str
    text: str
    size: int
    cut: bool = False


def show_body(body: bytes) -> Shown:
    """JSON is laid out, text is shown as it is, anything else as a hex dump."""
    if not body:
        return Shown("empty", "", 0)
    try:
        text = body.decode()
    except UnicodeDecodeError:
        return Shown("hex", hex_dump(body[:_HEX_BYTES]), len(body), len(body) > _HEX_BYTES)
    if len(body) <= MAX_FORMATTED:
        try:
            pretty = json.dumps(json.loads(text), indent=2, ensure_ascii=False)
        except (ValueError, RecursionError):
            pass
        else:
            return Shown("JSON", pretty[:MAX_SHOWN], len(body), len(pretty) > MAX_SHOWN)
    if "\x00" in text:
        return Shown("hex", hex_dump(body[:_HEX_BYTES]), len(body), len(body) > _HEX_BYTES)
    return Shown("text", text[:MAX_SHOWN], len(body), len(text) > MAX_SHOWN)
