"""The program that is nearest to the version asked for is found, and what is missing is named."""

from collections.abc import Callable
from pathlib import Path

import pytest

from kubeless.runtimes.catalog import resolve
from kubeless.runtimes.localruntime import RuntimeNotAvailable
from kubeless.runtimes.locate import locate
from kubeless.runtimes.toolchain import distance, parse_version

Machine = Callable[..., Callable[[str], str | None]]


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    """A PATH with programs that say a version."""

    def make(**versions: str) -> Callable[[str], str | None]:
        for name, version in versions.items():
            program = tmp_path / name
            program.write_text(f"#!/bin/sh\necho {version}\n" if version else "#!/bin/sh\nexit 127\n")
            program.chmod(0o755)
        return lambda name: str(tmp_path / name) if name in versions else None

    return make


def test_the_very_version_is_taken_from_its_own_name(machine: Machine, tmp_path: Path) -> None:
    found = locate(resolve("nodejs22"), which=machine(node="v20.1.0", node22="v22.3.1"))
    assert (found.interpreter, found.version, found.warning) == (str(tmp_path / "node22"), "22.3.1", None)


def test_the_nearest_version_stands_in_with_a_warning(machine: Machine) -> None:
    found = locate(resolve("nodejs8"), which=machine(node="v20.1.0", node14="v14.0.0"))
    assert found.version == "14.0.0"
    assert found.warning == "nodejs8 is not installed on this machine; the function runs on Node.js 14.0.0"


def test_a_stand_in_that_does_not_run_does_not_count(machine: Machine) -> None:
    assert locate(resolve("nodejs22"), which=machine(node22="", node="v20.1.0")).version == "20.1.0"


def test_a_version_that_is_too_old_for_the_server_is_named(machine: Machine) -> None:
    with pytest.raises(RuntimeNotAvailable, match=r"Node\.js 12 or newer is needed, this machine has 8\.9\.0"):
        locate(resolve("nodejs8"), which=machine(node="v8.9.0"))


@pytest.mark.parametrize(
    ("runtime_id", "package"),
    [("nodejs20", "apt install nodejs npm"), ("ballerina2201", "ballerina.io"), ("dotnet8", "apt install dotnet")],
)
def test_a_language_that_is_missing_names_its_package(machine: Machine, runtime_id: str, package: str) -> None:
    with pytest.raises(RuntimeNotAvailable, match="is not installed on this machine") as caught:
        locate(resolve(runtime_id), which=machine())
    assert package in str(caught.value)


@pytest.mark.parametrize(
    ("wanted", "there", "best"),
    [
        ("3.2", ["3.1.7", "3.3.0", "2.2.0"], "3.3.0"),
        ("8", ["14.0.0", "2.1.0"], "14.0.0"),
        ("1.8", ["8.0.402", "17.0.1"], "8.0.402"),
        ("11", ["17.0.15"], "17.0.15"),
        ("2201", ["2201.8.0"], "2201.8.0"),
    ],
)
def test_nearness_is_that_of_the_first_number_that_differs(wanted: str, there: list[str], best: str) -> None:
    version = parse_version(wanted)
    assert min(there, key=lambda text: distance(parse_version(text), version)) == best
