"""Text and bytes on both Pythons: what HTTP carries is bytes, what functions see of it is the native `str`."""

import sys

IS_PYTHON2 = sys.version_info[0] == 2
TEXT_TYPE = type(b"".decode("ascii"))
"""`unicode` on Python 2, `str` on Python 3."""


def native(data):
    """Bytes as `str`. On Python 3 that is UTF-8 where it is, else one character for each byte."""
    if IS_PYTHON2:
        return data
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return data.decode("latin-1")


def encoded(text):
    """Text as bytes in UTF-8; bytes stay."""
    return text.encode("utf-8") if isinstance(text, TEXT_TYPE) else bytes(text)
