"""A certificate authority for tests, and what it signs: made by `openssl` when a test needs it, never stored."""

import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path


class NoOpenSsl(Exception):
    """`openssl` is not on PATH, so tests can make no certificates."""


@dataclass(frozen=True, slots=True)
class Certificate:
    """A certificate and its private key, each a PEM file."""

    certificate: Path
    key: Path


class CertificateAuthority:
    """Signs certificates for the loopback address. Its files lie in `folder`."""

    def __init__(self, folder: Path, name: str = "test-ca") -> None:
        """
        Raises:
            NoOpenSsl: there is no `openssl` to make them.
        """
        found = shutil.which("openssl")
        if found is None:
            raise NoOpenSsl(NoOpenSsl.__doc__)
        self._openssl = found
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self.certificate = folder / f"{name}.pem"
        self._key = folder / f"{name}.key"
        self._run("req", "-x509", *_NEW_KEY, "-keyout", self._key, "-out", self.certificate, *_subject(name))

    def sign(self, name: str, *, days: int = 1, organization: str = "") -> Certificate:
        """
        A new certificate for `name`, good for servers and clients at 127.0.0.1 and localhost.

        An API server takes the organization of a client for its group.
        """
        made = Certificate(self._folder / f"{name}.pem", self._folder / f"{name}.key")
        request = self._folder / f"{name}.csr"
        extensions = self._folder / f"{name}.ext"
        extensions.write_text("subjectAltName=IP:127.0.0.1,DNS:localhost\nextendedKeyUsage=serverAuth,clientAuth\n")
        self._run("req", *_NEW_KEY, "-keyout", made.key, "-out", request, *_subject(name, organization))
        signer: list[str | Path] = ["-CA", self.certificate, "-CAkey", self._key, "-CAcreateserial", "-days", str(days)]
        self._run("x509", "-req", "-in", request, "-out", made.certificate, "-extfile", extensions, *signer)
        return made

    def _run(self, *arguments: str | Path) -> None:
        subprocess.run([self._openssl, *arguments], check=True, capture_output=True, timeout=30)


_NEW_KEY = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")


def _subject(name: str, organization: str = "") -> tuple[str, str]:
    return "-subj", f"/O={organization}/CN={name}" if organization else f"/CN={name}"
