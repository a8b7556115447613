"""
The commands of the documentation, run as their readers run them: page by page, in order, against one platform.

A block that is fenced with ```console holds commands behind `$ ` (`> ` goes on with one) and below each what it prints
on stdout. Nothing below a command: its output is not looked at. `…` stands for anything, on a line of its own for any
lines; blanks count as one. A block ```console no-run or ```sh no-run is not run: its commands need what is not here.
"""

import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from support.localplatform import LocalPlatform

ROOT = Path(__file__).parents[2]
PAGES = sorted([ROOT / "README.md", *(ROOT / "docs").glob("*.md")])
FENCE = re.compile(r"^```(\w*)( no-run)?\n(.*?)^```$", re.MULTILINE | re.DOTALL)


READS = re.compile(r"kubeless (explain|\S+ (\S+ )?(ls|list|logs|status|top|show))\b|kubectl get")
"""Commands that change nothing, so they may be run again."""


class Step(NamedTuple):
    """A command and what it prints; None: whatever that is."""

    command: str
    output: str | None


def steps(page: str) -> Iterator[Step]:
    """The commands of the blocks that are run."""
    for language, not_run, text in FENCE.findall(page):
        if language == "console" and not not_run:
            yield from _steps(text)


def _steps(block: str) -> Iterator[Step]:
    for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
        first, *lines = part.splitlines()
        command = [first]
        printed: list[str] = []
        for line in lines:
            if line.startswith(">") and not printed:
                command.append(line[2:])
            else:
                printed.append(line)
        yield Step("\n".join(command), "\n".join(printed) if printed else None)


def looks_like(expected: str, printed: str) -> bool:
    """Whether it is that, where `…` stands for anything."""
    pattern = r"\s*".join(".*".join(map(_words, line.split("…"))) for line in expected.splitlines())
    return re.fullmatch(rf"\s*{pattern}\s*", printed, re.DOTALL) is not None


def _words(text: str) -> str:
    return r"\s+".join(map(re.escape, text.split()))


@pytest.fixture(scope="module")
def reader(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalPlatform]:
    """A folder as a reader's after `make setup` and `kubeless local up -d`, with the examples."""
    local = LocalPlatform(tmp_path_factory.mktemp("reader"))
    shutil.copytree(ROOT / "examples", local.folder / "examples")
    local.up()
    yield local
    local.down()


def run(platform: LocalPlatform, step: Step, environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """In the reader's shell, which keeps what a command exports: that of a page is one shell."""
    kept = platform.folder / "environment"
    script = f"set -e\n{step.command}\nenv -0 > {kept}\n"
    done = subprocess.run(
        ["bash", "-c", script], cwd=platform.folder, env=environment, capture_output=True, text=True, timeout=90
    )
    if kept.exists():
        pairs = (pair.partition("=") for pair in kept.read_text().split("\0") if pair)
        environment.update({name: value for name, _, value in pairs})
    return done


def readers_environment(platform: LocalPlatform) -> dict[str, str]:
    """With the `kubeless` of these tests first on PATH, and the cluster that the quick start tells to export."""
    folder = platform.folder / "bin"
    folder.mkdir(exist_ok=True)
    command = folder / "kubeless"
    command.write_text(f'#!/bin/sh\nexec {sys.executable} -m kubeless.cli.main "$@"\n')
    command.chmod(0o755)
    kubeconfig = str(platform.folder / ".kubeless" / "kubeconfig")
    return {**platform.environment, "PATH": f"{folder}:{os.environ['PATH']}", "KUBECONFIG": kubeconfig}


@pytest.mark.timeout(300)
@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_the_commands_of_a_page_do_what_it_says(reader: LocalPlatform, page: Path) -> None:
    todo = list(steps(page.read_text()))
    if not todo:
        pytest.skip("the page has no commands that are run")
    environment = readers_environment(reader)
    reader.kubectl("delete", "functions,httptriggers,kafkatriggers,natstriggers,cronjobtriggers", "--all")
    for step in todo:
        check(reader, step, environment)


def check(platform: LocalPlatform, step: Step, environment: dict[str, str]) -> None:
    """Events take a moment: a command that only reads is run until it prints what the page says."""
    deadline = time.monotonic() + 20
    while True:
        done = run(platform, step, environment)
        said = f"$ {step.command}\n{done.stdout}{done.stderr}"
        assert done.returncode == 0, said
        if step.output is None or looks_like(step.output, done.stdout):
            return
        reads = READS.match(step.command) and time.monotonic() < deadline
        assert reads, f"{said}\ninstead of\n{step.output}"


def test_every_fence_of_a_shell_is_known() -> None:
    """So that no block is forgotten: what is no console is marked as not to be run."""
    for page in PAGES:
        for language, not_run, text in FENCE.findall(page.read_text()):
            is_shell = language in ("sh", "bash", "shell") or re.search(r"^\$ ", text, re.MULTILINE)
            if is_shell and language != "console":
                assert not_run, f"{page.name}: fence this as ```console, or mark it no-run:\n{text}"


@pytest.mark.parametrize(
    ("expected", "printed", "same"),
    [
        ("hello world", "hello world\n", True),
        ("hello world", "hello\n", False),
        ("NAME …\nhello … 1/1", "NAME  \tSTATUS\nhello \t1/1\n", True),
        ("a\n…\nb", "a\nx\ny\nb\n", True),
        ("a\n…\nb", "a\nx\ny\n", False),
        ("(a|b)", "a", False),
    ],
)
def test_what_is_printed_is_compared_word_by_word(expected: str, printed: str, same: bool) -> None:
    assert looks_like(expected, printed) is same
