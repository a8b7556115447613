"""TLS with certificates from Secrets, as `wget` and `curl` see it."""

import shutil
import subprocess
from pathlib import Path

import pytest

from support.localplatform import LocalPlatform, deploy, eventually
from support.servercertificates import ServerCertificate, make_certificate

ECHO = "def run(event, context):\n    return event['data'] or 'nothing'\n"


@pytest.fixture(scope="module", autouse=True)
def secure(platform: LocalPlatform) -> None:
    """The function behind every route here."""
    deploy(platform, "secure", ECHO)


def program(name: str) -> str:
    found = shutil.which(name)
    if found is None:
        pytest.skip(f"{name} is not on PATH")
    return found


def secret(platform: LocalPlatform, name: str, made: ServerCertificate) -> Path:
    """Put a certificate into a Secret, new or not; gives the file that clients trust."""
    certificate, key = platform.folder / f"{name}.crt", platform.folder / f"{name}.key"
    certificate.write_bytes(made.certificate)
    key.write_bytes(made.key)
    pair = ("--cert", str(certificate), "--key", str(key))
    manifest = platform.kubectl("create", "secret", "tls", name, *pair, "--dry-run=client", "-o", "yaml").stdout
    platform.kubectl("apply", "-f", "-", stdin=manifest)
    return certificate


def port(platform: LocalPlatform) -> str:
    address: str = platform.status["addresses"]["gateway-tls"]
    return address.rpartition(":")[2]


def curl(platform: LocalPlatform, host: str, trust: Path) -> tuple[int, str]:
    """Exit code and output."""
    there = ("--resolve", f"{host}:{port(platform)}:127.0.0.1", f"https://{host}:{port(platform)}/")
    command = [program("curl"), "-sS", "--max-time", "10", "--cacert", str(trust), "-d", f"to {host}", *there]
    done = subprocess.run(command, capture_output=True, text=True, timeout=20)
    return done.returncode, done.stdout


def wget(platform: LocalPlatform, trust: Path) -> tuple[int, str]:
    """As above, for localhost: wget cannot be told an address for a name."""
    where = ("--post-data=by wget", f"https://localhost:{port(platform)}/")
    command = [program("wget"), "-q", "-T", "10", "-t", "1", "-O", "-", "--ca-certificate", str(trust), *where]
    done = subprocess.run(command, capture_output=True, text=True, timeout=20)
    return done.returncode, done.stdout


def tls_route(platform: LocalPlatform, name: str, host: str) -> None:
    """A route with a certificate; Secret and route have the same name."""
    arguments = ("--function-name", "secure", "--hostname", host, "--tls-secret", name)
    platform.kubeless("trigger", "http", "create", name, *arguments)


def test_each_host_has_its_certificate_and_a_new_one_holds_at_once(platform: LocalPlatform) -> None:
    one, two = make_certificate("one.example.com"), make_certificate("two.example.com")
    trust = {name: secret(platform, name, made) for name, made in (("one", one), ("two", two))}
    for name in trust:
        tls_route(platform, name, f"{name}.example.com")
    for name, file in trust.items():
        host = f"{name}.example.com"
        eventually(lambda host=host, file=file: curl(platform, host, file) == (0, f"to {host}"))  # type: ignore[misc]
    not_trusted = 60
    assert curl(platform, "one.example.com", trust["two"])[0] == not_trusted
    refused_in_handshake = 35
    assert curl(platform, "three.example.com", trust["one"])[0] == refused_in_handshake

    secret(platform, "one", make_certificate("one.example.com", serial=2))
    eventually(lambda: curl(platform, "one.example.com", trust["one"]) == (0, "to one.example.com"), within=5)
    old = platform.folder / "old.crt"
    old.write_bytes(one.certificate)
    assert curl(platform, "one.example.com", old)[0] == not_trusted
    assert curl(platform, "two.example.com", trust["two"])[0] == 0


def test_wget_trusts_what_the_secret_holds(platform: LocalPlatform) -> None:
    trust = secret(platform, "local", make_certificate("localhost"))
    other = platform.folder / "other.crt"
    other.write_bytes(make_certificate("localhost", serial=3).certificate)
    tls_route(platform, "local", "localhost")
    eventually(lambda: wget(platform, trust) == (0, "by wget"))
    ssl_verification_failure = 5
    assert wget(platform, other)[0] == ssl_verification_failure
    platform.kubeless("trigger", "http", "delete", "local")  # other tests may ask for localhost


def test_a_certificate_that_does_not_work_is_named_until_it_does(platform: LocalPlatform) -> None:
    made = make_certificate("mended.example.com")
    broken = {"tls.crt": made.certificate.decode(), "tls.key": make_certificate("other.example.com").key.decode()}
    literals = [f"--from-literal={key}={value}" for key, value in broken.items()]
    platform.kubectl("create", "secret", "generic", "mended", *literals)
    tls_route(platform, "mended", "mended.example.com")

    def says(status: str, reason: str) -> bool:
        path = "jsonpath={range .status.conditions[?(@.type=='TLSReady')]}{.status} {.reason}{end}"
        return platform.kubectl("get", "httptrigger/mended", "-o", path).stdout == f"{status} {reason}"

    eventually(lambda: says("False", "CertificateUnusable"))
    assert platform.http("GET", "/", host="mended.example.com").status == 503
    platform.kubectl("delete", "secret", "mended")
    eventually(lambda: says("False", "SecretMissing"))
    trust = secret(platform, "mended", made)
    eventually(lambda: curl(platform, "mended.example.com", trust) == (0, "to mended.example.com"))
    eventually(lambda: says("True", "CertificateLoaded"))
