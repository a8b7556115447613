"""A runtime is found on this machine, or the nearest one, or it is said what to install."""

import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from kubeless.runtimes.catalog import resolve
from kubeless.runtimes.interpreters import Interpreter, ask
from kubeless.runtimes.languages import python
from kubeless.runtimes.localruntime import RuntimeNotAvailable
from kubeless.runtimes.locate import locate

Install = Callable[..., None]


@pytest.fixture
def install(monkeypatch: pytest.MonkeyPatch) -> Install:
    """Decide which interpreters the machine has."""

    def install(*versions: str, has_pip: bool = True) -> None:
        def find(version: str, which: object) -> Interpreter | None:
            major, minor = (int(part) for part in version.split("."))
            return Interpreter(f"/bin/python{version}", (major, minor, 5), has_pip) if version in versions else None

        monkeypatch.setattr(python, "find_interpreter", find)

    return install


def test_the_exact_version_is_taken_without_a_warning(install: Install) -> None:
    install("3.9", "3.11", "3.13")
    found = locate(resolve("python3.11"))
    assert (found.interpreter, found.version, found.warning) == ("/bin/python3.11", "3.11.5", None)
    assert found.run[0] == "/bin/python3.11"
    assert Path(found.run[1]).is_absolute()
    assert Path(found.run[1]).is_file(), "a folder would let a function's modules hide those of the interpreter"
    assert found.env["PYTHONPATH"] == "{volume}/lib/python3.11/site-packages:{volume}"


@pytest.mark.parametrize(
    ("runtime", "installed", "expected"),
    [
        ("python3.12", ["3.9", "3.11"], "3.11"),
        ("python3.12", ["3.11", "3.13"], "3.13"),
        ("python3.10", ["3.9", "3.14"], "3.9"),
        ("python3.6", ["3.11", "3.9"], "3.9"),
        ("python3.14", ["3.9"], "3.9"),
        ("python3.9", ["3.8", "3.11"], "3.11"),
        ("python3.4", ["3.6", "3.11"], "3.6"),
    ],
)
def test_the_nearest_version_stands_in_with_a_warning(
    install: Install, runtime: str, installed: list[str], expected: str
) -> None:
    install(*installed)
    found = locate(resolve(runtime))
    assert found.interpreter == f"/bin/python{expected}"
    assert found.warning is not None
    assert runtime in found.warning
    assert f"Python {expected}.5" in found.warning


@pytest.mark.parametrize("version", ["2.7", "3.4", "3.6", "3.7", "3.8"])
def test_an_old_interpreter_that_is_there_runs_its_id_with_the_server_for_old_ones(
    install: Install, version: str
) -> None:
    install(version, "3.11")
    found = locate(resolve(f"python{version}"))
    assert (found.version, found.warning) == (f"{version}.5", None)
    assert found.run[0] == f"/bin/python{version}"
    assert Path(found.run[1]).parts[-2:] == ("python_legacy", "server.py")


def test_a_python_2_function_is_translated_where_there_is_no_python_2(install: Install) -> None:
    install("3.6", "3.9", "3.11")
    found = locate(resolve("python2.7"))
    assert found.warning == "python2.7: the source is translated from Python 2 and runs on Python 3.9.5"
    assert Path(found.run[2]).name == "translate.py"
    assert found.env["FUNC_TEXT_DATA"] == "1"


@pytest.mark.parametrize(
    ("runtime", "said"), [("python2.7", "apt install python3"), ("python3.12", "apt install python3")]
)
def test_what_cannot_run_says_what_to_install(install: Install, runtime: str, said: str) -> None:
    install()
    with pytest.raises(RuntimeNotAvailable, match=said):
        locate(resolve(runtime))


def test_a_language_without_local_support_is_refused() -> None:
    with pytest.raises(RuntimeNotAvailable, match="functions in cobol cannot run on this machine"):
        locate(replace(resolve("python3.11"), id="cobol85", language="cobol"))


def test_an_interpreter_without_pip_is_served_by_ours(install: Install) -> None:
    install("3.9", has_pip=False)
    command = locate(resolve("python3.9")).install
    assert command is not None
    assert command[:5] == (sys.executable, "-m", "pip", "--python", "/bin/python3.9")


def test_a_stand_in_that_does_not_run_is_no_interpreter(tmp_path: Path) -> None:
    shim = tmp_path / "python3.9"
    shim.write_text("#!/bin/sh\necho 'python3.9: command not found' >&2\nexit 127\n")
    shim.chmod(0o755)
    assert ask(str(shim)) is None
    assert ask(str(tmp_path / "absent")) is None


def test_an_interpreter_says_who_it_is_even_from_a_virtual_environment() -> None:
    found = ask(sys.executable)
    assert found is not None
    assert found.version == tuple(sys.version_info[:3])
    assert not Path(found.path).is_relative_to(sys.prefix) or sys.prefix == sys.base_prefix


def test_pyenv_versions_are_found_behind_its_stand_ins(tmp_path: Path) -> None:
    shim = tmp_path / "shims" / "python3.9"
    real = tmp_path / "versions" / "3.9.99" / "bin" / "python3.9"
    for path, script in ((shim, "exit 127"), (real, f"echo '[\"{real}\", [3, 9, 99], true]'")):
        path.parent.mkdir(parents=True)
        path.write_text(f"#!/bin/sh\n{script}\n")
        path.chmod(0o755)

    found = locate(resolve("python3.9"), which={"python3.9": str(shim)}.get)

    assert (found.interpreter, found.version, found.warning) == (str(real), "3.9.99", None)


def test_without_composer_the_install_step_of_php_says_so(tmp_path: Path) -> None:
    php = tmp_path / "php"
    php.write_text("#!/bin/sh\necho 'PHP 8.2.36 (cli)'\n")
    php.chmod(0o755)
    step = locate(resolve("php8.2"), which={"php": str(php)}.get).install
    assert step is not None
    done = subprocess.run(step, capture_output=True, text=True)
    assert done.returncode == 1
    assert "Composer is missing; install it with `apt install composer`" in done.stderr
