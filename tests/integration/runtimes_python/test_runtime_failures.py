import socket
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from integration.runtimes_python.function_server import Serve, Server, wait_for

TIMED_OUT = "Timeout while processing the function"
BY_DATA = """
import asyncio, os, sys, threading, time

class HTTPResponse(Exception):
    def __init__(self, body, status_code, headers):
        self.body, self.status_code, self.headers = body, status_code, headers

def run(event):
    exec(event["data"], globals())
    return str(os.getpid())
"""
BY_DATA_ASYNC = BY_DATA.replace("def run(event):", "async def run(event):\n    await asyncio.sleep(0)")
PAUSING = """
import asyncio, os, time

async def run(event):
    kind, _, seconds = event["data"].decode().partition(" ")
    if kind == "block":
        time.sleep(float(seconds))
    if kind == "wait":
        await asyncio.sleep(float(seconds))
    if kind == "stubborn":
        while True:
            try:
                await asyncio.sleep(float(seconds))
            except asyncio.CancelledError:
                pass
    return str(os.getpid())
"""


def do(server: Server, code: str) -> tuple[int, str]:
    answer = server.call(method="POST", data=code.encode())
    return answer.status, answer.text


@pytest.mark.parametrize("source", [BY_DATA, BY_DATA_ASYNC], ids=["sync", "async"])
@pytest.mark.parametrize(
    "code",
    [
        "raise ValueError('secret text')",
        "sys.exit(3)",
        "raise KeyboardInterrupt",
        "raise BaseException('secret text')",
        "raise type('Odd', (Exception,), {'__str__': lambda self: 1 / 0})",
        "sys.stdout.close(); sys.stderr = None; raise ValueError('secret text')",
        "raise HTTPResponse('', 200, {'X': 'a\\r\\nb: secret text'})",
        "raise asyncio.CancelledError",
    ],
)
def test_an_exception_is_logged_and_answered_with_500(serve: Serve, source: str, code: str) -> None:
    server = serve(source)
    worker = server.call(method="POST", data=b"").text

    status, text = do(server, code)

    assert (status, text) == (500, "Internal Server Error\n")
    server.wait_log("Function returned an exception: ")
    assert do(server, "") == (200, worker), "the worker lives on"


def test_the_log_shows_where_an_exception_came_from(serve: Serve) -> None:
    server = serve("def inner():\n    return 1 / 0\n\ndef run():\n    return inner()")
    server.call()

    server.wait_log(
        "Function returned an exception: ZeroDivisionError: division by zero\nTraceback (most recent call last)"
    )
    server.wait_log('fn.py", line 2, in inner')
    assert "kubeless_runtime" not in server.log


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("return 5", "an int, which cannot be sent"),
        ("return [{}]", "a list with a dict in it"),
        ("return {'a': run}", "a dict that is no JSON"),
    ],
)
def test_what_cannot_be_sent_is_said_in_the_log(serve: Serve, code: str, reason: str) -> None:
    server = serve(f"def run():\n    {code}")

    assert server.call().status == 500
    server.wait_log(f"Function returned an exception: the function returned {reason}")


def test_json_that_is_none_is_answered_with_500_and_said_in_the_log(serve: Serve) -> None:
    server = serve(BY_DATA)

    assert server.call(method="POST", data=b"{", headers={"Content-Type": "application/json"}).status == 500
    server.wait_log("the request's body is announced as application/json but is none")


def test_a_raised_response_is_sent(serve: Serve) -> None:
    server = serve(BY_DATA)

    answer = server.call(method="POST", data=b"raise HTTPResponse({'no': 1}, 404, {'X-Why': 'gone'})")

    assert (answer.status, answer.body, answer.headers["x-why"]) == (404, b'{"no": 1}', "gone")
    assert 'function_failures_total{method="POST"} 0.0' in server.call("/metrics").text


def test_a_process_that_the_function_ends_is_replaced_and_counted(serve: Serve) -> None:
    server = serve(BY_DATA)
    first = do(server, "")[1]
    calls = server.calls_total()

    with pytest.raises(ConnectionResetError):
        do(server, "os._exit(7)")

    second = do(server, "")[1]
    assert second != first
    assert server.calls_total() > calls
    assert "function_workers_replaced_total 1.0" in server.call("/metrics").text
    server.wait_log(f"worker {first} ended with exit code 7; another takes its place")


def test_a_task_that_exits_does_not_end_the_worker(serve: Serve) -> None:
    server = serve(BY_DATA_ASYNC)
    worker = do(server, "")[1]

    do(server, "async def leave(): sys.exit(1)\ntask = asyncio.ensure_future(leave())")

    server.wait_log("a task of the function raised SystemExit")
    assert do(server, "") == (200, worker)


