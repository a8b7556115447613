"""
How to reach the brokers and prove who we are, from settings and a Secret, as one value.

What can be wrong in it is told before anything connects, in the words of the Go controller where it had some. The value
is compared to notice a rotation: certificates are part of it as bytes, not as file names.
"""

import os
import ssl
import tempfile
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from kubeless.core.errors import InvalidInput
from kubeless.core.settings import SettingError
from kubeless.kafka_consumer.settings import Settings

MECHANISMS = ("PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512")

CLIENT_ID = "kubeless-kafka-trigger-controller"


class InsufficientSecret(InvalidInput):
    """The Secret with the credentials for Kafka cannot be used."""

    retriable = True


@dataclass(frozen=True, slots=True)
class Security:
    """Everything that a connection to the cluster depends on."""

    brokers: tuple[str, ...]
    tls: bool = False
    verify: bool = True
    authorities: bytes | None = None
    """PEM; None: those of the system."""
    certificate: bytes | None = field(default=None, repr=False)
    key: bytes | None = field(default=None, repr=False)
    mechanism: str = ""
    """Empty: no login."""
    username: str = ""
    password: str = field(default="", repr=False)

    @property
    def protocol(self) -> str:
        """Kafka's name for the combination."""
        words = (["SASL"] if self.mechanism else []) + (
            ["SSL"] if self.tls else ["PLAINTEXT"] if self.mechanism else []
        )
        return "_".join(words) or "PLAINTEXT"

    def client_options(self) -> dict[str, Any]:
        """Keyword arguments of every client of aiokafka; reads no files but makes one for a moment. May block."""
        options: dict[str, Any] = {
            "bootstrap_servers": list(self.brokers),
            "client_id": CLIENT_ID,
            "security_protocol": self.protocol,
        }
        if self.tls:
            options["ssl_context"] = self._tls_context()
        if self.mechanism:
            options["sasl_mechanism"] = self.mechanism
            options["sasl_plain_username"] = self.username
            options["sasl_plain_password"] = self.password
        return options

    def _tls_context(self) -> ssl.SSLContext:
        try:
            data = None if self.authorities is None else self.authorities.decode()
            context = ssl.create_default_context(cadata=data)
            if self.certificate is not None and self.key is not None:
                _load_pair(context, self.certificate, self.key)
        except (ssl.SSLError, ValueError) as error:
            raise InsufficientSecret(
                f"the certificates for Kafka cannot be read ({error}); give PEM, and the key that fits the certificate"
            ) from error
        if not self.verify:
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
        return context


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


def check(settings: Settings, *, secret: bool) -> None:
    """
    Refuse settings that can never work; `secret`: credentials may come from a Secret, which is looked at later.

    Raises SettingError.
    """
    if settings.sasl_mechanism not in MECHANISMS:
        raise SettingError(
            "KAFKA_SASL_MECHANISM",
            settings.sasl_mechanism,
            problem="is unknown",
            remedy=f"use one of {', '.join(MECHANISMS)}",
        )
    if settings.enable_sasl and not secret and not (settings.username and settings.password):
        name = "KAFKA_PASSWORD" if settings.username else "KAFKA_USERNAME"
        raise SettingError(
            name, "", problem="username and password is mandatory", remedy="set both, or turn KAFKA_ENABLE_SASL off"
        )
    if not secret and (settings.cert is None) != (settings.key is None):
        name = "KAFKA_KEY" if settings.key is None else "KAFKA_CERT"
        raise SettingError(name, "", problem="is required with the other of the pair", remedy="give both or neither")


def read(settings: Settings, secret: Mapping[str, bytes], *, read_file: Callable[[Path], bytes]) -> Security:
    """
    What `settings` and the data of the Secret come to. Blocks as long as `read_file` does.

    Raises InsufficientSecret: something is missing. Raises SettingError: a file cannot be read.
    """
    mechanism = settings.sasl_mechanism if settings.enable_sasl else ""
    username = _text(secret, "username") or settings.username
    password = _text(secret, "password") or settings.password
    if mechanism and not (username and password):
        raise InsufficientSecret(
            f"username and password is mandatory with SASL; put both into the Secret {settings.secret}"
        )
    if not settings.enable_tls:
        return Security(settings.brokers, mechanism=mechanism, username=username, password=password)
    certificate = secret.get("tls.crt") or _file(settings.cert, "KAFKA_CERT", read_file)
    key = secret.get("tls.key") or _file(settings.key, "KAFKA_KEY", read_file)
    if (certificate is None) != (key is None):
        raise InsufficientSecret(f"tls.crt and tls.key go together; put both into the Secret {settings.secret}")
    return Security(
        settings.brokers,
        tls=True,
        verify=not settings.insecure,
        authorities=secret.get("ca.crt") or _file(settings.ca_certs, "KAFKA_CACERTS", read_file),
        certificate=certificate,
        key=key,
        mechanism=mechanism,
        username=username,
        password=password,
    )


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
