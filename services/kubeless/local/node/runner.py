"""
The process between the platform and one container: it keeps the log and leaves nothing behind.

Run as `python -I -S -E runner.py OPTIONS... -- COMMAND...`. It starts in some 12 ms, because it imports only what costs
next to nothing. It promises:

- the command runs in a session (and process group) of its own, in the working directory given; whatever is left of that
  group when the command ends is killed with it, as in a container;
- standard input of the runner is its lifeline: when it closes, as the platform stopped or was killed, the group ends;
- everything the group prints goes to the log, so a container that prints much never costs the platform a cycle;
- which processes it started lies in a file before the platform hears of it, so the next platform can find what a
  `kill -9` of both left over;
- whenever the runner itself is killed, the platform knows the group by then: the new process gives its own number and
  start time before it becomes the command, and nobody can come in between;
- a runner that is asked to terminate ends the group first.

On standard output stand `child PID MARK`, `started` (or `failed WHY`), and `exited CODE` (negative: the signal's
number). It reads single letters: `T` asks the group to terminate, `K` kills it.
"""

import _signal  # type: ignore[import-not-found] # `signal` without its enumerations, which take long to import
import os
import select
import sys
import time

HANG_UP, INTERRUPT, TERMINATE, KILL = 1, 2, 15, 9
SIGPIPE, SIGXFSZ = 13, 25  # ignored by Python, so a command would inherit that
GRACE_WITHOUT_PLATFORM = 1.0
DRAIN_AFTER_EXIT = 1.0
TICK = 0.02
CHUNK = 1 << 16
LONGEST_RECORD = 1 << 14


class LogFile:
    """
    A container's log: records of `<time> <F|P> <text>`, as the container runtime interface has them.

    `P` marks a part of a line longer than `LONGEST_RECORD` bytes; the line ends with the next `F`. Segments are
    numbered upwards, `<prefix>.000000.log` first; when the newest exceeds `segment_bytes` another begins, and of all
    only the newest `segments` are kept. Records are never split over segments.
    """

    def __init__(self, prefix: str, *, segment_bytes: int, segments: int) -> None:
        self._prefix = prefix
        self._segment_bytes = segment_bytes
        self._segments = segments
        self._number = 0
        self._size = 0
        self._rest = b""
        self._file = self._open()

    def write(self, data: bytes) -> None:
        """Add output; an unfinished last line is held back until it ends, grows too long, or the log is closed."""
        stamp = timestamp(time.time_ns())
        *lines, self._rest = (self._rest + data).split(b"\n")
        records = [record for line in lines for record in _records(stamp, line)]
        while len(self._rest) >= LONGEST_RECORD:
            records.append(b"%s P %s\n" % (stamp, self._rest[:LONGEST_RECORD]))
            self._rest = self._rest[LONGEST_RECORD:]
        self._append(records)

    def close(self) -> None:
        """End an unfinished line and close the file."""
        if self._rest:
            self.write(b"\n")
        os.close(self._file)

    def _append(self, records: list[bytes]) -> None:
        batch: list[bytes] = []
        for record in records:
            if self._size + len(record) > self._segment_bytes and self._size:
                _write_all(self._file, b"".join(batch))
                batch.clear()
                self._rotate()
            batch.append(record)
            self._size += len(record)
        _write_all(self._file, b"".join(batch))

    def _rotate(self) -> None:
        # The next segment comes after the last write to the old one: a reader that finds it knows that nothing follows.
        old = self._file
        self._number += 1
        self._size = 0
        self._file = self._open()
        os.close(old)
        if self._number >= self._segments:
            try:  # noqa: SIM105 - contextlib takes longer to import than all the rest
                os.unlink(self._path(self._number - self._segments))
            except FileNotFoundError:
                pass

    def _open(self) -> int:
        return os.open(self._path(self._number), os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)

    def _path(self, number: int) -> str:
        return f"{self._prefix}.{number:06}.log"


def timestamp(now: int) -> bytes:
    """A time in nanoseconds since the epoch as RFC 3339 in UTC."""
    seconds, nanoseconds = divmod(now, 1_000_000_000)
    return b"%s.%09dZ" % (time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(seconds)).encode(), nanoseconds)


def start_mark(pid: int) -> str:
    """What tells a process from a later one with the same number: its start time in clock ticks ("" where unknown)."""
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:
            return file.read().rpartition(b")")[2].split()[19].decode()
    except (OSError, IndexError):
        return ""


def _records(stamp: bytes, line: bytes) -> list[bytes]:
    records = []
    while len(line) > LONGEST_RECORD:
        records.append(b"%s P %s\n" % (stamp, line[:LONGEST_RECORD]))
        line = line[LONGEST_RECORD:]
    records.append(b"%s F %s\n" % (stamp, line))
    return records


def _write_all(file: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(file, view) :]


