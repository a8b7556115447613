"""
`python -m bench.forking <port> <file>`: the old way to serve a Python function, with the standard library only.

A thread for each connection, and for each call a process that is forked, calls `run` and puts the result into a queue:
so did the original, with Bottle on CherryPy in front. `wsgiref` stands for these here. Like theirs its threads wait for
the child, and unlike theirs it closes each connection.
"""

import multiprocessing
import runpy
import sys
from collections.abc import Callable, Iterable
from multiprocessing.queues import SimpleQueue
from socketserver import ThreadingMixIn
from typing import TYPE_CHECKING, Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIEnvironment

_FORK = multiprocessing.get_context("fork")

Function = Callable[[dict[str, Any], dict[str, Any]], str | bytes]


class Server(ThreadingMixIn, WSGIServer):
    """Calls do not wait for each other."""

    daemon_threads = True
    request_queue_size = 128


class Handler(WSGIRequestHandler):
    """Without a log."""

    def log_request(self, *_: object) -> None:
        pass


def application(function: Function) -> "Callable[[WSGIEnvironment, StartResponse], Iterable[bytes]]":
    """The WSGI application that calls a function."""

    def serve(environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        body = b""
        if environ["PATH_INFO"] != "/healthz":
            length = int(environ.get("CONTENT_LENGTH") or 0)
            body = _call(function, environ["wsgi.input"].read(length))
        start_response("200 OK", [("Content-Length", str(len(body)))])
        return [body]

    return serve


def _call(function: Function, data: bytes) -> bytes:
    results: SimpleQueue[str | bytes] = _FORK.SimpleQueue()
    child = _FORK.Process(target=lambda: results.put(function({"data": data}, {})))
    child.start()
    result = results.get()
    child.join()
    results.close()
    return result.encode() if isinstance(result, str) else result


if __name__ == "__main__":
    loaded = runpy.run_path(sys.argv[2])["run"]
    make_server("127.0.0.1", int(sys.argv[1]), application(loaded), Server, Handler).serve_forever()
