"""The body of a dead letter as people can read it: JSON, text, or a hex dump of what is neither."""

import json

from kubeless.cli.messages import printable
from kubeless.manage.hexdump import hex_dump


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
