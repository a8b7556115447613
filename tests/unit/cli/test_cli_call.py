"""The request that `function call` sends, and how its answer is told."""

from datetime import UTC, datetime

import pytest

from kubeless.cli.function.call import failure_text
from kubeless.cli.function.logs import whole_lines
from kubeless.manage.calling import NoPort, event_headers, new_event_id, service_port

NOW = datetime(2018, 5, 18, 5, 40, 42, 881137, tzinfo=UTC)


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        ('{"a": 1}', "application/json"),
        ("null", "application/json"),
        ("[1]", "application/x-www-form-urlencoded"),
        ("42", "application/x-www-form-urlencoded"),
        ("Hello Kubeless!", "application/x-www-form-urlencoded"),
        ("[" * 100_000, "application/x-www-form-urlencoded"),
    ],
)
def test_only_objects_and_null_are_json(data: str, kind: str) -> None:
    headers = event_headers(data, event_id="x", now=NOW)
    assert (headers["event-type"], headers["Content-Type"]) == (kind, kind)


def test_a_call_without_data_carries_no_type() -> None:
    assert event_headers("", event_id="abc", now=NOW) == {
        "event-id": "abc",
        "event-time": "2018-05-18T05:40:42Z",
        "event-namespace": "cli.kubeless.io",
    }


def test_event_ids_have_fifteen_characters_and_differ() -> None:
    ids = {new_event_id() for _ in range(100)}
    assert len(ids) == 100
    assert {len(each) for each in ids} == {15}


def test_a_named_port_is_called_by_its_name() -> None:
    assert service_port({"spec": {"ports": [{"name": "http-function-port", "port": 80}, {"port": 1}]}}) == (
        "http-function-port"
    )
    assert service_port({"spec": {"ports": [{"port": 80}]}}) == 80


def test_a_service_without_ports_cannot_be_called() -> None:
    with pytest.raises(NoPort, match="has no ports"):
        service_port({"metadata": {"name": "bill"}, "spec": {}})


def test_failures_are_told_as_the_go_client_did() -> None:
    assert failure_text(408, b"") == "Request timeout exceeded"
    assert failure_text(500, b"oops") == 'an error on the server ("oops") has prevented the request from succeeding'


def test_logs_are_cut_into_whole_lines() -> None:
    assert whole_lines(b"a\nb\nc") == ([b"a\n", b"b\n"], b"c")


def test_a_line_that_never_ends_is_not_kept_for_ever() -> None:
    lines, rest = whole_lines(b"x" * 70_000)
    assert (len(lines), rest) == (1, b"")
