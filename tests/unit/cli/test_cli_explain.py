"""What `explain` says of broken set-ups: each by its name, with the command that mends it."""

from dataclasses import replace

import pytest

from kubeless.cli.explain.facts import FunctionFacts, TriggerFacts
from kubeless.cli.explain.finding import Finding, as_object, as_text
from kubeless.cli.explain.functionchain import explain_function
from kubeless.cli.explain.subject import TRIGGERS, read_subject
from kubeless.cli.explain.triggerchain import explain_trigger
from kubeless.cli.failure import Fatal
from kubeless.core.jsontypes import JsonObject

SERVICE: JsonObject = {"spec": {"ports": [{"port": 8080}], "selector": {"function": "bill"}}}


def condition(kind: str, status: str, reason: str = "", message: str = "") -> JsonObject:
    return {"type": kind, "status": status, "reason": reason, "message": message, "observedGeneration": 1}


def function(*conditions: JsonObject, name: str = "bill", **spec: object) -> JsonObject:
    return {
        "metadata": {"name": name, "namespace": "team", "generation": 1, "labels": {"function": name}},
        "spec": {"runtime": "python3.11", "handler": "app.run"} | spec,
        "status": {"observedGeneration": 1, "conditions": list(conditions)},
    }


def pod(*, ready: bool = True, **labels: str) -> JsonObject:
    status = {"containerStatuses": [{"name": "bill", "ready": ready}]}
    return {"metadata": {"name": "bill-1", "labels": {"function": "bill"} | labels}, "status": status}


def facts(obj: JsonObject | None) -> FunctionFacts:
    return FunctionFacts(
        name="bill",
        function=obj,
        runtimes=("nodejs20", "python3.11", "python3.12"),
        service=SERVICE,
        endpoints=1,
        pods=(pod(),),
    )


GOOD = facts(function(condition("Ready", "True", "Ready")))


def broken(reason: str, message: str = "", *log: str) -> FunctionFacts:
    return replace(facts(function(condition("Ready", "False", reason, message))), endpoints=0, log=log)


def trigger(
    kind: str, *conditions: JsonObject, functions: tuple[FunctionFacts, ...] = (GOOD,), **spec: object
) -> TriggerFacts:
    obj = {
        "metadata": {"name": "it", "namespace": "team", "generation": 1},
        "spec": {"topic": "orders", "functionSelector": {"matchLabels": {"function": "bill"}}}
        | {name.replace("_", "-"): value for name, value in spec.items()},
        "status": {"observedGeneration": 1, "conditions": list(conditions)},
    }
    return TriggerFacts(kind=TRIGGERS[kind], command=kind, name="it", trigger=obj, functions=functions)


def only_trouble(findings: list[Finding]) -> Finding:
    troubles = [each for each in findings if each.state != "ok"]
    assert len(troubles) == 1, troubles
    return troubles[0]


REACHABLE = condition("BrokerReachable", "True", "Reachable", "Kafka answers")


@pytest.mark.parametrize(
    ("given", "cause", "remedy"),
    [
        (facts(None), "FunctionNotFound", "kubeless function deploy bill"),
        (facts(function(runtime="pyton3.11")), "UnknownRuntime", "kubeless function update bill --runtime python3.11"),
        (broken("UnknownRuntime", "Unable to find x"), "UnknownRuntime", "kubeless function update bill --runtime"),
        (
            broken("CrashLoopBackOff", "the function ended: AttributeError: module 'app' has no attribute 'run'"),
            "ImportError",
            "kubeless function update bill --from-file",
        ),
        (
            broken("CrashLoopBackOff", "the function ended: ModuleNotFoundError: No module named 'bs4'"),
            "ImportError",
            "kubeless function update bill --dependencies",
        ),
        (broken("CrashLoopBackOff", "exit code 1", "SyntaxError: x"), "ImportError", "kubeless function update bill"),
        (
            broken("CrashLoopBackOff", "the function ended 4 times: killed"),
            "CrashLoopBackOff",
            "kubeless function logs bill",
        ),
        (
            broken("CrashLoopBackOff", "it used more memory than its limit; raise the limit or use less"),
            "OutOfMemory",
            "kubeless function update bill --memory",
        ),
        (broken("InstallFailed", "step install failed: x"), "InstallFailed", "--dependencies"),
        (broken("PrepareFailed", "step prepare failed: x"), "PrepareFailed", "--from-file"),
        (broken("ScaledToZero", "no pods"), "ScaledToZero", "kubectl scale deployment bill --replicas=1"),
        (broken("SomethingNew", "odd"), "SomethingNew", "kubeless function describe bill"),
        (facts(function()), "ControllerAway", "kubectl get pods -n kubeless -l kubeless=controller"),
        (replace(GOOD, service=None), "NoService", "kubeless function describe bill"),
        (replace(GOOD, endpoints=0, pods=()), "NoEndpoints", "kubectl scale deployment bill"),
        (replace(GOOD, endpoints=0, pods=(pod(ready=False),)), "NoEndpoints", "kubectl get pods -l function=bill"),
        (replace(GOOD, endpoints=0, pods=(pod(function="x"),)), "NoEndpoints", "kubectl edit function bill"),
    ],
)
def test_a_broken_function_is_named_with_its_remedy(given: FunctionFacts, cause: str, remedy: str) -> None:
    found = only_trouble(explain_function(given))
    assert (found.state, found.cause) == ("wrong", cause)
    assert remedy in found.remedy


