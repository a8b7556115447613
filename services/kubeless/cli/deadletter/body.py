"""The body of a dead letter as people can read it: JSON, text, or a hex dump of what is neither."""

import json

from kubeless.cli.messages import printable

_ROW = 16


def body_text(value: bytes | None) -> str:
    """Ends with a newline. None is a null value."""
    if value is None:
        return "(null)\n"
    if not value:
        return "(empty)\n"
    try:
        text = value.decode()
    except UnicodeDecodeError:
        return hex_dump(value)
    try:
        return printable(json.dumps(json.loads(text), indent=2, ensure_ascii=False)) + "\n"
    except (ValueError, RecursionError):
        return hex_dump(value) if "\x00" in text else printable(text).rstrip("\n") + "\n"


def hex_dump(value: bytes) -> str:
    """Offsets, bytes and ASCII, as `hexdump -C` shows them."""
    rows = (value[start : start + _ROW] for start in range(0, len(value), _ROW))
    return "".join(_dump_row(index * _ROW, row) for index, row in enumerate(rows))


def _dump_row(offset: int, row: bytes) -> str:
    ascii_ = "".join(chr(byte) if 32 <= byte < 127 else "." for byte in row)
    return f"{offset:08x}  {row.hex(' '):<{_ROW * 3}} |{ascii_}|\n"