class Group:
    """The process group of the command."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self.code: int | None = None

    def signal(self, number: int) -> None:
        """Signal every process of the group, if any is left."""
        try:  # noqa: SIM105 - as above
            os.killpg(self.pid, number)
        except (ProcessLookupError, PermissionError):
            pass

    def poll(self) -> bool:
        """Whether the command has ended; the first time, the rest of its group is killed."""
        if self.code is None:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid == 0:
                return False
            self.code = os.waitstatus_to_exitcode(status)
            self.signal(KILL)
        return True


def start(command: list[str], output: int, process_file: str) -> Group:
    """
    Start the command in a session of its own with `output` as its standard output and error.

    Raises:
        OSError: there is no such program, or the system refuses.
    """
    runner = os.getpid()
    reading, writing = os.pipe()  # closed by the system once the command runs
    pid = os.fork()
    if pid == 0:
        _become(command, output, writing, process_file, runner)
    os.close(writing)
    trouble = os.read(reading, 16)
    os.close(reading)
    if trouble:
        os.waitpid(pid, 0)
        raise OSError(int(trouble), os.strerror(int(trouble)))
    return Group(pid)


def _become(command: list[str], output: int, trouble: int, process_file: str, runner: int) -> None:
    """In the new process: say who it is, and become the command. Does not return."""
    try:
        for number in (HANG_UP, INTERRUPT, TERMINATE, SIGPIPE, SIGXFSZ):
            _signal.signal(number, _signal.SIG_DFL)
        os.setsid()
        pid = os.getpid()
        remember(process_file, runner, pid)
        tell(f"child {pid} {start_mark(pid)}")
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        os.dup2(output, 1)
        os.dup2(output, 2)
        os.execvp(command[0], command)  # noqa: S606 - a shell is what it must not be
    except OSError as error:
        os.write(trouble, str(error.errno).encode())
    finally:
        os._exit(127)


def remember(path: str, *pids: int) -> None:
    """Write down the processes that must not outlive the platform. While the file is there, the log is written to."""
    text = "".join(f"{pid} {start_mark(pid)}\n" for pid in pids)
    with open(path + ".new", "w", encoding="ascii") as file:
        file.write(text)
    os.replace(path + ".new", path)


def tell(message: str) -> None:
    """Tell the platform, unless it is gone."""
    try:  # noqa: SIM105 - as above
        os.write(1, message.encode() + b"\n")
    except OSError:
        pass


def notice_signals() -> int:
    """From now on signals that ask this process to end only make the file readable that is returned."""
    reading, writing = os.pipe()
    for number in (HANG_UP, INTERRUPT, TERMINATE):
        _signal.signal(number, lambda *_: os.write(writing, b"."))
    return reading


def watch(group: Group, output: int, signals: int, log: LogFile | None) -> None:
    """Keep the log and obey the lifeline until the command has ended and its output is read."""
    poller = select.poll()
    exit_notice = _watch_exit(group.pid)
    for file in (0, output, signals, *exit_notice):
        poller.register(file, select.POLLIN)
    kill_at: float | None = None
    done_at: float | None = None
    while True:
        idle = kill_at is None and done_at is None and exit_notice
        ready = [file for file, _ in poller.poll(None if idle else TICK * 1000)]
        now = time.monotonic()
        if output in ready and not _keep(output, log):
            poller.unregister(output)
            done_at = now
        if 0 in ready and not _obey(group):
            poller.unregister(0)
            kill_at = now + GRACE_WITHOUT_PLATFORM
        if signals in ready:
            os.read(signals, CHUNK)
            group.signal(TERMINATE)
            kill_at = kill_at or now + GRACE_WITHOUT_PLATFORM
        if kill_at is not None and now >= kill_at:
            group.signal(KILL)
        if group.poll():
            # A process that left the group may hold the pipe for ever, hence the deadline.
            done_at = done_at or now + DRAIN_AFTER_EXIT
            if now >= done_at:
                return


def _watch_exit(pid: int) -> list[int]:
    # Without such a file (elsewhere than on Linux) the loop looks every tick.
    try:
        return [os.pidfd_open(pid)]
    except (AttributeError, OSError):
        return []


def _keep(output: int, log: LogFile | None) -> bool:
    data = os.read(output, CHUNK)
    if data and log is not None:
        log.write(data)
    return bool(data)


def _obey(group: Group) -> bool:
    letters = os.read(0, CHUNK)
    if b"K" in letters:
        group.signal(KILL)
    elif not letters or b"T" in letters:
        group.signal(TERMINATE)
    return bool(letters)


def main(arguments: list[str]) -> int:
    """Options, in this order: log prefix ("" for none), segment bytes, segments, process file, working directory."""
    prefix, segment_bytes, segments, process_file, folder, dashes, *command = arguments
    if dashes != "--" or not command:
        tell("failed no command")
        return 2
    remember(process_file, os.getpid())
    log = LogFile(prefix, segment_bytes=int(segment_bytes), segments=int(segments)) if prefix else None
    signals = notice_signals()
    reading, writing = os.pipe()
    try:
        os.chdir(folder)
        group = start(command, writing, process_file)
    except OSError as error:
        message = f"cannot start {command[0]}: {error.strerror}"
        if log is not None:
            log.write(message.encode() + b"\n")
            log.close()
        os.unlink(process_file)
        tell(f"failed {message}")
        return 127
    os.close(writing)
    tell("started")
    watch(group, reading, signals, log)
    if log is not None:
        log.close()
    os.unlink(process_file)
    tell(f"exited {group.code}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