@pytest.mark.parametrize(
    ("given", "cause", "remedy"),
    [
        (trigger("kafka", suspend=True), "Suspended", "kubeless trigger kafka resume it"),
        (
            replace(
                trigger("kafka", REACHABLE, condition("Ready", "False", "NoFunctions"), functions=()),
                others=(function(name="pay"),),
            ),
            "WrongSelector",
            "kubeless trigger kafka update it --function-selector function=pay",
        ),
        (
            trigger("kafka", REACHABLE, condition("Ready", "False", "TopicNotFound", "topic orders does not exist")),
            "TopicNotFound",
            "kubeless topic create orders",
        ),
        (
            trigger("nats", condition("BrokerReachable", "False", "BrokerUnavailable", "refused")),
            "BrokerAway",
            "NATS_URL",
        ),
        (trigger("kafka"), "ControllerAway", "kubeless=kafka-trigger-controller"),
        (
            trigger("http", condition("Ready", "False", "RouteConflict", "a/ belongs to the older trigger")),
            "RouteConflict",
            "kubeless trigger http update it --path",
        ),
        (
            trigger("http", condition("Ready", "False", "CertificateExpired", "it expired"), tls_secret="own"),
            "CertificateExpired",
            "kubectl create secret tls own",
        ),
        (
            trigger("http", condition("Ready", "False", "SecretMissing", "x"), basic_auth_secret="users"),
            "SecretMissing",
            "kubectl create secret generic users",
        ),
        (
            trigger(
                "cronjob", condition("Ready", "True"), condition("Succeeding", "False", "CallFailed", "status 500")
            ),
            "CallFailed",
            "kubeless trigger cronjob fire it",
        ),
        (
            trigger("http", condition("Ready", "False", "NoEndpoints"), functions=(broken("InstallFailed", "x"),)),
            "InstallFailed",
            "kubeless function update bill --dependencies",
        ),
        (
            trigger("cronjob", condition("Ready", "False", "FunctionNotFound"), functions=(facts(None),)),
            "FunctionNotFound",
            "kubeless function deploy bill",
        ),
    ],
)
def test_a_broken_trigger_is_named_with_its_remedy(given: TriggerFacts, cause: str, remedy: str) -> None:
    found = only_trouble(explain_trigger(given))
    assert (found.state, found.cause) == ("wrong", cause)
    assert remedy in found.remedy


def test_what_works_is_said_link_by_link() -> None:
    working = trigger("kafka", REACHABLE, condition("Ready", "True", "Consuming", "orders goes to bill"))
    text = as_text("kafka trigger it", explain_trigger(working))
    assert text.splitlines() == [
        "kafka trigger it works.",
        "",
        "  [ok] kafka trigger it: orders goes to bill",
        "  [ok] broker Kafka: Kafka answers",
        "  [ok] function bill: is ready",
        "  [ok] service bill: port 8080",
        "  [ok] endpoints bill: 1 ready",
    ]


def test_what_passes_by_itself_is_no_mistake() -> None:
    starting = facts(function(condition("Ready", "False", "Progressing", "0 of 1 pods started")))
    text = as_text("function bill", explain_function(starting))
    assert text.startswith("function bill is not ready yet.\n  Progressing: function bill: 0 of 1 pods started\n")


def test_a_cause_comes_with_its_remedy_below() -> None:
    text = as_text("kafka trigger it", explain_trigger(trigger("kafka", suspend=True, functions=())))
    assert text.splitlines() == [
        "kafka trigger it does not work.",
        "  Suspended: kafka trigger it: it is suspended, so it takes in nothing",
        "    -> kubeless trigger kafka resume it",
    ]


def test_programs_get_the_links_as_data() -> None:
    told = as_object("function bill", explain_function(facts(None)))
    assert (told["works"], told["links"][0]["cause"]) == (False, "FunctionNotFound")


def test_a_crash_loop_is_told_also_while_the_function_is_started_once_more() -> None:
    status = {"name": "bill", "ready": False, "lastState": {"terminated": {"exitCode": 3}}}
    again = {"metadata": {"name": "bill-1"}, "status": {"containerStatuses": [status]}}
    starting = replace(facts(function(condition("Ready", "False", "Progressing", "1 of 1 started"))), pods=(again,))
    found = only_trouble(explain_function(starting))
    assert (found.state, found.cause) == ("wrong", "CrashLoopBackOff")
    assert "exit code 3" in found.text


def test_a_runtime_of_an_own_image_is_nobodys_business() -> None:
    template = {"spec": {"template": {"spec": {"containers": [{"image": "own:1"}]}}}}
    own = function(condition("Ready", "True"), runtime="cobol85", deployment=template)
    assert [each.state for each in explain_function(facts(own))] == ["ok", "ok", "ok"]


def test_the_namespace_is_in_the_remedy_where_it_has_to_be() -> None:
    far = replace(broken("InstallFailed", "x"), flag=" -n prod")
    assert only_trouble(explain_function(far)).remedy == "kubeless function update bill --dependencies <file> -n prod"


@pytest.mark.parametrize(
    ("words", "kind", "name"),
    [
        (("function/bill",), "function", "bill"),
        (("functions", "bill"), "function", "bill"),
        (("functions.kubeless.io/bill",), "function", "bill"),
        (("httptrigger/r",), "http", "r"),
        (("httptriggers.kubeless.io/r",), "http", "r"),
        (("Kafka/o",), "kafka", "o"),
        (("nats", "o"), "nats", "o"),
        (("natstriggers/o",), "nats", "o"),
        (("CronJobTrigger/n",), "cronjob", "n"),
    ],
)
def test_a_kind_may_be_written_in_any_usual_way(words: tuple[str, ...], kind: str, name: str) -> None:
    assert read_subject(words) == (kind, name)


@pytest.mark.parametrize("words", [("bill",), ("pod/bill",), ("function/",), ("function/a/b",), ("function", "a", "b")])
def test_what_is_no_subject_is_refused(words: tuple[str, ...]) -> None:
    with pytest.raises(Fatal, match="is not <kind>/<name>"):
        read_subject(words)
