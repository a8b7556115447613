"""
What `nsc` makes for a NATS server in operator mode: an operator, accounts that it signs, and users of an account.

Tokens are JSON Web Tokens signed by NKeys (ADR-14); the server's settings and a user's file of credentials hold them.
"""

import base64
import json
import secrets
import time
from typing import Any

import nkeys

_UNLIMITED = dict.fromkeys(("subs", "data", "payload", "imports", "exports", "conn", "leaf"), -1)
_STORAGE = dict.fromkeys(("mem_storage", "disk_storage", "streams", "consumer"), -1)


class Issuer:
    """A key that signs: an operator, an account or a user."""

    def __init__(self, prefix: int) -> None:
        """`prefix` is one of `nkeys.PREFIX_BYTE_*`."""
        self.seed: bytes = bytes(nkeys.encode_seed(secrets.token_bytes(32), prefix))
        self._pair = nkeys.from_seed(bytearray(self.seed))
        self.public: str = self._pair.public_key.decode()

    def sign(self, subject: "Issuer", kind: str, claims: dict[str, Any]) -> str:
        """A token about `subject`."""
        body = {
            "jti": secrets.token_hex(16),
            "iat": int(time.time()),
            "iss": self.public,
            "name": kind,
            "sub": subject.public,
            "nats": {**claims, "type": kind, "version": 2},
        }
        text = f"{_encoded(json.dumps({'typ': 'JWT', 'alg': 'ed25519-nkey'}).encode())}.{_encoded(_json(body))}"
        return f"{text}.{_encoded(self._pair.sign(text.encode()))}"


class Operator:
    """An operator with the account of the system and one for users, who may use JetStream."""

    def __init__(self) -> None:
        self._operator = Issuer(nkeys.PREFIX_BYTE_OPERATOR)
        self._system = Issuer(nkeys.PREFIX_BYTE_ACCOUNT)
        self._account = Issuer(nkeys.PREFIX_BYTE_ACCOUNT)

    def config(self) -> str:
        """The lines of the server's configuration."""
        operator = self._operator.sign(self._operator, "operator", {"system_account": self._system.public})
        accounts = {
            self._system.public: self._operator.sign(self._system, "account", {"limits": _UNLIMITED}),
            self._account.public: self._operator.sign(self._account, "account", {"limits": _UNLIMITED | _STORAGE}),
        }
        preload = ", ".join(f"{public}: {token}" for public, token in accounts.items())
        return (
            f"operator: {operator}\nsystem_account: {self._system.public}\nresolver: MEMORY\n"
            f"resolver_preload: {{ {preload} }}"
        )

    def credentials(self) -> str:
        """The file of credentials of a new user."""
        user = Issuer(nkeys.PREFIX_BYTE_USER)
        token = self._account.sign(user, "user", dict.fromkeys(("subs", "data", "payload"), -1))
        return (
            f"-----BEGIN NATS USER JWT-----\n{token}\n------END NATS USER JWT------\n\n"
            f"-----BEGIN USER NKEY SEED-----\n{user.seed.decode()}\n------END USER NKEY SEED------\n"
        )


def _json(value: dict[str, Any]) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()


def _encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
