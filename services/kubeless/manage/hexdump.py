"""Bytes that are no text, for people."""

_ROW = 16


def hex_dump(value: bytes) -> str:
    """Offsets, bytes and ASCII, as `hexdump -C` shows them."""
    rows = (value[start : start + _ROW] for start in range(0, len(value), _ROW))
    return "".join(_dump_row(index * _ROW, row) for index, row in enumerate(rows))


def _dump_row(offset: int, row: bytes) -> str:
    ascii_ = "".join(chr(byte) if 32 <= byte < 127 else "." for byte in row)
    return f"{offset:08x}  {row.hex(' '):<{_ROW * 3}} |{ascii_}|\n"
