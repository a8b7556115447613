import os
import signal
import socket
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest

from integration.runtimes_python.function_server import DEADLINE, SERVER, Serve, is_alive, wait_for

HELLO = "def run():\n    return 'hello'\n"


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("def run(:\n", "kubeless: function fn.run cannot be loaded: SyntaxError: "),
        ("import nowhere", "cannot be loaded: ModuleNotFoundError: No module named 'nowhere'"),
        ("1 / 0", "cannot be loaded: ZeroDivisionError: division by zero"),
        ("import sys; sys.exit(0)", "cannot be loaded: SystemExit: 0"),
        ("def a(): pass\ndef b(): pass", "the file has no such function; its functions: a, b"),
        ("run = 5", "the file has no such function; its functions: none"),
    ],
)
def test_a_function_that_cannot_be_loaded_ends_the_server_with_the_reason_last(
    serve: Serve, source: str, reason: str
) -> None:
    server = serve.start(source, FUNC_WORKERS="3")

    assert server.process.wait(DEADLINE) == 1
    assert reason in server.log.splitlines()[-1]
    assert server.log.count(reason) == 1, "said once, not per worker"


def test_a_missing_file_is_named_with_what_is_there(serve: Serve) -> None:
    server = serve.start(HELLO, MOD_NAME="other")

    assert server.process.wait(DEADLINE) == 1
    assert "there is no file" in server.log
    assert "other.py; found: fn.py" in server.log


def test_the_traceback_of_a_failed_import_begins_in_the_functions_file(serve: Serve) -> None:
    server = serve.start("def f():\n    raise OSError('no database')\n\nf()")
    server.process.wait(DEADLINE)

    assert 'fn.py", line 4, in <module>' in server.log
    assert "kubeless_runtime" not in server.log


def test_a_function_that_kills_its_process_while_it_is_imported_ends_the_server(serve: Serve) -> None:
    server = serve.start("import os, signal\nos.kill(os.getpid(), signal.SIGSEGV)")

    assert server.process.wait(DEADLINE) == 1
    assert "the function cannot be started: its process ended by signal SIGSEGV each time" in server.log


def test_the_only_function_of_a_file_stands_in_for_a_missing_handler(serve: Serve) -> None:
    server = serve("import json\nfrom os.path import join\n\ndef foobar():\n    return 'hello'\n", handler="hello")

    assert server.call().text == "hello"
    assert "warning: function fn.hello does not exist; the only function of the file, foobar, is used" in server.log


@pytest.mark.parametrize(
    "module", ["json", "asyncio", "worker", "settings", "kubeless_runtime", "with-dashes", "http_parser", "__main__"]
)
def test_any_name_of_the_functions_file_works(serve: Serve, module: str) -> None:
    source = "import dataclasses, json, asyncio\n@dataclasses.dataclass\nclass A:\n    x: 'int'\n"
    server = serve(source + "def run():\n    return {'x': json.loads('1')}", module=module)

    assert server.call().text == '{"x": 1}'


def test_files_beside_the_function_are_importable_and_hide_nothing_of_the_server(serve: Serve) -> None:
    volume = serve.folder / "volume"
    volume.mkdir(exist_ok=True)
    for name in ("logging", "socket", "worker", "metrics", "select", "threads", "selectors", "re"):
        (volume / f"{name}.py").write_text("raise ImportError('the wrong one')")
    (volume / "neighbour.py").write_text("name = 'neighbour'")

    # As a file: to run a folder, older interpreters first import parts of their library from PYTHONPATH.
    command = (sys.executable, str(SERVER / "__main__.py"))
    server = serve("import neighbour, logging, urllib.parse\ndef run():\n    return neighbour.name", command=command)

    assert server.call("/?a=b").text == "neighbour"


def test_the_server_can_be_run_as_a_module(serve: Serve) -> None:
    command = (sys.executable, "-m", "kubeless_runtime")

    assert serve(HELLO, command=command, PYTHONPATH=str(SERVER.parent)).call().text == "hello"


def test_nothing_is_accepted_before_the_function_is_imported(serve: Serve) -> None:
    go = serve.folder / "go"
    server = serve.start(f"import os, time\nwhile not os.path.exists('{go}'): time.sleep(0.01)\n{HELLO}")
    wait_for(lambda: len(server.processes()) == 2, "the first worker has been started")
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", server.port), timeout=1)

    go.touch()

    wait_for(server.is_serving, "the server is ready")