def test_a_sync_call_over_its_time_is_answered_and_its_worker_replaced(serve: Serve) -> None:
    server = serve(BY_DATA, FUNC_TIMEOUT="0.5")
    first = do(server, "")[1]
    calls = server.calls_total()

    status, text = do(server, "time.sleep(60)")

    assert (status, TIMED_OUT in text) == (408, True)
    wait_for(lambda: do(server, "")[1] != first, "another worker answers")
    wait_for(lambda: len(server.processes()) == 2, "the stuck worker has ended")
    assert server.calls_total() >= calls + 2, "counts outlive the worker"
    server.wait_log(f"{TIMED_OUT}: it is still running after 0.5 s, at:")
    server.wait_log('fn.py", line 9, in run')
    assert 'function_failures_total{method="POST"} 0.0' in server.call("/metrics").text


def test_other_calls_in_a_stuck_worker_are_not_lost(serve: Serve) -> None:
    server = serve(BY_DATA, FUNC_TIMEOUT="2")
    with ThreadPoolExecutor(5) as clients:
        stuck = clients.submit(do, server, "time.sleep(60)")
        time.sleep(1)  # they have to begin later than the stuck one, and end after its timeout
        others = [clients.submit(do, server, "time.sleep(1.5)") for _ in range(4)]

        assert stuck.result()[0] == 408
        assert do(server, "")[0] == 200
        assert {other.result()[0] for other in others} == {200}


def test_a_client_that_keeps_calling_sees_no_error_while_a_worker_is_replaced(serve: Serve) -> None:
    server = serve(BY_DATA, FUNC_TIMEOUT="0.5")
    connection = server.connect()
    statuses = set()
    with ThreadPoolExecutor(1) as client:
        stuck = client.submit(do, server, "time.sleep(60)")
        end = time.monotonic() + 2
        while time.monotonic() < end:
            connection.request("POST", "/", body=b"")
            answer = connection.getresponse()
            answer.read()
            statuses.add(answer.status)

    connection.close()
    assert (stuck.result()[0], statuses) == (408, {200})


def test_a_call_that_never_got_a_thread_does_not_cost_the_worker(serve: Serve) -> None:
    server = serve(BY_DATA, FUNC_TIMEOUT="1.5", FUNC_THREADS="1")
    worker = do(server, "")[1]
    with ThreadPoolExecutor(3) as clients:
        results = [clients.submit(do, server, "time.sleep(0.9)") for _ in range(3)]
        statuses = sorted(result.result()[0] for result in results)

    assert statuses == [200, 408, 408]
    assert do(server, "") == (200, worker)
    assert "no thread became free in 1.5 s (FUNC_THREADS)" in server.log


def test_an_async_call_over_its_time_is_cancelled_and_its_worker_stays(serve: Serve) -> None:
    server = serve(PAUSING, FUNC_TIMEOUT="0.5")
    worker = do(server, "none")[1]

    assert do(server, "wait 60")[0] == 408
    assert do(server, "none") == (200, worker)


def test_an_async_call_that_ignores_its_cancellation_costs_the_worker(serve: Serve) -> None:
    server = serve(PAUSING, FUNC_TIMEOUT="0.5")
    worker = do(server, "none")[1]

    assert do(server, "stubborn 60")[0] == 408
    wait_for(lambda: do(server, "none")[1] != worker, "another worker answers")
    server.wait_log("it goes on although it was cancelled")


def test_an_async_call_that_blocks_the_loop_is_answered_all_the_same(serve: Serve) -> None:
    server = serve(PAUSING, FUNC_TIMEOUT="1", FUNC_WORKERS="1")
    worker = do(server, "none")[1]

    with ThreadPoolExecutor(2) as clients:
        blocking = clients.submit(do, server, "block 60")
        status, text = blocking.result()

    assert (status, TIMED_OUT in text) == (408, True)
    assert do(server, "none")[1] != worker
    server.wait_log("it blocks the event loop, at:")
    server.wait_log('fn.py", line 7, in run')


def test_a_call_that_keeps_the_interpreters_lock_is_killed(serve: Serve) -> None:
    # A regular expression that backtracks for ever holds the lock: no other thread of the process runs.
    server = serve(BY_DATA, FUNC_TIMEOUT="0.5")

    with pytest.raises(ConnectionResetError):
        do(server, "import re; re.match('(a*)*b', 'a' * 60)")

    assert do(server, "")[0] == 200
    server.wait_log("over its timeout and nothing in the process reacts")


def test_a_client_that_leaves_does_no_harm(serve: Serve) -> None:
    server = serve(BY_DATA)
    worker = do(server, "")[1]
    for _ in range(20):
        with socket.create_connection(("127.0.0.1", server.port), timeout=10) as sock:
            sock.sendall(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 15\r\n\r\ntime.sleep(0.1)")

    assert do(server, "") == (200, worker)
