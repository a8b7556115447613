"""
Apache Kafka's own jars, for tests that want the real broker or the Java client.

They come from Maven once and are kept outside the tree, in `KUBELESS_TEST_CACHE`, else in `kubeless-tests` below
`XDG_CACHE_HOME` or `~/.cache`. Several test runs may ask at the same time: one fetches, the others wait, and a fetch
that fails leaves nothing behind.
"""

import fcntl
import functools
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

VERSION = "4.1.1"
"""The version of Apache Kafka that tests run."""

_MIN_JAVA = 17
_FETCH_TIMEOUT = 300.0

_POM = f"""\
<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>test</groupId>
  <artifactId>kafka</artifactId>
  <version>1</version>
  <dependencies>
    <dependency>
      <groupId>org.apache.kafka</groupId>
      <artifactId>kafka_2.13</artifactId>
      <version>{VERSION}</version>
    </dependency>
    <dependency>
      <groupId>org.apache.logging.log4j</groupId>
      <artifactId>log4j-slf4j-impl</artifactId>
      <version>2.24.3</version>
    </dependency>
  </dependencies>
</project>
"""


class KafkaUnavailable(Exception):
    """Apache Kafka cannot run on this machine; the message says why."""


@functools.cache
def kafka_jars() -> Path:
    """
    The folder with the jars of Kafka and all it needs, fetched if this is the first time.

    Raises:
        KafkaUnavailable: no Java 17 or newer, or the jars are not cached and cannot be fetched.
    """
    _check_java()
    folder = cache_folder() / f"kafka-{VERSION}"
    if not folder.is_dir():
        with _locked(folder.with_suffix(".lock")):
            if not folder.is_dir():  # another run may have fetched them while we waited
                _fetch(folder)
    return folder


def cache_folder() -> Path:
    """Where tests keep what they fetch."""
    named = os.environ.get("KUBELESS_TEST_CACHE")
    if named:
        return Path(named)
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "kubeless-tests"


def java_program(name: str = "java") -> str:
    """
    The path of a program of the JDK.

    Raises:
        KafkaUnavailable: it is not on PATH.
    """
    program = shutil.which(name)
    if program is None:
        raise KafkaUnavailable(f"{name} is not on PATH; install a JDK from {_MIN_JAVA} on")
    return program


def _check_java() -> None:
    told = subprocess.run([java_program(), "-version"], capture_output=True, text=True, timeout=30).stderr
    found = re.search(r'version "(\d+)', told)
    if found is None or int(found[1]) < _MIN_JAVA:
        raise KafkaUnavailable(f"Apache Kafka needs Java {_MIN_JAVA} or newer, got {told.splitlines()[:1]}")


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _fetch(folder: Path) -> None:
    maven = shutil.which("mvn")
    if maven is None:
        raise KafkaUnavailable(f"mvn is not on PATH and {folder} does not exist; install Maven to fetch Apache Kafka")
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=f"{folder.name}.") as unfinished:
        (Path(unfinished) / "pom.xml").write_text(_POM)
        command = [maven, "--quiet", "--batch-mode", "dependency:copy-dependencies"]
        arguments = ["-DoutputDirectory=jars", "-DincludeScope=runtime"]
        try:
            subprocess.run(
                [*command, *arguments],
                cwd=unfinished,
                check=True,
                capture_output=True,
                text=True,
                timeout=_FETCH_TIMEOUT,
            )
        except (subprocess.CalledProcessError, subprocess.TimeoutExpired) as error:
            told = str(error.stdout or "")[-500:]
            raise KafkaUnavailable(f"Maven could not fetch Apache Kafka {VERSION}: {error}\n{told}") from error
        (Path(unfinished) / "jars").rename(folder)
