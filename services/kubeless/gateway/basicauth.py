"""
Whether the credentials of a request are those of a user (RFC 7617).

Comparing a password with its hash is slow on purpose, so it is done beside the event loop, and what was found right is
remembered. The memory holds keyed hashes only, with a key that dies with the process, together with the hash the
password was compared with: once a Secret changes, nothing remembered of the old one fits. Wrong passwords are not
remembered; guessing stays slow.
"""

import asyncio
import base64
import binascii
import hashlib
import secrets
from collections import OrderedDict
from types import TracebackType
from typing import Self

from kubeless.delivery.transport.request import Headers
from kubeless.gateway.comparisons import Compare, Comparisons
from kubeless.gateway.headers import values
from kubeless.gateway.htpasswd import Htpasswd, matches
from kubeless.gateway.refusal import Refusal

_REMEMBERED = 4096


class PasswordCheck:
    """Belongs to one event loop; ends its threads on leaving."""

    def __init__(self, *, compare: Compare = matches, threads: int | None = None) -> None:
        """Both are replaced in tests."""
        self._comparisons = Comparisons(compare, threads=threads)
        self._key = secrets.token_bytes(32)
        self._right: OrderedDict[bytes, None] = OrderedDict()
        self._under_way: dict[bytes, asyncio.Future[bool]] = {}

    def __repr__(self) -> str:
        return f"<PasswordCheck {len(self._right)} remembered, {len(self._under_way)} under way>"

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._comparisons.close()

    def remembers(self, htpasswd: Htpasswd, headers: Headers) -> bool:
        """Whether the credentials were found right before; False says nothing."""
        credentials = read_credentials(headers)
        if credentials is None:
            return False
        user, password = credentials
        hashed = htpasswd.hashes.get(user)
        digest = b"" if hashed is None else self._digest(hashed, user, password)
        if digest not in self._right:
            return False
        self._right.move_to_end(digest)
        return True

    async def check(self, htpasswd: Htpasswd, headers: Headers, *, realm: str) -> None:
        """Raises Refusal: 401 for missing or wrong credentials, 503 if too many wait to be compared."""
        if self.remembers(htpasswd, headers):
            return
        credentials = read_credentials(headers)
        if credentials is None or not await self._is_right(htpasswd, *credentials, realm):
            challenge = f'Basic realm="{realm}", charset="UTF-8"'.encode("ascii", "replace")
            raise Refusal(
                401, "unauthorized", "user and password are required", headers=((b"WWW-Authenticate", challenge),)
            )

    async def _is_right(self, htpasswd: Htpasswd, user: bytes, password: bytes, realm: str) -> bool:
        known = user in htpasswd.hashes
        hashed = htpasswd.hashes.get(user, htpasswd.stranger)
        digest = self._digest(hashed, user, password)
        right = await self._compared(digest, hashed, password, realm) and known
        if right:
            self._remember(digest)
        return right

    async def _compared(self, digest: bytes, hashed: bytes, password: bytes, realm: str) -> bool:
        result = self._under_way.get(digest)
        if result is None:
            result = self._comparisons.begin(realm, hashed, password)
            self._under_way[digest] = result
            result.add_done_callback(lambda _: self._under_way.pop(digest, None))
        # A browser sends many requests at once: they share one comparison, which one of them going away must not end.
        return await asyncio.shield(result)

    def _digest(self, hashed: bytes, user: bytes, password: bytes) -> bytes:
        digest = hashlib.blake2b(key=self._key, digest_size=32)
        for part in (hashed, user, password):
            digest.update(len(part).to_bytes(4, "big"))
            digest.update(part)
        return digest.digest()

    def _remember(self, digest: bytes) -> None:
        self._right[digest] = None
        if len(self._right) > _REMEMBERED:
            self._right.popitem(last=False)


def read_credentials(headers: Headers) -> tuple[bytes, bytes] | None:
    """User and password of a request; None if there are none, several, or they cannot be read."""
    given = values(headers, b"authorization")
    if len(given) != 1:
        return None
    scheme, _, encoded = given[0].partition(b" ")
    if scheme.lower() != b"basic":
        return None
    try:
        text = base64.b64decode(encoded.strip(), validate=True)
    except (binascii.Error, ValueError):
        return None
    user, colon, password = text.partition(b":")
    return (user, password) if colon else None