def test_a_taken_port_is_reported_at_once(serve: Serve) -> None:
    first = serve(HELLO)
    second = serve.start("import time\ntime.sleep(60)", FUNC_PORT=str(first.port))

    assert second.process.wait(5) == 1
    assert f"port {first.port} of 127.0.0.1 cannot be bound: Address already in use" in second.log


def test_unusable_settings_are_reported(serve: Serve) -> None:
    server = serve.start(HELLO, FUNC_TIMEOUT="soon")

    assert server.process.wait(DEADLINE) == 1
    assert (
        server.log
        == "kubeless: FUNC_TIMEOUT='soon' cannot be used: give a number of seconds above 0, such as 180 or 0.5\n"
    )


@pytest.mark.parametrize("signum", [signal.SIGTERM, signal.SIGINT])
def test_a_stop_lets_running_calls_finish(serve: Serve, signum: signal.Signals) -> None:
    source = "import atexit, time\natexit.register(print, 'bye')\n"
    source += "def run():\n    print('began')\n    time.sleep(1)\n    return 'done'"
    server = serve(source)
    with ThreadPoolExecutor(1) as client:
        running = client.submit(server.call)
        server.wait_log("began")
        os.killpg(server.process.pid, signum)  # as a terminal does: to the workers as well
        answer = running.result()

    assert (answer.text, answer.headers["connection"]) == ("done", "close")
    assert server.process.wait(5) == 0
    assert "bye" in server.log


def test_a_stop_does_not_wait_longer_than_told(serve: Serve) -> None:
    server = serve("import time\ndef run():\n    print('began')\n    time.sleep(60)", SHUTDOWN_TIMEOUT="1")
    with ThreadPoolExecutor(1) as client:
        running = client.submit(server.call)
        server.wait_log("began")

        assert server.stop() == 0

        assert running.result().status == 503


def test_a_second_signal_ends_at_once(serve: Serve) -> None:
    server = serve("import time\ndef run():\n    print('began')\n    time.sleep(60)")
    with ThreadPoolExecutor(1) as client:
        running = client.submit(server.call)
        server.wait_log("began")
        server.process.send_signal(signal.SIGTERM)
        wait_for(lambda: not _accepts(server.port), "the server has begun to stop")
        server.process.send_signal(signal.SIGTERM)

        assert server.process.wait(3) == 1
        assert running.exception() is not None


def test_an_idle_server_stops_quickly(serve: Serve) -> None:
    server = serve(HELLO, FUNC_WORKERS="4")

    assert server.stop() == 0


def test_a_stop_during_the_import_does_not_wait_for_it(serve: Serve) -> None:
    server = serve.start("import time\nprint('importing')\ntime.sleep(60)")
    server.wait_log("importing")

    assert server.stop() == 0


@pytest.mark.parametrize(
    "source",
    [
        HELLO,
        "import time\nprint('ready')\ntime.sleep(60)",
        "import re\nprint('ready')\nre.match('(a*)*b', 'a' * 60)",
    ],
    ids=["serving", "importing", "keeping the interpreter's lock"],
)
def test_nothing_is_left_when_the_supervisor_is_killed(serve: Serve, source: str) -> None:
    if source == HELLO:
        server = serve(source, FUNC_WORKERS="3")
        wait_for(lambda: len(server.processes()) == 4, "all workers have been started")
    else:
        server = serve.start(source)
        server.wait_log("ready")
    processes = server.processes()

    server.process.kill()
    server.process.wait()

    wait_for(lambda: not any(map(is_alive, processes)), "all processes have ended", seconds=5)


def test_a_killed_worker_is_replaced_while_others_serve(serve: Serve) -> None:
    server = serve(HELLO, FUNC_WORKERS="2")
    wait_for(lambda: len(server.processes()) == 3, "both workers have been started")
    before = server.processes()
    victim = next(iter(before - {server.process.pid}))

    os.kill(victim, signal.SIGKILL)

    server.wait_log(f"worker {victim} ended by signal SIGKILL (out of memory?); another takes its place")
    wait_for(lambda: len(server.processes() - before) == 1, "another worker has been started")
    assert server.call().status == 200


def _accepts(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True
