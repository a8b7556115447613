"""The scripts of the first steps do what they say in a real shell, and nothing a person typed is read as shell."""

import base64
import hashlib
import http.server
import io
import shutil
import subprocess
import tarfile
import threading
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from kubeless.controller.desired.scripts import CHECK_DEPS, PREPARE

CODE = b"def run(event, context):\n    return 'ok'\n"


def digest(content: bytes) -> str:
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


class Pod:
    """The folders a prepare step sees."""

    def __init__(self, root: Path) -> None:
        self.volume, self.src = root / "kubeless", root / "src"
        self.volume.mkdir()
        self.src.mkdir()

    def prepare(
        self,
        content: bytes,
        *,
        kind: str = "",
        checksum: str = "",
        source: str = "",
        key: str = "app.py",
        deps: str = "",
    ) -> subprocess.CompletedProcess[str]:
        (self.src / key).write_bytes(content)
        env = {
            "PATH": "/usr/bin:/bin",
            "FUNC_CONTENT_TYPE": kind,
            "FUNC_CHECKSUM": checksum,
            "FUNC_SOURCE": source or str(self.src / key),
            "FUNC_TARGET": str(self.volume / "app.py"),
            "FUNC_DEPS": deps,
            "KUBELESS_INSTALL_VOLUME": str(self.volume),
        }
        return subprocess.run(["sh", "-c", PREPARE], env=env, capture_output=True, text=True, timeout=30)

    def files(self) -> dict[str, bytes]:
        return {path.name: path.read_bytes() for path in self.volume.iterdir()}


@pytest.fixture
def pod(tmp_path: Path) -> Pod:
    return Pod(tmp_path)


def zipped() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("app.py", CODE)
        archive.writestr("requirements.txt", "from the archive")
    return buffer.getvalue()


def tarred() -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        member = tarfile.TarInfo("app.py")
        member.size = len(CODE)
        archive.addfile(member, io.BytesIO(CODE))
    return buffer.getvalue()


def test_text_is_put_in_place_and_nothing_is_left_behind(pod: Pod) -> None:
    assert pod.prepare(CODE, checksum=digest(CODE)).returncode == 0
    assert pod.files() == {"app.py": CODE}


def test_base64_is_decoded_before_its_checksum_is_checked(pod: Pod) -> None:
    assert (
        pod.prepare(
            base64.b64encode(CODE), kind="base64", checksum=digest(CODE).upper().replace("SHA", "sha")
        ).returncode
        == 0
    )
    assert pod.files() == {"app.py": CODE}


@pytest.mark.skipif(shutil.which("unzip") is None, reason="needs unzip")
def test_a_zip_archive_is_unpacked_and_keeps_its_own_dependency_file(pod: Pod) -> None:
    assert pod.prepare(base64.b64encode(zipped()), kind="base64+zip+deps", checksum=digest(zipped())).returncode == 0
    assert pod.files() == {"app.py": CODE, "requirements.txt": b"from the archive"}


def test_a_tar_archive_is_unpacked(pod: Pod) -> None:
    assert pod.prepare(base64.b64encode(tarred()), kind="base64+compressedtar").returncode == 0
    assert pod.files() == {"app.py": CODE}


def test_the_dependency_file_is_copied(pod: Pod) -> None:
    deps = pod.src / "requirements.txt"
    deps.write_text("six")
    assert pod.prepare(CODE, deps=str(deps)).returncode == 0
    assert pod.files() == {"app.py": CODE, "requirements.txt": b"six"}


def test_a_wrong_checksum_is_the_last_word(pod: Pod) -> None:
    done = pod.prepare(CODE, checksum=digest(b"other"))
    assert done.returncode != 0
    said = f"checksum mismatch: the source is {digest(CODE)}, spec.checksum says {digest(b'other')}"
    assert done.stderr.splitlines()[-1] == said
    assert pod.files() == {}


@pytest.mark.parametrize(
    ("kind", "said"), [("base64", "is not base64"), ("text+compressedtar", "is not a tar archive that can be unpacked")]
)
def test_what_cannot_be_unpacked_is_the_last_word(pod: Pod, kind: str, said: str) -> None:
    done = pod.prepare(b"\x00not it", kind=kind)
    assert done.returncode != 0
    assert said in done.stderr.splitlines()[-1]


@pytest.mark.parametrize("name", ["$(touch owned)", "`touch owned`", "'; touch owned; '", "-rf", "a b*"])
def test_hostile_names_are_only_names(pod: Pod, name: str) -> None:
    done = pod.prepare(CODE, key=f"{name}.py", checksum=digest(CODE))
    assert done.returncode == 0, done.stderr
    assert pod.files() == {"app.py": CODE}


@pytest.fixture
def web() -> Iterator[str]:
    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:  # the name that http.server calls
            self.send_response(200 if self.path == "/app.py" else 404)
            self.end_headers()
            self.wfile.write(CODE)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 # as in the parent
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()
        thread.join()


@pytest.mark.skipif(shutil.which("curl") is None, reason="needs curl")
def test_a_url_is_downloaded(pod: Pod, web: str) -> None:
    assert pod.prepare(b"", kind="url", source=f"{web}/app.py", checksum=digest(CODE)).returncode == 0
    assert pod.files()["app.py"] == CODE


@pytest.mark.skipif(shutil.which("curl") is None, reason="needs curl")
@pytest.mark.parametrize("path", ["/absent", None])
def test_a_url_that_gives_nothing_is_the_last_word(pod: Pod, web: str, path: str | None) -> None:
    source = f"{web}{path}" if path else f"file://{pod.src}/app.py"
    done = pod.prepare(CODE, kind="url", source=source)
    assert done.returncode != 0
    assert done.stderr.splitlines()[-1] == f"cannot download {source}"
    assert "app.py" not in pod.files()


@pytest.mark.parametrize(("content", "code"), [(b"six", 0), (b"tampered", 1)])
def test_dependencies_are_checked_before_they_are_installed(tmp_path: Path, content: bytes, code: int) -> None:
    deps = tmp_path / "requirements.txt"
    deps.write_bytes(content)
    env = {"PATH": "/usr/bin:/bin", "KUBELESS_DEPS_FILE": str(deps), "FUNC_DEPS_CHECKSUM": digest(b"six")}
    done = subprocess.run(
        ["sh", "-c", f"{CHECK_DEPS}echo installing"], env=env, capture_output=True, text=True, timeout=30
    )
    assert done.returncode == code
    assert ("installing" in done.stdout) is (code == 0)
