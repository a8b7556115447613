"""Somebody without rights: each command says which verb on which resource is missing, and writes nothing."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from support.typed import CommandLine

VERBS = {"POST": "create", "PATCH": "patch", "DELETE": "delete", "PUT": "update"}


class Forbidding(BaseHTTPRequestHandler):
    """An API server that answers as a real one does to somebody whom no Role allows anything."""

    def handle_any(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        self.rfile.read(length)
        body = json.dumps(self._status()).encode()
        self.send_response(403)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = handle_any  # noqa: N815 - names of http.server

    def log_message(self, *_: object) -> None:
        """Nobody reads it."""

    def _status(self) -> dict[str, object]:
        path = self.path.partition("?")[0].strip("/").split("/")
        group, rest = ("", path[2:]) if path[0] == "api" else (path[1], path[3:])
        namespace = f' in the namespace "{rest[1]}"' if rest[0] == "namespaces" and len(rest) > 2 else ""
        resource, *name = rest[2:] if namespace else rest
        verb = VERBS.get(self.command) or ("get" if name else "list")
        told = ".".join(filter(None, (resource, group))) + "".join(f' "{each}"' for each in name[:1])
        message = (
            f'{told} is forbidden: User "ann" cannot {verb} resource "{resource}" in API group "{group}"{namespace}'
        )
        return {
            "kind": "Status",
            "apiVersion": "v1",
            "status": "Failure",
            "reason": "Forbidden",
            "code": 403,
            "message": message,
        }


@pytest.fixture
def kubeless(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[CommandLine]:
    """The command line of that person."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Forbidding)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    address = f"http://127.0.0.1:{server.server_port}"
    config = {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "here",
        "contexts": [{"name": "here", "context": {"cluster": "here", "user": "ann", "namespace": "team"}}],
        "clusters": [{"name": "here", "cluster": {"server": address}}],
        "users": [{"name": "ann", "user": {"token": "of-ann"}}],
    }
    (tmp_path / "config").write_text(json.dumps(config))
    (tmp_path / "app.py").write_text("def run(event, context):\n    return ''\n")
    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "config"))
    monkeypatch.chdir(tmp_path)
    yield CommandLine(capsys)
    server.shutdown()
    thread.join()
    server.server_close()


DEPLOY = ("function", "deploy", "x", "--runtime", "python3.11", "--handler", "app.run", "-f", "app.py")
SELECTED = ("--function-selector", "a=b", "--trigger-topic", "t")


@pytest.mark.parametrize(
    ("words", "verb", "resource"),
    [
        (DEPLOY, "create", "functions"),
        (("function", "update", "x", "--timeout", "5"), "get", "functions"),
        (("function", "delete", "x"), "delete", "functions"),
        (("function", "list"), "list", "functions"),
        (("function", "list", "x"), "get", "functions"),
        (("function", "describe", "x"), "get", "functions"),
        (("function", "call", "x"), "get", "services"),
        (("function", "logs", "x"), "list", "pods"),
        (("function", "top"), "list", "functions"),
        (("trigger", "http", "create", "x", "--function-name", "f", "--hostname", "a.b"), "get", "functions"),
        (("trigger", "http", "list"), "list", "httptriggers"),
        (("trigger", "kafka", "create", "x", *SELECTED), "create", "kafkatriggers"),
        (("trigger", "kafka", "update", "x", "--trigger-topic", "t"), "get", "kafkatriggers"),
        (("trigger", "nats", "create", "x", *SELECTED), "create", "natstriggers"),
        (("trigger", "nats", "delete", "x"), "delete", "natstriggers"),
        (("trigger", "cronjob", "suspend", "x"), "get", "cronjobtriggers"),
        (("trigger", "cronjob", "list"), "list", "cronjobtriggers"),
        (("autoscale", "create", "x", "--value", "1"), "get", "functions"),
        (("autoscale", "list"), "list", "horizontalpodautoscalers"),
        (("topic", "list"), "get", "services"),
        (("migrate", "--cluster"), "list", "functions"),
        (("get-server-config",), "get", "configmaps"),
    ],
    ids=lambda value: " ".join(value[:3]) if isinstance(value, tuple) else None,
)
def test_the_missing_right_is_named(kubeless: CommandLine, words: tuple[str, ...], verb: str, resource: str) -> None:
    typed = kubeless(*words)
    assert (typed.code, typed.out) == (1, "")
    assert f'User "ann" cannot {verb} resource "{resource}" in API group ' in typed.told[-1]
    assert "Unexpected" not in typed.err


def test_the_runtime_check_is_left_out_where_the_configuration_may_not_be_read(kubeless: CommandLine) -> None:
    told = kubeless(*DEPLOY).told
    assert told[0].endswith(". Runtime check is disabled.")
    assert told[1] == "Deploying function..."
    assert told[2].startswith("Failed to deploy x. Received:\n")
