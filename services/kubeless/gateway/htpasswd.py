"""
Passwords as `htpasswd` writes them.

Known are bcrypt (`$2y$`, `$2b$`, `$2a$`), Apache's MD5 (`$apr1$`) and SHA-1 (`{SHA}`). A line of another kind lets
nobody in: plain text and DES are not worth the name of protection, and a line that nobody can read must not open
anything.
"""

import base64
import hashlib
import hmac
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass, field

import bcrypt

from kubeless.gateway.apr1 import LONGEST_PASSWORD, apr1
from kubeless.gateway.problem import Problem
from kubeless.gateway.secretwatch import Secret

LARGEST_COST = 14
"""Of bcrypt; 14 takes about a second, and each further one twice as long: two requests would keep the gateway busy."""

_BCRYPT = re.compile(rb"\$2[aby]\$(\d\d)\$[./A-Za-z0-9]{53}")
_APR1 = re.compile(rb"\$apr1\$[./A-Za-z0-9]{1,8}\$[./A-Za-z0-9]{22}")
_SHA1 = re.compile(rb"\{SHA\}[A-Za-z0-9+/]{27}=")

_BCRYPT_BYTES = 72
"""What bcrypt looks at of a password; htpasswd cuts longer ones silently, and so must whoever compares."""


@dataclass(frozen=True, slots=True)
class Htpasswd:
    """Who may come in."""

    hashes: Mapping[bytes, bytes] = field(repr=False)
    """By user name."""
    stranger: bytes = field(repr=False)
    """A hash for users that do not exist, as costly as the costliest: time does not tell who does."""
    bad_lines: tuple[int, ...]
    """Numbers of the lines that let nobody in, from 1."""

    @property
    def problem(self) -> Problem | None:
        """What its owner should know."""
        if not self.bad_lines:
            return None
        lines = ", ".join(str(number) for number in self.bad_lines[:10])
        known = f"bcrypt up to cost {LARGEST_COST}, apr1 and {{SHA}} are known"
        return Problem("BasicAuthLinesUnusable", f"line {lines} of key auth lets nobody in: {known}; use `htpasswd -B`")


def read_htpasswd(secret: Secret) -> Htpasswd | Problem:
    """The users in the key `auth` of a Secret, or why there are none."""
    hashes: dict[bytes, bytes] = {}
    bad: list[int] = []
    for number, line in enumerate(secret.data.get("auth", b"").splitlines(), 1):
        entry = line.strip()
        if not entry or entry.startswith(b"#"):
            continue
        user, _, hashed = entry.partition(b":")
        if user and is_known(hashed):
            hashes.setdefault(user, hashed)  # The first line of a user counts, as in Apache and nginx.
        else:
            bad.append(number)
    if not hashes:
        remedy = "put the output of `htpasswd -nB <user>` into it"
        return Problem("BasicAuthUnusable", f"key auth of the Secret has no line that lets anybody in; {remedy}")
    return Htpasswd(hashes, max(hashes.values(), key=_cost), tuple(bad))


def is_known(hashed: bytes) -> bool:
    """Whether passwords can be compared with a hash."""
    strong = _BCRYPT.fullmatch(hashed)
    if strong is not None:
        return 4 <= int(strong[1]) <= LARGEST_COST
    return bool(_APR1.fullmatch(hashed) or _SHA1.fullmatch(hashed))


def matches(hashed: bytes, password: bytes) -> bool:
    """Whether a hash is of this password. Takes up to a second; the comparison's time tells nothing."""
    if b"\0" in password:
        return False
    if hashed.startswith(b"$2"):
        return bcrypt.checkpw(password[:_BCRYPT_BYTES], hashed)
    if hashed.startswith(b"$apr1$"):
        if len(password) > LONGEST_PASSWORD:
            return False
        salt = hashed.split(b"$")[2]
        return hmac.compare_digest(apr1(password, salt, rest=_rest), hashed)
    digest = hashlib.sha1(password, usedforsecurity=False).digest()  # the format's choice, not ours
    return hmac.compare_digest(b"{SHA}" + base64.b64encode(digest), hashed)


def _rest() -> None:
    """Give the interpreter's lock away for long enough that the event loop gets it."""
    time.sleep(0.0005)


def _cost(hashed: bytes) -> int:
    strong = _BCRYPT.fullmatch(hashed)
    if strong is not None:
        return 10 + int(strong[1])
    return 1 if hashed.startswith(b"$apr1$") else 0
