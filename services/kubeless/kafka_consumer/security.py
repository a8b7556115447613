"""
How to reach the brokers and prove who we are, from settings and a Secret, as one value.

What can be wrong in it is told before anything connects, in the words of the Go controller where it had some. The value
is compared to notice a rotation: certificates are part of it as bytes, not as file names.
"""

import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from kubeless.core.settings import SettingError
from kubeless.delivery.sources.security import InsufficientSecret, ReadFile, file_of, secret_text, tls_context
from kubeless.kafka_consumer.settings import Settings

MECHANISMS = ("PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512")

CLIENT_ID = "kubeless-kafka-trigger-controller"


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
        context = tls_context("Kafka", authorities=self.authorities, certificate=self.certificate, key=self.key)
        if not self.verify:
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
        return context


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


def read(settings: Settings, secret: Mapping[str, bytes], *, read_file: ReadFile) -> Security:
    """
    What `settings` and the data of the Secret come to. Blocks as long as `read_file` does.

    Raises InsufficientSecret: something is missing. Raises SettingError: a file cannot be read.
    """
    mechanism = settings.sasl_mechanism if settings.enable_sasl else ""
    username = secret_text(secret, "username") or settings.username
    password = secret_text(secret, "password") or settings.password
    if mechanism and not (username and password):
        raise InsufficientSecret(
            f"username and password is mandatory with SASL; put both into the Secret {settings.secret}"
        )
    if not settings.enable_tls:
        return Security(settings.brokers, mechanism=mechanism, username=username, password=password)
    certificate = secret.get("tls.crt") or file_of(settings.cert, "KAFKA_CERT", read_file)
    key = secret.get("tls.key") or file_of(settings.key, "KAFKA_KEY", read_file)
    if (certificate is None) != (key is None):
        raise InsufficientSecret(f"tls.crt and tls.key go together; put both into the Secret {settings.secret}")
    return Security(
        settings.brokers,
        tls=True,
        verify=not settings.insecure,
        authorities=secret.get("ca.crt") or file_of(settings.ca_certs, "KAFKA_CACERTS", read_file),
        certificate=certificate,
        key=key,
        mechanism=mechanism,
        username=username,
        password=password,
    )
