"""Objects as people and the Go programs wrote them become values, and mistakes are told all at once."""

from datetime import UTC, datetime

import pytest

from kubeless.api.contenttype import ContentType, parse_content_type
from kubeless.api.cronjobtrigger import parse_cronjob_trigger
from kubeless.api.errors import InvalidObject
from kubeless.api.function import parse_function
from kubeless.api.httptrigger import parse_http_trigger
from kubeless.api.kafkatrigger import parse_kafka_trigger
from kubeless.api.natstrigger import parse_nats_trigger
from kubeless.core.errors import InvalidField
from kubeless.core.jsontypes import JsonObject


def test_a_function_written_by_the_go_cli_parses() -> None:
    function = parse_function(
        {
            "metadata": {"name": "echo", "namespace": "default", "creationTimestamp": None, "labels": None},
            "spec": {
                "handler": "echo.run",
                "function": "def run(event, context): pass",
                "function-content-type": "text",
                "checksum": "sha256:" + "a" * 64,
                "runtime": "python3.8",
                "timeout": "",
                "deps": "",
                "deployment": {"metadata": {"creationTimestamp": None}, "spec": {"selector": None}, "status": {}},
                "service": None,
                "horizontalPodAutoscaler": {"metadata": {"creationTimestamp": None}, "status": {"conditions": None}},
            },
        }
    )
    assert function.metadata.created is None
    assert function.metadata.labels == {}
    assert function.spec.timeout == 180.0
    assert function.spec.service == {}
    assert function.spec.deployment["status"] == {}
    assert function.spec.replicas is None


@pytest.mark.parametrize(("written", "seconds"), [("180", 180.0), (30, 30.0), ("2.5", 2.5), (None, 180.0)])
def test_a_timeout_may_be_text_or_number(written: object, seconds: float) -> None:
    assert parse_function({"spec": {"timeout": written}}).spec.timeout == seconds


@pytest.mark.parametrize("written", ["0", "-1", "3m", "nan", "inf", True, [], "1e999"])
def test_a_timeout_that_is_no_duration_is_refused(written: object) -> None:
    with pytest.raises(InvalidObject, match=r"spec\.timeout: .*give seconds"):
        parse_function({"spec": {"timeout": written}})


@pytest.mark.parametrize(
    "handler",
    [
        "nodot",
        "a.b.c",
        "../a.b",
        "a/b.c",
        "a.b\0",
        ".run",
        "a.",
        "a b.c",
        "-a.b",
        "a.b\n",
        "$(id).run",
        "a" * 250 + ".b",
    ],
)
def test_a_handler_that_is_no_plain_name_is_refused(handler: str) -> None:
    with pytest.raises(InvalidObject) as caught:
        parse_function({"metadata": {"name": "echo"}, "spec": {"handler": handler}})
    (problem,) = caught.value.problems
    assert problem.field == "spec.handler"
    assert isinstance(problem, InvalidField)


@pytest.mark.parametrize("handler", ["", "echo.run", "hello-get.foo", "_m.$f", "Foo.fooHandler"])
def test_handlers_of_all_languages_are_taken(handler: str) -> None:
    assert parse_function({"spec": {"handler": handler}}).spec.handler == handler


def test_all_problems_are_told_at_once_with_path_value_and_remedy() -> None:
    with pytest.raises(InvalidObject) as caught:
        parse_function(
            {
                "metadata": {"name": "echo", "namespace": "shop"},
                "spec": {"handler": 7, "checksum": "md5:1", "deployment": "x", "replicas": -1},
            }
        )
    fields = {problem.field: problem for problem in caught.value.problems}
    assert set(fields) == {"spec.handler", "spec.checksum", "spec.deployment", "spec.replicas"}
    assert str(caught.value).startswith("Function shop/echo is not valid: ")
    assert "got 'md5:1'; give sha256:<64 hex digits>" in str(fields["spec.checksum"])
    assert "see `kubectl explain function.spec.replicas`" in str(fields["spec.replicas"])


@pytest.mark.parametrize("spec", [[], "x", 3])
def test_a_spec_that_is_no_object_is_refused(spec: object) -> None:
    with pytest.raises(InvalidObject):
        parse_function({"spec": spec or [1]})


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", ContentType("text", None, False)),
        ("text", ContentType("text", None, False)),
        ("base64+zip", ContentType("base64", "zip", False)),
        ("url+compressedtar+deps", ContentType("url", "compressedtar", True)),
    ],
)
def test_content_types_are_taken_apart(text: str, expected: ContentType) -> None:
    assert parse_content_type(text) == expected


def test_an_unknown_content_type_is_refused_in_the_words_scripts_know() -> None:
    with pytest.raises(InvalidField, match="Unable to prepare function of type zip: Unknown format"):
        parse_content_type("zip")


def test_an_http_trigger_written_by_the_go_cli_parses() -> None:
    trigger = parse_http_trigger(
        {
            "metadata": {"name": "bill", "namespace": "shop", "creationTimestamp": "2026-01-02T03:04:05Z"},
            "spec": {
                "function-name": "bill",
                "host-name": "bill.example.com",
                "path": "v1",
                "tls": False,
                "tls-secret": "",
                "basic-auth-secret": "",
                "gateway": "nginx",
                "cors-enable": True,
            },
        }
    )
    assert trigger.metadata.created == datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
    assert (trigger.spec.function_name, trigger.spec.host_name, trigger.spec.path) == ("bill", "bill.example.com", "v1")
    assert trigger.spec.cors_enable
    assert trigger.spec.methods == ()


