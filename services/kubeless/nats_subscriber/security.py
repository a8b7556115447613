"""
How to reach the servers and prove who we are, from settings and a Secret, as one value.

What can be wrong in it is told before anything connects. The value is compared to notice a rotation: seeds and
certificates are part of it as bytes, not as file names.
"""

import re
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from kubeless.core.settings import SettingError
from kubeless.delivery.sources.security import InsufficientSecret, ReadFile, file_of, secret_text, tls_context
from kubeless.nats_subscriber.settings import Settings

_SEED = re.compile(r"S[A-Z2-7]{57}")
"""An NKey seed: prefix, two bytes of checksum and 32 of key in base32."""


@dataclass(frozen=True, slots=True)
class Security:
    """Everything that a connection depends on. At most one of user, token, seed and creds is set."""

    servers: tuple[str, ...]
    tls: bool = False
    """Whether a server without TLS is refused."""
    user: str = ""
    password: str = field(default="", repr=False)
    token: str = field(default="", repr=False)
    seed: str = field(default="", repr=False)
    creds: str = field(default="", repr=False)
    authorities: bytes | None = None
    """PEM; None: those of the system."""
    certificate: bytes | None = field(default=None, repr=False)
    key: bytes | None = field(default=None, repr=False)

    def tls_context(self) -> ssl.SSLContext:
        """For servers that offer TLS. May block for a moment. Raises InsufficientSecret."""
        return tls_context("NATS", authorities=self.authorities, certificate=self.certificate, key=self.key)


def check(settings: Settings, *, secret: bool) -> None:
    """
    Refuse settings that can never work; `secret`: credentials may come from a Secret, which is looked at later.

    Raises SettingError.
    """
    for server in settings.servers:
        if (wrong := _server_problem(server)) is not None:
            raise SettingError(
                "NATS_URL", _without_password(server), problem=wrong, remedy="use nats://host:port or tls://host:port"
            )
    if secret:
        return
    pairs = (
        ("NATS_USER", settings.user, "NATS_PASSWORD", settings.password),
        ("NATS_CERT", settings.cert, "NATS_KEY", settings.key),
    )
    for first, one, second, other in pairs:
        if bool(one) != bool(other):
            name = second if one else first
            raise SettingError(
                name, "", problem="is required with the other of the pair", remedy="give both or neither"
            )
    logins = {
        "NATS_USER": settings.user,
        "NATS_TOKEN": settings.token,
        "NATS_NKEY_SEED": settings.nkey_seed,
        "NATS_CREDS": settings.creds,
    }
    given = [name for name, value in logins.items() if value]
    if len(given) > 1:
        raise SettingError(given[1], "set", problem=f"is given beside {given[0]}", remedy="choose one way to log in")


def read(settings: Settings, secret: Mapping[str, bytes], *, read_file: ReadFile) -> Security:
    """
    What `settings` and the data of the Secret come to. Blocks as long as `read_file` does.

    Raises InsufficientSecret: something is missing. Raises SettingError: a file cannot be read.
    """
    certificate = secret.get("tls.crt") or file_of(settings.cert, "NATS_CERT", read_file)
    key = secret.get("tls.key") or file_of(settings.key, "NATS_KEY", read_file)
    if (certificate is None) != (key is None):
        raise InsufficientSecret(f"tls.crt and tls.key go together; put both into the Secret {settings.secret}")
    tls = settings.enable_tls or any(urlsplit(server).scheme == "tls" for server in settings.servers)
    user, password, token, seed, creds = _login(settings, secret, read_file)
    return Security(
        settings.servers,
        tls=tls,
        user=user,
        password=password,
        token=token,
        seed=seed,
        creds=creds,
        authorities=secret.get("ca.crt") or file_of(settings.ca, "NATS_CA", read_file),
        certificate=certificate,
        key=key,
    )


_Login = tuple[str, str, str, str, str]
"""User, password, token, seed, creds."""


def _login(settings: Settings, secret: Mapping[str, bytes], read_file: ReadFile) -> _Login:
    """The Secret's, if it has any; else the settings'."""
    ours = {name: secret_text(secret, name) for name in ("username", "password", "token", "nkey", "creds")}
    if any(ours.values()):
        user, password, token, seed, creds = ours.values()
    else:
        user, password, token = settings.user, settings.password, settings.token
        seed = (file_of(settings.nkey_seed, "NATS_NKEY_SEED", read_file) or b"").decode(errors="replace").strip()
        creds = (file_of(settings.creds, "NATS_CREDS", read_file) or b"").decode(errors="replace")
    if sum(map(bool, (user, token, seed, creds))) > 1:
        raise InsufficientSecret(
            f"the Secret {settings.secret} has several ways to log in; keep one of username, token, nkey and creds"
        )
    if bool(user) != bool(password):
        raise InsufficientSecret(f"username and password go together; put both into the Secret {settings.secret}")
    if seed and not _SEED.fullmatch(seed):
        raise InsufficientSecret("the NKey seed for NATS is none; give the line that begins with SU")
    if creds and not ("BEGIN NATS USER JWT" in creds and "BEGIN USER NKEY SEED" in creds):
        raise InsufficientSecret("the creds for NATS lack the JWT or the seed; give the file that nsc makes")
    return user, password, token, seed, creds


def _server_problem(server: str) -> str | None:
    try:
        parts = urlsplit(server)
        _ = parts.port
    except ValueError:
        return "is no URL"
    if parts.scheme not in ("nats", "tls"):
        return "has an unknown scheme"
    return None if parts.hostname else "names no host"


def _without_password(server: str) -> str:
    return re.sub(r"//[^@/]*@", "//***@", server)
