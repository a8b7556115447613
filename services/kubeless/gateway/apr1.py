"""
Apache's MD5 passwords, `$apr1$`: Poul-Henning Kamp's md5crypt with another prefix.

No library computes it without holding the interpreter's lock for milliseconds, and a flood of such comparisons in a
thread would stall the event loop. So it is done here in steps of a fraction of a millisecond, with a rest after each in
which the loop has the lock.
"""

import hashlib
from collections.abc import Callable

_PREFIX = b"$apr1$"
_ROUNDS = 1000
_ROUNDS_PER_STEP = 100
_ALPHABET = b"./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_ORDER = ((0, 6, 12), (1, 7, 13), (2, 8, 14), (3, 9, 15), (4, 10, 5))
"""Which bytes of the digest make four characters each; byte 11 makes the last two."""

LONGEST_PASSWORD = 256
"""Bytes; time grows with the length, and Apache takes no longer ones either."""


def apr1(password: bytes, salt: bytes, *, rest: Callable[[], None]) -> bytes:
    """The whole hash, prefix and salt included. `rest` is called after each step."""
    digest = _first(password, salt)
    for start in range(0, _ROUNDS, _ROUNDS_PER_STEP):
        digest = _rounds(digest, password, salt, range(start, start + _ROUNDS_PER_STEP))
        rest()
    return _PREFIX + salt + b"$" + _encode(digest)


def _md5(data: bytes) -> bytes:
    return hashlib.md5(data, usedforsecurity=False).digest()  # the format's choice, not ours


def _first(password: bytes, salt: bytes) -> bytes:
    inner = _md5(password + salt + password)
    data = password + _PREFIX + salt + (inner * (len(password) // 16 + 1))[: len(password)]
    length = len(password)
    while length:
        data += b"\0" if length & 1 else password[:1]
        length >>= 1
    return _md5(data)


def _rounds(digest: bytes, password: bytes, salt: bytes, rounds: range) -> bytes:
    for number in rounds:
        odd = number & 1
        data = password if odd else digest
        if number % 3:
            data += salt
        if number % 7:
            data += password
        digest = _md5(data + (digest if odd else password))
    return digest


def _encode(digest: bytes) -> bytes:
    text = bytearray()
    for first, second, third in _ORDER:
        value = digest[first] << 16 | digest[second] << 8 | digest[third]
        text += bytes(_ALPHABET[value >> shift & 0x3F] for shift in (0, 6, 12, 18))
    return bytes(text) + bytes((_ALPHABET[digest[11] & 0x3F], _ALPHABET[digest[11] >> 6]))