@pytest.mark.parametrize(
    ("spec", "field"),
    [
        ({}, "spec.function-name"),
        ({"function-name": ""}, "spec.function-name"),
        ({"function-name": "a", "functionSelector": {}}, "spec.function-name"),
        ({"function-name": "a", "tls": True, "tls-secret": "s"}, "spec.tls-secret"),
        ({"function-name": "a", "methods": ["GET", "p ost"]}, "spec.methods[1]"),
        ({"function-name": "a", "timeout": 0}, "spec.timeout"),
        ({"function-name": "a", "maxBodyBytes": -5}, "spec.maxBodyBytes"),
        ({"functionSelector": {"matchLabels": {"a": "b c"}}}, "spec.functionSelector.matchLabels.a"),
    ],
)
def test_http_triggers_that_contradict_themselves_are_refused(spec: JsonObject, field: str) -> None:
    with pytest.raises(InvalidObject) as caught:
        parse_http_trigger({"spec": spec})
    assert [problem.field for problem in caught.value.problems] == [field]


def test_an_empty_function_name_beside_a_selector_is_no_contradiction() -> None:
    selector = {"matchLabels": {"tier": "web"}}
    trigger = parse_http_trigger({"spec": {"function-name": "", "functionSelector": selector}})
    assert trigger.spec.function_selector is not None
    assert trigger.spec.function_selector.matches({"tier": "web"})


def test_a_cron_trigger_keeps_any_payload() -> None:
    spec = {"schedule": "* * * * *", "function-name": "f"}
    assert parse_cronjob_trigger({"spec": {**spec, "payload": None}}).spec.payload is None
    assert parse_cronjob_trigger({"spec": {**spec, "payload": [1, {"a": None}]}}).spec.payload == [1, {"a": None}]


def test_a_cron_trigger_without_schedule_is_refused() -> None:
    with pytest.raises(InvalidObject, match=r"spec\.schedule: is missing, got None; add it"):
        parse_cronjob_trigger({"spec": {"function-name": "f"}})


def test_a_kafka_trigger_has_the_documented_defaults() -> None:
    spec = parse_kafka_trigger({"spec": {"topic": "orders", "functionSelector": {}}}).spec
    assert (spec.start_from, spec.delivery.order, spec.delivery.concurrency) == ("trigger", "partition", 64)
    assert (spec.delivery.retry.max_attempts, spec.delivery.retry.max_age) == (5, 3600.0)
    assert spec.delivery.timeout is None
    assert not spec.delivery.dead_letter.disabled


def test_a_kafka_trigger_may_start_at_a_time() -> None:
    spec = {"topic": "orders", "functionSelector": {}, "startFrom": "2025-01-31T09:00:00+01:00"}
    assert parse_kafka_trigger({"spec": spec}).spec.start_from == datetime(2025, 1, 31, 8, tzinfo=UTC)


@pytest.mark.parametrize("start", ["yesterday", "2025-01-31", "2025-01-31T09:00:00", 5])
def test_a_place_to_start_that_is_none_is_refused(start: object) -> None:
    with pytest.raises(InvalidObject, match=r"spec\.startFrom"):
        parse_kafka_trigger({"spec": {"topic": "t", "functionSelector": {}, "startFrom": start}})


def test_dead_letters_are_either_disabled_or_addressed() -> None:
    delivery = {"deadLetter": {"topic": "lost", "disabled": True}}
    with pytest.raises(InvalidObject, match=r"spec\.delivery\.deadLetter\.topic"):
        parse_kafka_trigger({"spec": {"topic": "t", "functionSelector": {}, "delivery": delivery}})


@pytest.mark.parametrize(("stream", "order"), [("", "none"), ("ORDERS", "partition")])
def test_nats_order_defaults_to_what_the_source_can_keep(stream: str, order: str) -> None:
    spec = parse_nats_trigger({"spec": {"topic": "o.*", "functionSelector": {}, "stream": stream}}).spec
    assert spec.order == order


def test_a_durable_consumer_needs_a_stream() -> None:
    with pytest.raises(InvalidObject, match=r"spec\.durable: needs a stream"):
        parse_nats_trigger({"spec": {"topic": "o", "functionSelector": {}, "durable": "d"}})


def test_messages_are_ordered_by_a_token_only_where_that_means_something() -> None:
    def token(topic: str, number: int, order: str | None = "key") -> int:
        delivery = {"keyToken": number, "order": order}
        spec = {"topic": topic, "functionSelector": {}, "delivery": delivery}
        return parse_nats_trigger({"spec": spec}).spec.delivery.key_token

    assert [token("o.*", 2), token("o.>", 9), token("o", 0, None)] == [2, 9, 0]
    beyond = r"spec\.delivery\.keyToken: is beyond the tokens of o\.\*, got 3; use 1 to 2, or another topic"
    with pytest.raises(InvalidObject, match=beyond):
        token("o.*", 3)
    needs = r"spec\.delivery\.keyToken: needs order by key, got 2; set order to key, or remove keyToken"
    for order in (None, "none", "partition"):
        with pytest.raises(InvalidObject, match=needs):
            token("o.*", 2, order)
    for number in (-1, 257):
        with pytest.raises(InvalidObject, match=r"spec\.delivery\.keyToken"):
            token("o.>", number)
