"""What a function answered, as it can be shown: text that is bounded, never HTML."""

import json
from dataclasses import dataclass

MAX_SHOWN = 65_536
"""Characters of a body that are sent to the browser; of a longer one the beginning."""

MAX_FORMATTED = 262_144
"""Bytes of JSON that are laid out anew; more is shown as it came."""

_ROW = 16
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


def hex_dump(value: bytes) -> str:
    """Offsets, bytes and ASCII, as `hexdump -C` shows them."""
    rows = (value[start : start + _ROW] for start in range(0, len(value), _ROW))
    return "".join(_dump_row(index * _ROW, row) for index, row in enumerate(rows))


def _dump_row(offset: int, row: bytes) -> str:
    ascii_ = "".join(chr(byte) if 32 <= byte < 127 else "." for byte in row)
    return f"{offset:08x}  {row.hex(' '):<{_ROW * 3}} |{ascii_}|\n"
