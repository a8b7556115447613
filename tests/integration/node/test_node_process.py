"""Commands under their runner: what they print, how they end, and that none stays."""

import asyncio
import contextlib
import os
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from kubeless.local.node.logreader import LogReader
from kubeless.local.node.process import Command, Process, StartFailed
from kubeless.local.node.runner import start_mark
from kubeless.local.node.strays import end_strays

SLEEPERS = "sleep 1000 & sleep 1000 & echo $! ; trap '' TERM; wait; wait; sleep 1000"


def make_command(folder: Path, *arguments: str, segment_bytes: int = 10 << 20, log: bool = True) -> Command:
    (folder / "pod" / "processes").mkdir(parents=True, exist_ok=True)
    return Command(
        arguments=arguments,
        environ=dict(os.environ),
        folder=folder,
        process_file=folder / "pod" / "processes" / "main.pid",
        log_prefix=folder / "0" if log else None,
        segment_bytes=segment_bytes,
    )


def printed(folder: Path) -> bytes:
    with contextlib.closing(LogReader(folder, 0)) as reader:
        lines = []
        while records := reader.read():
            lines += [record.text for record in records]
    return b"\n".join(lines)


def process_files(folder: Path) -> list[Path]:
    return list(folder.rglob("*.pid"))


async def until(check: Callable[[], bool], *, timeout: float = 5.0) -> None:
    async with asyncio.timeout(timeout):
        while not check():  # noqa: ASYNC110 - it changes in another process
            await asyncio.sleep(0.01)


