"""Payloads and objects of `trigger cronjob`, and what a look at a schedule tells before a cluster is asked."""

from pathlib import Path

import pytest

from kubeless.cli.failure import Fatal
from kubeless.cli.trigger.cronjob.build import CronjobWanted
from kubeless.cli.trigger.cronjob.payload import read_payload
from kubeless.cli.trigger.cronjob.report import next_times, status_object, status_rows

NOON = 1_767_268_800.0  # 2026-01-01T12:00:00Z


def trigger(**spec: object) -> dict[str, object]:
    metadata = {"name": "nightly", "namespace": "team", "creationTimestamp": "2026-01-01T00:00:05Z"}
    return {"metadata": metadata, "spec": {"function-name": "bill", "schedule": "@daily"} | spec}


def test_without_a_payload_there_is_none() -> None:
    assert CronjobWanted(function="bill", schedule="@daily").new_spec("") == {
        "function-name": "bill",
        "schedule": "@daily",
    }


def test_any_json_is_a_payload() -> None:
    assert read_payload('{"a": [1, null]}', None) == (True, {"a": [1, None]})
    assert read_payload("null", None) == (True, None)
    assert read_payload(None, None) == (False, None)


@pytest.mark.parametrize(
    ("name", "text"), [("p.json", '{"day": "mon"}'), ("p.yaml", "day: mon\n"), ("p.YML", "{day: mon}")]
)
def test_a_payload_comes_from_a_file(tmp_path: Path, name: str, text: str) -> None:
    (tmp_path / name).write_text(text)
    assert read_payload(None, str(tmp_path / name)) == (True, {"day": "mon"})


@pytest.mark.parametrize(
    ("name", "content", "complaint"),
    [
        ("p.json", b"{", "is not JSON"),
        ("p.json", b"NaN", "NaN is no JSON number"),
        ("p.json", b"[" * 100_000, "is not JSON"),
        ("p.json", b"\xff", "is not UTF-8"),
        ("p.json", b" " * 300_000, "at most 262144 bytes"),
        ("p.yaml", b"day: 2026-01-01", "a date"),
        ("p.yaml", b"1: a", "a key that is no text"),
        ("p.yaml", b"a: .nan", "JSON"),
        ("p.yaml", b"a: [", "is not YAML"),
        ("p.yaml", b"!!python/object/apply:os.system [id]", "is not YAML"),
        ("p.txt", b"{}", "is no .json"),
    ],
)
def test_what_is_no_payload_is_refused(tmp_path: Path, name: str, content: bytes, complaint: str) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(Fatal, match=complaint):
        read_payload(None, str(tmp_path / name))


def test_a_payload_is_given_once() -> None:
    with pytest.raises(Fatal, match="You can't provide both raw payload and a payload file"):
        read_payload("{}", "p.json")


def test_a_schedule_is_judged_before_the_cluster_is_asked() -> None:
    with pytest.raises(Fatal, match=r"Invalid value for --schedule\. schedule: never comes: Feb has no day 30"):
        CronjobWanted(schedule="0 0 30 2 *").check()
    with pytest.raises(Fatal, match="did you mean Europe/Berlin"):
        CronjobWanted(time_zone="Europe/Berln").check()


def test_an_update_changes_what_is_given_and_no_more() -> None:
    before = {"function-name": "bill", "schedule": "@daily", "payload": {"a": 1}, "timeZone": "Europe/Berlin"}
    assert CronjobWanted(schedule="@hourly").changed_spec(before) == {
        "function-name": "bill",
        "schedule": "@hourly",
        "payload": {"a": 1},
        "timeZone": "Europe/Berlin",
    }
    assert CronjobWanted(has_payload=True).changed_spec(before)["payload"] is None


def test_a_named_function_takes_the_place_of_a_selector() -> None:
    before = {"schedule": "@daily", "functionSelector": {"matchLabels": {"a": "b"}}}
    assert CronjobWanted(function="other").changed_spec(before) == {"schedule": "@daily", "function-name": "other"}
    assert CronjobWanted(schedule="@hourly").changed_spec(before) == before | {"schedule": "@hourly"}


def test_next_times_are_those_of_the_scheduler() -> None:
    assert next_times(trigger(), now=NOON, count=2) == ["2026-01-02T00:00:00Z", "2026-01-03T00:00:00Z"]
    berlin = trigger(schedule="0 0 * * *", timeZone="Europe/Berlin")
    assert next_times(berlin, now=NOON, count=1) == ["2026-01-01T23:00:00Z"]
    assert next_times(trigger(schedule="@every 1h"), now=NOON, count=1) == ["2026-01-01T12:00:05Z"]
    assert next_times(trigger(suspend=True), now=NOON, count=1) == []
    assert next_times(trigger(schedule="nonsense"), now=NOON, count=1) == []


def test_a_report_without_a_status_says_so() -> None:
    rows = dict(status_rows(trigger(), now=NOON))
    assert (rows["Last:"], rows["Active calls:"], rows["Suspended:"]) == ("never", "unknown", "no")
    assert status_object(trigger(), now=NOON)["nextTimes"][0] == "2026-01-02T00:00:00Z"
