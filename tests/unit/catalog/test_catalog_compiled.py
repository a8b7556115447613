"""Go and Java are found on this machine, in the version that is asked for or the nearest."""

from pathlib import Path

import pytest

from kubeless.runtimes.catalog import resolve
from kubeless.runtimes.localruntime import RuntimeNotAvailable, Which
from kubeless.runtimes.locate import locate


def machine(folder: Path, **programs: str) -> Which:
    """A machine where these programs say these versions; `java_11` is the javac of that version in Debian's folder."""
    paths = {}
    for index, (name, words) in enumerate(programs.items()):
        program = folder / str(index) / name
        program.parent.mkdir()
        program.write_text(f"#!/bin/sh\necho '{words}'\n")
        program.chmod(0o755)
        paths[name] = str(program)

    def which(name: str) -> str | None:
        wanted = name.removeprefix("/usr/lib/jvm/").partition("-openjdk")[0].replace("-", "_").replace(".", "_")
        return paths.get(wanted)

    return which


def test_javac_of_java_8_is_version_8(tmp_path: Path) -> None:
    found = locate(resolve("java1.8"), which=machine(tmp_path, javac="javac 1.8.0_292"))
    assert (found.version, found.warning) == ("8.0", None)


def test_the_java_that_is_asked_for_wins_over_the_one_on_path(tmp_path: Path) -> None:
    which = machine(tmp_path, java_11="javac 11.0.2", javac="javac 17.0.15")
    assert locate(resolve("java11"), which=which).version == "11.0.2"
    assert locate(resolve("java17"), which=which).version == "17.0.15"


def test_the_nearest_java_is_taken_with_a_warning(tmp_path: Path) -> None:
    found = locate(resolve("jvm25"), which=machine(tmp_path, java_11="javac 11.0.2", javac="javac 17.0.15"))
    assert found.warning == "jvm25 is not installed on this machine; the function runs on Java 17.0.15"


def test_java_and_javac_are_of_the_same_version(tmp_path: Path) -> None:
    found = locate(resolve("java17"), which=machine(tmp_path, javac="javac 17.0.15"))
    assert found.interpreter == str(tmp_path / "0" / "java")
    assert found.env["KUBELESS_JAVA"] == found.interpreter
    assert found.interpreter in found.run


def test_a_go_that_is_too_old_is_told_what_is_needed(tmp_path: Path) -> None:
    which = machine(tmp_path, go="go version go1.19.8 linux/amd64")
    with pytest.raises(RuntimeNotAvailable, match=r"Go 1\.21 or newer is needed, this machine has 1\.19\.8"):
        locate(resolve("go1.10"), which=which)


@pytest.mark.parametrize(("runtime", "package"), [("go1.26", "golang"), ("java21", "default-jdk"), ("jvm1.8", "maven")])
def test_what_is_missing_is_named_with_its_package(tmp_path: Path, runtime: str, package: str) -> None:
    with pytest.raises(RuntimeNotAvailable, match=package):
        locate(resolve(runtime), which=machine(tmp_path))


def test_an_old_id_of_go_runs_on_a_new_one(tmp_path: Path) -> None:
    found = locate(resolve("go1.10"), which=machine(tmp_path, go="go version go1.26.8 linux/amd64"))
    assert found.warning == "go1.10 is not installed on this machine; the function runs on Go 1.26.8"
