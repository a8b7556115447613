"""Tables, dumps and messages."""

import json
from datetime import UTC, datetime

import pytest
import yaml

from kubeless.cli.failure import Fatal
from kubeless.cli.function.bindings import TriggerLists
from kubeless.cli.function.rows import WIDE_HEADER, deployment_status, describe_rows, list_row, wide_row
from kubeless.cli.messages import plain_line, terminal_line
from kubeless.cli.output import check_list_format, dry_run_text, list_text, table, to_yaml
from kubeless.core.jsontypes import JsonObject

FUNCTION: JsonObject = {
    "metadata": {"name": "bill", "namespace": "prod", "labels": {"function": "bill", "tier": "b"}},
    "spec": {
        "handler": "app.run",
        "runtime": "nodejs14",
        "deps": '{"name": "x", "dependencies": {"lodash": "^4", "left-pad": "1.0"}}',
        "deployment": {
            "spec": {
                "template": {
                    "spec": {
                        "containers": [
                            {
                                "name": "",
                                "env": [{"name": "A", "value": "1"}],
                                "resources": {"requests": {"memory": "64Mi"}},
                            }
                        ]
                    }
                }
            }
        },
    },
    "status": {"conditions": [{"type": "Ready", "status": "False", "reason": "UnknownRuntime", "message": "no such"}]},
}


def test_cells_are_padded_and_joined_by_tabs() -> None:
    assert table([("NAME", "STATUS"), ("a", "1/1 READY")]) == "NAME\tSTATUS   \na   \t1/1 READY\n"


def test_long_cells_are_wrapped_onto_lines_of_their_own() -> None:
    assert table([("N", "TEXT"), ("a", "one two three")], width=7) == "N\tTEXT   \na\tone two\n \tthree  \n"


def test_what_others_wrote_cannot_control_the_terminal() -> None:
    assert "\x1b" not in table([("\x1b[2Jgone",)])
    assert terminal_line("error", "\x1b]0;a\n\tb", seconds=0, colour=False) == "ERRO[0000] \ufffd]0;a\n\tb"


def test_a_table_without_objects_is_its_header() -> None:
    assert table([("NAME",)]) == "NAME\n"


def test_lists_in_json_and_yaml_are_bare_arrays() -> None:
    assert json.loads(list_text([FUNCTION], "json", kind="functions.kubeless.io")) == [FUNCTION]
    assert yaml.safe_load(list_text([FUNCTION], "yaml", kind="functions.kubeless.io")) == [FUNCTION]
    assert list_text([FUNCTION], "name", kind="functions.kubeless.io") == "functions.kubeless.io/bill\n"


def test_an_unknown_format_is_refused() -> None:
    with pytest.raises(Fatal, match=r"^Wrong output format\. Please use only json\|yaml$"):
        check_list_format("xml")


def test_yaml_shows_source_as_source() -> None:
    assert to_yaml({"function": "def run():\n  pass\n"}) == "function: |\n  def run():\n    pass\n"


def test_a_dry_run_prints_four_spaces_of_json_or_yaml() -> None:
    assert dry_run_text({"a": {"b": 1}}, "json") == '{\n    "a": {\n        "b": 1\n    }\n}\n'
    assert dry_run_text({"a": {"b": 1}}, "yaml") == "a:\n  b: 1\n"
    assert dry_run_text({}, "toml") is None


@pytest.mark.parametrize(
    ("status", "text"),
    [
        ({"readyReplicas": 1, "replicas": 2}, "1/2 READY"),
        ({"replicas": 2}, "0/2 NOT READY"),
        ({}, "0/0 NOT READY"),
    ],
)
def test_status_counts_replicas(status: JsonObject, text: str) -> None:
    assert deployment_status({"status": status}) == text


def test_a_missing_deployment_points_to_the_controller() -> None:
    assert deployment_status(None) == "MISSING: Check controller logs"


def test_a_row_lists_the_packages_of_a_node_function() -> None:
    assert list_row(FUNCTION, None)[:5] == ("bill", "prod", "app.run", "nodejs14", "lodash: ^4\nleft-pad: 1.0")


def test_wide_rows_have_a_cell_under_every_header() -> None:
    triggers = TriggerLists(
        cronjob=[{"spec": {"function-name": "bill", "schedule": "@hourly"}}, {"spec": {"function-name": "other"}}],
        kafka=[{"spec": {"topic": "orders", "functionSelector": {"matchLabels": {"tier": "b"}}}}],
        nats=[{"spec": {"topic": "news", "functionSelector": {"matchLabels": {"tier": "c"}}}}],
    )
    row = dict(zip(WIDE_HEADER, wide_row(FUNCTION, None, triggers.bindings(FUNCTION)), strict=True))
    assert row["TYPE"].split() == ["HTTP", "Kafka", "Scheduled"]
    assert (row["TOPIC"], row["SCHEDULE"], row["MEMORY"], row["ENV"]) == ("orders", "@hourly", "64Mi", "A = 1")


def test_a_description_has_the_known_rows_and_then_the_conditions() -> None:
    assert describe_rows(FUNCTION) == [
        ("Name:", "bill"),
        ("Namespace:", "prod"),
        ("Handler:", "app.run"),
        ("Runtime:", "nodejs14"),
        ("Label:", '{"function":"bill","tier":"b"}'),
        ("Envvar:", '[{"name":"A","value":"1"}]'),
        ("Memory:", "64Mi"),
        ("Dependencies:", "lodash: ^4\nleft-pad: 1.0"),
        ("Ready:", "False UnknownRuntime no such"),
    ]


def test_a_function_that_says_nothing_can_be_shown() -> None:
    bare = {"metadata": {"name": "bill"}, "spec": {"deployment": {"spec": None}}}
    assert describe_rows(bare)[5:7] == [("Envvar:", "[]"), ("Memory:", "")]


def test_messages_on_a_terminal_and_elsewhere() -> None:
    now = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
    assert (
        terminal_line("info", "Deploying function...", seconds=3.9, colour=False) == "INFO[0003] Deploying function..."
    )
    assert plain_line("fatal", 'a "b"\nc', now=now) == (
        'time="2026-01-02T03:04:05+00:00" level=fatal msg="a \\"b\\"\\nc"'
    )
    assert plain_line("warning", "short", now=now).endswith("level=warning msg=short")