def is_gone(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except FileNotFoundError:
        return True


async def test_both_outputs_are_logged_in_order_and_the_exit_code_is_known(tmp_path: Path) -> None:
    process = await Process.start(make_command(tmp_path, "sh", "-c", "echo one; echo two >&2; printf three; exit 7"))
    assert await process.wait() == 7
    assert printed(tmp_path) == b"one\ntwo\nthree"
    assert not process_files(tmp_path)


async def test_a_program_that_does_not_exist_is_named(tmp_path: Path) -> None:
    with pytest.raises(StartFailed, match="no-such-program: No such file"):
        await Process.start(make_command(tmp_path, "no-such-program"))
    assert b"no-such-program" in printed(tmp_path)


async def test_stop_ends_the_whole_group_even_if_it_ignores_the_request(tmp_path: Path) -> None:
    process = await Process.start(make_command(tmp_path, "sh", "-c", SLEEPERS))
    await until(lambda: printed(tmp_path) != b"")
    child = int(printed(tmp_path))
    assert await process.stop(0.2) == -signal.SIGKILL
    await until(lambda: is_gone(child))


async def test_what_the_main_process_leaves_behind_is_ended_with_it(tmp_path: Path) -> None:
    process = await Process.start(make_command(tmp_path, "sh", "-c", "sleep 1000 & echo $!"))
    assert await process.wait() == 0
    await until(lambda: is_gone(int(printed(tmp_path))))


async def test_a_process_may_finish_what_it_does_when_asked_to_stop(tmp_path: Path) -> None:
    process = await Process.start(
        make_command(tmp_path, "sh", "-c", "trap 'echo bye; exit 3' TERM; echo up; while :; do :; done")
    )
    await until(lambda: printed(tmp_path) == b"up")
    assert await process.stop(5) == 3
    assert printed(tmp_path) == b"up\nbye"


async def test_a_flood_of_output_costs_the_platform_nothing_and_loses_nothing(tmp_path: Path) -> None:
    script = "import sys\nfor n in range(200_000): sys.stdout.write(f'{n:050}\\n')"
    process = await Process.start(make_command(tmp_path, sys.executable, "-S", "-c", script, segment_bytes=6 << 20))
    longest = 0.0
    async with asyncio.timeout(30):
        while not process.ended:
            before = time.perf_counter()
            await asyncio.sleep(0.005)
            longest = max(longest, time.perf_counter() - before)
    assert await process.wait() == 0
    numbers = [int(line) for line in printed(tmp_path).split(b"\n")]
    assert numbers == list(range(200_000))
    assert longest < 1.0


async def test_a_killed_runner_takes_its_group_with_it(tmp_path: Path) -> None:
    process = await Process.start(make_command(tmp_path, "sh", "-c", "sleep 1000"))
    runner = int((tmp_path / "pod/processes/main.pid").read_text().split()[0])
    os.kill(runner, signal.SIGKILL)
    assert await process.wait() == -signal.SIGKILL
    await until(lambda: is_gone(process.pid))


def kill_at_birth(process_file: Path, number: signal.Signals) -> None:
    """Wait for the runner that writes this file, and send it a signal as soon as it has a child. Blocks."""
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline:
        with contextlib.suppress(OSError, IndexError):
            runner = int(process_file.read_text().split()[0])
            if Path(f"/proc/{runner}/task/{runner}/children").read_text():
                os.kill(runner, number)
                return


def processes_with(word: str) -> list[int]:
    """The processes that have this word as an argument of their own."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            arguments = (entry / "cmdline").read_bytes().split(b"\0")
            if arguments[0] == b"sleep" and word.encode() in arguments:
                found.append(int(entry.name))
    return found


@pytest.mark.skipif(sys.platform != "linux", reason="children are looked up in /proc")
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
async def test_a_runner_killed_while_it_starts_its_command_leaves_nothing(
    tmp_path: Path, number: signal.Signals
) -> None:
    for attempt in range(5):
        word = f"1000.{os.getpid()}{attempt}"
        command = make_command(tmp_path, "sleep", word)
        async with asyncio.timeout(10), asyncio.TaskGroup() as group:
            group.create_task(asyncio.to_thread(kill_at_birth, command.process_file, number))
            with contextlib.suppress(StartFailed):
                process = await Process.start(command)
                assert await process.wait() < 0
        await until(lambda word=word: not processes_with(word))  # type: ignore[misc] # binds the word of this round
        assert not process_files(tmp_path)


async def test_a_runner_that_is_asked_to_end_lets_its_command_finish(tmp_path: Path) -> None:
    process = await Process.start(
        make_command(tmp_path, "sh", "-c", "trap 'echo bye; exit 3' TERM; echo up; while :; do :; done")
    )
    await until(lambda: printed(tmp_path) == b"up")
    os.kill(int((tmp_path / "pod/processes/main.pid").read_text().split()[0]), signal.SIGTERM)
    assert await process.wait() == 3
    assert printed(tmp_path) == b"up\nbye"


PLATFORM = """
import asyncio, sys
sys.path[:0] = {path!r}
from pathlib import Path
from kubeless.local.node.process import Command, Process
async def main():
    folder = Path({folder!r})
    arguments = ["sh", "-c", "trap '' TERM; sleep 1000 & wait; sleep 1000"]
    command = Command(arguments=arguments, environ={{"PATH": "/bin:/usr/bin"}}, folder=folder,
        process_file=folder / "pod/processes/main.pid", log_prefix=None)
    process = await Process.start(command)
    print(process.pid, flush=True)
    await asyncio.sleep(1000)
asyncio.run(main())
"""


async def start_platform(folder: Path) -> tuple[asyncio.subprocess.Process, int]:
    """Another process that runs a command, and the PID of that command."""
    (folder / "pod" / "processes").mkdir(parents=True)
    platform = await asyncio.create_subprocess_exec(
        sys.executable, "-c", PLATFORM.format(path=sys.path, folder=str(folder)), stdout=asyncio.subprocess.PIPE
    )
    assert platform.stdout is not None
    return platform, int(await platform.stdout.readline())


async def test_a_platform_that_is_killed_takes_its_processes_with_it(tmp_path: Path) -> None:
    platform, pid = await start_platform(tmp_path)
    platform.kill()
    await platform.wait()
    await until(lambda: is_gone(pid))


@pytest.mark.skipif(sys.platform != "linux", reason="start times of processes are read from /proc")
async def test_what_survived_platform_and_runner_is_ended_at_the_next_start(tmp_path: Path) -> None:
    platform, pid = await start_platform(tmp_path)
    runner = int((tmp_path / "pod/processes/main.pid").read_text().split()[0])
    os.kill(platform.pid, signal.SIGSTOP)  # so that it cannot notice its runner's end
    os.kill(runner, signal.SIGKILL)
    platform.kill()
    await platform.wait()
    await until(lambda: is_gone(runner))
    assert not is_gone(pid)
    assert await asyncio.to_thread(end_strays, tmp_path) == 1
    await until(lambda: is_gone(pid))
    assert not process_files(tmp_path)


@pytest.mark.skipif(sys.platform != "linux", reason="start times of processes are read from /proc")
async def test_a_process_that_got_the_number_of_a_stray_is_left_alone(tmp_path: Path) -> None:
    stranger = await asyncio.create_subprocess_exec("sleep", "1000", start_new_session=True)
    file = tmp_path / "pod/processes/main.pid"
    file.parent.mkdir(parents=True)
    file.write_text(f"{stranger.pid} {int(start_mark(stranger.pid)) - 1}\n{stranger.pid}\nnonsense\n")
    assert await asyncio.to_thread(end_strays, tmp_path) == 0
    assert stranger.returncode is None
    stranger.kill()
    await stranger.wait()
