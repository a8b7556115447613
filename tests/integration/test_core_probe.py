"""Asking services whether they are well."""

from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest

from kubeless.core.probe import main


class Handler(BaseHTTPRequestHandler):
    """Answers with the status that the path names."""

    def do_GET(self) -> None:
        self.send_response(int(self.path.strip("/")))
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - named so by the library
        """Nothing."""


@pytest.fixture
def service() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


@pytest.mark.parametrize(
    ("questions", "code"),
    [
        (["/200"], 0),
        (["/404=404"], 0),
        (["/200", "/503"], 1),
        (["/200=404"], 1),
        (["/503=503", "/200"], 0),
    ],
)
def test_each_must_answer_as_wanted(service: str, questions: list[str], code: int) -> None:
    assert main([service + question for question in questions]) == code


def test_what_does_not_answer_is_not_well(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["http://127.0.0.1:1/readyz", "file:///etc/passwd"]) == 1
    assert "refused" in capsys.readouterr().out


def test_without_a_question_it_says_how_to_ask(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 2
    assert "usage:" in capsys.readouterr().err
