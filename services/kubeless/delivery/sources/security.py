"""What settings and Secrets for a broker consist of: texts, files, and certificates for TLS."""

import os
import ssl
import tempfile
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path

from kubeless.core.errors import InvalidInput
from kubeless.core.settings import SettingError

ReadFile = Callable[[Path], bytes]


class InsufficientSecret(InvalidInput):
    """The credentials for a broker cannot be used."""

    retriable = True


def secret_text(secret: Mapping[str, bytes], name: str) -> str:
    """A value of a Secret as text; empty if it has none. A line end that an editor left does not count."""
    return secret.get(name, b"").decode(errors="replace").strip("\r\n")


def file_of(path: Path | None, variable: str, read_file: ReadFile) -> bytes | None:
    """What is in the file that a setting names, if it does. Raises SettingError."""
    if path is None:
        return None
    try:
        return read_file(path)
    except OSError as error:
        raise SettingError(
            variable, str(path), problem=f"cannot be read ({error.strerror})", remedy="name a file that can"
        ) from error


def tls_context(
    broker: str, *, authorities: bytes | None, certificate: bytes | None, key: bytes | None
) -> ssl.SSLContext:
    """
    How to speak TLS to a broker, from PEM; no authorities: those of the system. May block for a moment.

    Raises InsufficientSecret.
    """
    try:
        context = ssl.create_default_context(cadata=None if authorities is None else authorities.decode())
        if certificate is not None and key is not None:
            _load_pair(context, certificate, key)
    except (ssl.SSLError, ValueError) as error:
        raise InsufficientSecret(
            f"the certificates for {broker} cannot be read ({error}); give PEM, and the key that fits the certificate"
        ) from error
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
