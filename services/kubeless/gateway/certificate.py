"""
A certificate and its key, from a Secret of type kubernetes.io/tls to something that can answer handshakes.

Python reads certificates from files only. They are files in memory where the system has those: a private key is not
written to a disk, and a pod with a read-only file system can serve TLS.
"""

import os
import re
import ssl
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

from kubeless.core.errors import InvalidInput
from kubeless.gateway.problem import Problem
from kubeless.gateway.secretwatch import Secret

_BLOCK = re.compile(rb"-----BEGIN CERTIFICATE-----.+?-----END CERTIFICATE-----", re.DOTALL)
_UTC_TIME, _GENERALIZED_TIME, _VERSION = 0x17, 0x18, 0xA0


class BadCertificate(InvalidInput):
    """A certificate cannot be read."""


@dataclass(frozen=True, slots=True)
class Certificate:
    """Loaded and ready for handshakes."""

    context: ssl.SSLContext
    not_before: datetime
    not_after: datetime

    def problem(self, now: datetime) -> Problem | None:
        """What is the matter with it at a time. It is served all the same: clients decide whom they trust."""
        if now >= self.not_after:
            message = f"the certificate expired at {self.not_after:%Y-%m-%dT%H:%M:%SZ}; renew it"
            return Problem("CertificateExpired", message)
        if now < self.not_before:
            message = f"the certificate is not valid before {self.not_before:%Y-%m-%dT%H:%M:%SZ}; wait, or renew it"
            return Problem("CertificateNotYetValid", message)
        return None


def load_certificate(secret: Secret) -> Certificate | Problem:
    """A certificate from a Secret, or why it cannot be used."""
    chain, key = secret.data.get("tls.crt", b""), secret.data.get("tls.key", b"")
    if not chain or not key:
        remedy = "make it with `kubectl create secret tls`"
        return Problem("CertificateIncomplete", f"the Secret needs the keys tls.crt and tls.key; {remedy}")
    try:
        not_before, not_after = validity(chain)
        context = server_context()
        with _file(chain) as chain_path, _file(key) as key_path:
            # Without a password of ours OpenSSL would ask for one on the terminal.
            context.load_cert_chain(chain_path, key_path, password=_no_password)
    except (BadCertificate, ssl.SSLError, OSError, ValueError) as error:
        remedy = "put the certificate, then its chain, and the matching unencrypted key into it, all as PEM"
        return Problem("CertificateUnusable", f"tls.crt and tls.key of the Secret do not work: {error}; {remedy}")
    return Certificate(context, not_before, not_after)


def server_context() -> ssl.SSLContext:
    """What all handshakes have in common: TLS 1.2 or newer, HTTP/1.1."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.options |= ssl.OP_NO_RENEGOTIATION | ssl.OP_NO_COMPRESSION
    context.set_alpn_protocols(["http/1.1"])
    return context


def validity(pem: bytes) -> tuple[datetime, datetime]:
    """
    From when to when the first certificate of a PEM text is valid (RFC 5280 4.1.2.5).

    Raises BadCertificate.
    """
    block = _BLOCK.search(pem)
    if block is None:
        raise BadCertificate("tls.crt holds no PEM certificate")
    try:
        der = ssl.PEM_cert_to_DER_cert(block[0].decode("ascii"))
        _, at, _ = _element(der, 0)  # Certificate
        _, at, _ = _element(der, at)  # TBSCertificate
        tag, _, end = _element(der, at)
        if tag == _VERSION:
            _, _, end = _element(der, end)
        for _ in ("signature", "issuer"):
            _, _, end = _element(der, end)
        _, at, _ = _element(der, end)
        tag, start, end = _element(der, at)
        not_before = _time(tag, der[start:end])
        tag, start, end = _element(der, end)
        return not_before, _time(tag, der[start:end])
    except (IndexError, ValueError) as error:
        raise BadCertificate("tls.crt holds no X.509 certificate") from error


def _element(der: bytes, at: int) -> tuple[int, int, int]:
    """Tag, start and end of the value of the DER element at a position."""
    tag, length, start = der[at], der[at + 1], at + 2
    if length & 0x80:
        count = length & 0x7F
        length = int.from_bytes(der[start : start + count], "big")
        start += count
    if start + length > len(der):
        raise IndexError
    return tag, start, start + length


def _time(tag: int, value: bytes) -> datetime:
    text = value.decode("ascii")
    if tag == _UTC_TIME:
        # Two digits of the year; from 50 on they are of the last century (RFC 5280 4.1.2.5.1).
        text = ("19" if int(text[:2]) >= 50 else "20") + text
    elif tag != _GENERALIZED_TIME:
        raise ValueError(tag)
    return datetime.strptime(text, "%Y%m%d%H%M%SZ").replace(tzinfo=UTC)


def _no_password() -> str:
    raise BadCertificate("the key is encrypted")


@contextmanager
def _file(content: bytes) -> Iterator[str]:
    if not hasattr(os, "memfd_create"):
        with tempfile.NamedTemporaryFile() as file:
            file.write(content)
            file.flush()
            yield file.name
        return
    descriptor = os.memfd_create("certificate", os.MFD_CLOEXEC)
    try:
        with os.fdopen(os.dup(descriptor), "wb") as file:
            file.write(content)
        yield f"/proc/self/fd/{descriptor}"
    finally:
        os.close(descriptor)
