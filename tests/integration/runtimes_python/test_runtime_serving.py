import json
import re
import socket
from concurrent.futures import ThreadPoolExecutor

import pytest

from integration.runtimes_python.function_server import SERVER, Serve, wait_for

ECHO = "def run(event, context):\n    return event['data']\n"


def test_every_interpreter_serves(serve: Serve, python: str) -> None:
    source = """
        import asyncio
        seen = 0

        async def run(event, context):
            global seen
            await asyncio.sleep(0)
            seen += 1
            return {"data": event["data"], "context": context, "seen": seen}
    """
    settings = {"FUNC_RUNTIME": "python3", "FUNC_MEMORY_LIMIT": "128Mi", "FUNC_TIMEOUT": "9"}
    server = serve(_dedent(source), command=(python, str(SERVER)), **settings)

    server.call(method="POST", data=b"{}", headers={"Content-Type": "application/json; charset=utf-8"})
    answer = server.call(method="POST", data=b'{"a": 1}', headers={"Content-Type": "application/json; charset=utf-8"})

    context = {"function-name": "run", "timeout": 9.0, "runtime": "python3", "memory-limit": "128Mi"}
    assert json.loads(answer.body) == {"data": {"a": 1}, "context": context, "seen": 2}
    assert answer.headers["content-type"] == "application/json"
    assert server.stop() == 0


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "BREW"])
def test_every_method_and_path_calls_the_function(serve: Serve, method: str) -> None:
    server = serve("def run(event):\n    r = event['extensions']['request']\n    return r.method + ' ' + r.path")

    assert server.call("/any/path?x=1", method=method).text == f"{method} /any/path"


def test_head_runs_the_function_and_sends_no_body(serve: Serve) -> None:
    server = serve("def run(event):\n    print('ran')\n    return 'hello'")

    answer = server.call(method="HEAD")

    assert (answer.status, answer.body, answer.headers["content-length"]) == (200, b"", "5")
    server.wait_log("ran\n")


@pytest.mark.parametrize(
    "handler",
    [
        "def run(): return '0'",
        "def run(event): return '1'",
        "def run(event, context): return '2'",
        "def run(*args): return str(len(args))",
        "def run(event, context=None, *, other=3): return '2'",
        "run = lambda event: '1'",
        "async def run(): return '0'",
        "class Callable:\n    def __call__(self, event): return '1'\nrun = Callable()",
        "class Callable:\n    async def __call__(self, event): return '1'\nrun = Callable()",
        "import functools\nasync def f(event, context): return '2'\n@functools.wraps(f)\ndef run(*a): return f(*a)",
    ],
)
def test_a_handler_gets_as_many_arguments_as_it_takes(serve: Serve, handler: str) -> None:
    answer = serve(handler).call()

    assert (answer.status, answer.text in ("0", "1", "2")) == (200, True)


def test_the_body_comes_back_byte_for_byte(serve: Serve) -> None:
    server = serve(ECHO)
    data = bytes(range(256)) * 40_000

    assert server.call(method="POST", data=data).body == data


def test_chunked_bodies_are_put_together(serve: Serve) -> None:
    server = serve(ECHO)
    head = b"POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n"

    answer = server.exchange(head + b"3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n")

    assert answer.endswith(b"\r\n\r\nabcde")


