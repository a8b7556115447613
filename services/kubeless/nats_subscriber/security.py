"""
How to reach the servers and prove who we are, from settings and a Secret, as one value.

What can be wrong in it is told before anything connects. The value is compared to notice a rotation: seeds and
certificates are part of it as bytes, not as file names.
"""

import os
import re
import ssl
import tempfile
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from kubeless.core.errors import InvalidInput
from kubeless.core.settings import SettingError
from kubeless.nats_subscriber.settings import Settings

_SEED = re.compile(r"S[A-Z2-7]{57}")
"""An NKey seed: prefix, two bytes of checksum and 32 of key in base32."""


class InsufficientSecret(InvalidInput):
    """The credentials for NATS cannot be used."""

    retriable = True


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
        try:
            data = None if self.authorities is None else self.authorities.decode()
            context = ssl.create_default_context(cadata=data)
            if self.certificate is not None and self.key is not None:
                _load_pair(context, self.certificate, self.key)
        except (ssl.SSLError, ValueError) as error:
            raise InsufficientSecret(
                f"the certificates for NATS cannot be read ({error}); give PEM, and the key that fits the certificate"
            ) from error
        return context


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


def read(settings: Settings, secret: Mapping[str, bytes], *, read_file: Callable[[Path], bytes]) -> Security:
    """
    What `settings` and the data of the Secret come to. Blocks as long as `read_file` does.

    Raises InsufficientSecret: something is missing. Raises SettingError: a file cannot be read.
    """
    certificate = secret.get("tls.crt") or _file(settings.cert, "NATS_CERT", read_file)
    key = secret.get("tls.key") or _file(settings.key, "NATS_KEY", read_file)
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
        authorities=secret.get("ca.crt") or _file(settings.ca, "NATS_CA", read_file),
        certificate=certificate,
        key=key,
    )


_Login = tuple[str, str, str, str, str]
"""User, password, token, seed, creds."""


def _login(settings: Settings, secret: Mapping[str, bytes], read_file: Callable[[Path], bytes]) -> _Login:
    """The Secret's, if it has any; else the settings'."""
    ours = {name: _text(secret, name) for name in ("username", "password", "token", "nkey", "creds")}
    if any(ours.values()):
        user, password, token, seed, creds = ours.values()
    else:
        user, password, token = settings.user, settings.password, settings.token
        seed = (_file(settings.nkey_seed, "NATS_NKEY_SEED", read_file) or b"").decode(errors="replace").strip()
        creds = (_file(settings.creds, "NATS_CREDS", read_file) or b"").decode(errors="replace")
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


def _load_pair(context: ssl.SSLContext, certificate: bytes, key: bytes) -> None:
    """The ssl module takes a certificate and its key from files only: ours exists for a moment, for us alone."""
    descriptor, name = tempfile.mkstemp(prefix="kubeless-")
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(key.rstrip() + b"\n" + certificate)
        context.load_cert_chain(name)
    finally:
        with suppress(FileNotFoundError):
            Path(name).unlink()


def _text(secret: Mapping[str, bytes], name: str) -> str:
    return secret.get(name, b"").decode(errors="replace").strip("\r\n")


def _file(path: Path | None, name: str, read_file: Callable[[Path], bytes]) -> bytes | None:
    if path is None:
        return None
    try:
        return read_file(path)
    except OSError as error:
        raise SettingError(
            name, str(path), problem=f"cannot be read ({error.strerror})", remedy="name a file that can"
        ) from error
