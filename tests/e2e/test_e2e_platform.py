"""The local platform itself: up, down, status, crash, reset, demo."""

import json
import os
import signal
import socket
from pathlib import Path

from support.localplatform import LocalPlatform, eventually, free_ports

EXAMPLES = Path(__file__).parents[2] / "examples"


def test_everything_comes_back_after_the_platform_is_killed_and_nothing_strays(own_platform: LocalPlatform) -> None:
    own_platform.up()
    (own_platform.folder / "echo.py").write_text("def run(event, context):\n    return event['data']\n")
    own_platform.kubeless(
        "function", "deploy", "echo", "--runtime", "python3.11", "--handler", "echo.run", "-f", "echo.py", "--wait"
    )
    os.kill(own_platform.status["pid"], signal.SIGKILL)
    eventually(lambda: own_platform.processes() == [])
    assert own_platform.status == {"pid": None, "ready": False, "addresses": {}}

    own_platform.up()
    eventually(lambda: own_platform.http("POST", "/default/echo", data=b"back").body == "back")


def test_down_leaves_no_process_and_keeps_the_objects(own_platform: LocalPlatform) -> None:
    own_platform.up()
    (own_platform.folder / "kept.py").write_text("def run(event, context):\n    return 'kept'\n")
    own_platform.kubeless(
        "function", "deploy", "kept", "--runtime", "python3.11", "--handler", "kept.run", "-f", "kept.py", "--wait"
    )
    own_platform.down()
    assert own_platform.processes() == []
    own_platform.up()
    assert "kept" in own_platform.kubeless("function", "ls", "-o", "name").stdout


def test_a_second_platform_on_the_same_folder_is_refused_with_the_pid_of_the_first(own_platform: LocalPlatform) -> None:
    own_platform.up()
    result = own_platform.kubeless("local", "up", "-d", check=False)
    assert result.returncode == 1
    assert str(own_platform.status["pid"]) in result.stderr


def test_a_taken_port_is_named_with_its_owner_and_leaves_nothing_behind(own_platform: LocalPlatform) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        result = own_platform.kubeless("local", "up", "-d", *free_ports(gateway=port), check=False)
    assert result.returncode == 1
    assert f"127.0.0.1:{port}" in result.stderr
    assert str(os.getpid()) in result.stderr
    assert own_platform.processes() == []


def test_reset_removes_only_what_the_platform_made(own_platform: LocalPlatform) -> None:
    own_platform.up()
    refused = own_platform.kubeless("local", "reset", "--yes", check=False)
    assert refused.returncode == 1
    assert "kubeless local down" in refused.stderr
    own_platform.down()
    own_platform.kubeless("local", "reset", "--yes")
    assert not (own_platform.folder / ".kubeless").exists()

    (own_platform.folder / "other").mkdir()
    (own_platform.folder / "other" / "precious").write_text("x")
    refused = own_platform.kubeless("local", "reset", "--yes", "--data-dir", "other", check=False)
    assert refused.returncode == 1
    assert (own_platform.folder / "other" / "precious").exists()


def test_the_demo_sends_an_event_through_every_trigger_and_gets_the_right_answers(own_platform: LocalPlatform) -> None:
    result = own_platform.kubeless("local", "demo", str(EXAMPLES), "--once", *free_ports())
    assert "hello world" in result.stdout
    assert "Good day, Ada!" in result.stdout
    assert "kafka/announcements" in result.stdout
    assert own_platform.processes() == []


def test_a_wrong_answer_in_the_demo_is_an_error(own_platform: LocalPlatform) -> None:
    examples = own_platform.folder / "examples"
    examples.mkdir()
    (examples / "hello.yaml").write_text((EXAMPLES / "hello.yaml").read_text())
    (examples / "demo.yaml").write_text(
        "- {trigger: http, name: hello, function: hello, request: GET /hello, answer: something else}\n"
    )
    result = own_platform.kubeless("local", "demo", str(examples), "--once", *free_ports(), check=False)
    assert result.returncode == 1
    assert "something else" in result.stdout + result.stderr


def test_status_without_a_platform_says_so(own_platform: LocalPlatform) -> None:
    result = own_platform.kubeless("local", "status", "-o", "json", check=False)
    assert result.returncode == 1
    assert json.loads(result.stdout) == {"pid": None, "ready": False, "addresses": {}}