def test_pipelined_requests_are_answered_in_order(serve: Serve) -> None:
    server = serve(ECHO)
    requests = [b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n%02d" % number for number in range(50)]
    last = b"POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 2\r\n\r\n50"

    answers = server.exchange(b"".join(requests) + last)

    assert re.findall(rb"\r\n\r\n(\d\d)", answers) == [b"%02d" % number for number in range(51)]


def test_the_body_is_invited_when_the_client_waits_for_that(serve: Serve) -> None:
    server = serve(ECHO)
    with socket.create_connection(("127.0.0.1", server.port), timeout=10) as sock:
        sock.sendall(b"POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n")
        assert sock.recv(1000) == b"HTTP/1.1 100 Continue\r\n\r\n"
        sock.sendall(b"hi")
        assert sock.recv(1000).endswith(b"\r\n\r\nhi")


def test_a_client_that_closes_its_side_still_gets_its_answer(serve: Serve) -> None:
    server = serve("import time\ndef run():\n    time.sleep(0.2)\n    return 'late'")
    with socket.create_connection(("127.0.0.1", server.port), timeout=10) as sock:
        sock.sendall(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        sock.shutdown(socket.SHUT_WR)
        received = b"".join(iter(lambda: sock.recv(1000), b""))

    assert received.endswith(b"late")


def test_a_request_that_is_none_is_refused_and_the_connection_closed(serve: Serve) -> None:
    server = serve(ECHO)

    assert server.exchange(b"nonsense\r\n\r\n").startswith(b"HTTP/1.1 400 Bad Request\r\n")
    assert server.is_serving()


def test_a_body_over_the_limit_is_refused_although_the_client_goes_on_sending(serve: Serve) -> None:
    server = serve(ECHO, REQ_MB_LIMIT="1")

    answer = server.call(method="POST", data=b"x" * (1024 * 1024 + 1))

    assert answer.status == 413
    assert server.call(method="POST", data=b"x" * 1024 * 1024).status == 200


def test_slow_requests_run_in_parallel(serve: Serve) -> None:
    meeting = "import threading\nmeeting = threading.Barrier(50)\ndef run():\n    meeting.wait(20)\n    return 'met'"
    server = serve(meeting, FUNC_THREADS="50", FUNC_WORKERS="1")

    with ThreadPoolExecutor(50) as clients:
        answers = list(clients.map(lambda _: server.call().text, range(50)))

    assert answers == ["met"] * 50


def test_a_busy_worker_leaves_new_connections_to_an_idle_one(serve: Serve) -> None:
    source = """
        import os, time

        def run(event):
            if event["data"]:
                print("began")
                time.sleep(1)
            return str(os.getpid())
    """
    server = serve(_dedent(source), FUNC_WORKERS="2")
    wait_for(lambda: len({server.call().text for _ in range(30)}) == 2, "both workers serve")

    with ThreadPoolExecutor(1) as client:
        slow = client.submit(server.call, method="POST", data=b"slow")
        server.wait_log("began")
        quick = [server.call().text for _ in range(20)]

    # It steps back only for a moment, so on a crowded machine it may be first all the same.
    assert quick.count(slow.result().text) < 10


def test_the_log_has_one_line_per_request_as_the_original_wrote_it(serve: Serve) -> None:
    server = serve("def run(event):\n    return 'hello world'")
    server.call("/a?secret=1", headers={"User-Agent": 'curl/7 "x"\xff'})
    server.wait_log("GET /a ")

    line = next(line for line in server.log.splitlines() if "GET /a " in line)

    shape = (
        r'127\.0\.0\.1 - - \[\d\d/[A-Z][a-z]{2}/\d{4}:\d\d:\d\d:\d\d \+0000\] "GET /a HTTP/1\.1" 200 11 "" "(.*)" 0/\d+'
    )
    match = re.fullmatch(shape, line)
    assert match, line
    assert match[1] == r"curl/7 \x22x\x22\xff"
    assert "healthz" not in server.log


def test_printed_lines_stay_whole_and_are_written_at_once(serve: Serve) -> None:
    source = """
        import sys, threading, time

        def run(event):
            for number in range(200):
                print("<", "x" * 50, ">", sep="")
            print("no end", end="")
    """
    server = serve(_dedent(source), FUNC_WORKERS="2")

    with ThreadPoolExecutor(8) as clients:
        list(clients.map(lambda _: server.call(), range(16)))
    wait_for(lambda: server.log.count('"GET /') == 16, "all requests are logged")

    assert len(re.findall(r"^<x{50}>$", server.log, flags=re.MULTILINE)) == 3200
    assert server.log.count("no end") == 16


def test_ten_megabytes_can_be_printed(serve: Serve) -> None:
    server = serve("def run():\n    print('y' * 10_000_000)\n    return 'done'")

    assert server.call().text == "done"
    wait_for(lambda: server.log.count("y") == 10_000_000, "all is in the log")


def test_metrics_count_calls_by_method(serve: Serve) -> None:
    server = serve("def run(event):\n    return 1 / len(event['data'])", FUNC_WORKERS="2")
    for _ in range(3):
        server.call()
    server.call(method="POST", data=b"1")

    page = server.call("/metrics").text

    assert 'function_calls_total{method="GET"} 3.0' in page
    assert 'function_failures_total{method="GET"} 3.0' in page
    assert 'function_duration_seconds_count{method="POST"} 1.0' in page


def test_health_and_metrics_are_for_get_alone(serve: Serve) -> None:
    server = serve("def run():\n    return 'function'")

    assert server.call("/healthz").text == "OK"
    assert server.call("/healthz", method="POST").text == "function"
    assert server.call("/metrics", method="POST").text == "function"


def _dedent(source: str) -> str:
    return "\n".join(line.removeprefix("        ") for line in source.splitlines())
