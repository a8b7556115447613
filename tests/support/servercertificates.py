"""Self-signed certificates for names, made by `openssl` when a test needs them."""

import shutil
import ssl
import subprocess
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest


@dataclass(frozen=True, slots=True)
class ServerCertificate:
    """As PEM."""

    certificate: bytes
    key: bytes

    @property
    def trust(self) -> ssl.SSLContext:
        """A client that trusts this certificate and no other, and checks the name."""
        return ssl.create_default_context(cadata=self.certificate.decode())


@cache
def make_certificate(*names: str, days: int = 1, serial: int = 1) -> ServerCertificate:
    """A certificate for host names; another `serial` gives another one. Skips the test where there is no `openssl`."""
    program = _openssl()
    alternatives = ",".join(f"DNS:{name}" for name in names)
    with TemporaryDirectory() as folder:
        certificate, key = Path(folder) / "tls.crt", Path(folder) / "tls.key"
        subprocess.run(
            [
                *(program, "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"),
                *("-subj", f"/CN={names[0]}", "-addext", f"subjectAltName={alternatives}"),
                *("-set_serial", str(serial), "-days", str(days), "-keyout", key, "-out", certificate),
            ],
            check=True,
            capture_output=True,
            timeout=30,
        )
        return ServerCertificate(certificate.read_bytes(), key.read_bytes())


def encrypt_key(key: bytes) -> bytes:
    """The same key, of no use without a password."""
    command = [_openssl(), "pkcs8", "-topk8", "-passout", "pass:x"]
    return subprocess.run(command, input=key, check=True, capture_output=True, timeout=30).stdout


def _openssl() -> str:
    program = shutil.which("openssl")
    if program is None:
        pytest.skip("openssl is not on PATH")
    return program
