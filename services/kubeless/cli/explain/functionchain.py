"""
What is wrong with a function: decided from the facts, nothing is asked here.

The first thing that is wrong is told, not what follows from it: a function that cannot start has no endpoints either,
and nobody needs to be told.
"""

from collections.abc import Sequence
from difflib import get_close_matches

from kubeless.cli.explain.facts import FunctionFacts
from kubeless.cli.explain.finding import Finding, fine, waiting, wrong
from kubeless.cli.explain.functionremedies import CRASH_LOOP, crash_cause, remedy_of
from kubeless.cli.output import string_map
from kubeless.core.jsontypes import JsonObject
from kubeless.manage.pods import crash_of, is_ready

CONTROLLER_AWAY = "kubectl get pods -n kubeless -l kubeless=controller\non this machine: kubeless local status"

_PASSING = frozenset({"Progressing", "PullingImage", "Preparing", "Installing", "Compiling", "Starting", "Unknown"})


def explain_function(facts: FunctionFacts) -> list[Finding]:
    """The function, its Service and its endpoints, as far as they can be looked at."""
    link = f"function {facts.name}"
    if facts.function is None:
        remedy = f"kubeless function deploy {facts.name} --runtime … --handler … --from-file …{facts.flag}"
        return [wrong(link, "FunctionNotFound", "does not exist", remedy=remedy)]
    state = _unknown_runtime(facts, link) or _condition(facts, facts.function, link)
    if state.state != "ok":
        return [state]
    return [state, *_way_in(facts)]


def _unknown_runtime(facts: FunctionFacts, link: str) -> Finding | None:
    spec = (facts.function or {}).get("spec") or {}
    runtime = str(spec.get("runtime") or "")
    if not runtime or facts.runtimes is None or runtime in facts.runtimes or _has_image(spec):
        return None
    near = _nearest(runtime, facts.runtimes)
    remedy = (
        f"kubeless function update {facts.name} --runtime {near}{facts.flag}\nall of them: kubeless get-server-config"
    )
    return wrong(link, "UnknownRuntime", f"the server knows no runtime {runtime[:63]!r}", remedy=remedy)


def _condition(facts: FunctionFacts, function: JsonObject, link: str) -> Finding:
    metadata, status = function["metadata"], function.get("status") or {}
    if metadata.get("deletionTimestamp"):
        text = f"is being deleted since {metadata['deletionTimestamp']}"
        remedy = f"kubectl get function {facts.name} -o jsonpath='{{.metadata.finalizers}}'{facts.flag}"
        return wrong(link, "Deleting", text, remedy=remedy)
    ready = next((each for each in status.get("conditions") or [] if each.get("type") == "Ready"), None)
    observed = int((ready or {}).get("observedGeneration") or status.get("observedGeneration") or 0)
    if ready is None or observed < int(metadata.get("generation") or 0):
        return wrong(link, "ControllerAway", "the controller has not looked at it", remedy=CONTROLLER_AWAY)
    reason, message = str(ready.get("reason") or "Unknown"), str(ready.get("message") or "")
    if ready.get("status") == "True":
        return fine(link, message or "is ready")
    if reason in _PASSING and (ended := crash_of(facts.pods)):
        reason, message = CRASH_LOOP, f"{message}; {ended}" if message else ended
    if reason in _PASSING:
        remedy = f"kubeless function list {facts.name}{facts.flag}\nkubeless function logs {facts.name}{facts.flag}"
        return waiting(link, reason, message or "its pods are coming up", remedy=remedy)
    cause = crash_cause(message, facts.log) if reason == CRASH_LOOP else reason
    return wrong(link, cause, message, remedy=remedy_of(cause, facts))


def _way_in(facts: FunctionFacts) -> list[Finding]:
    """The function is ready, as the controller sees it; whether requests reach it is another matter."""
    link = f"service {facts.name}"
    if facts.service is None:
        remedy = f"kubeless function describe {facts.name}{facts.flag}\n{CONTROLLER_AWAY}"
        return [wrong(link, "NoService", "does not exist, and the controller should have made it", remedy=remedy)]
    ports = [str(each.get("port")) for each in (facts.service.get("spec") or {}).get("ports") or []]
    found = [fine(link, f"port {', '.join(ports)}" if ports else "has no ports")]
    if facts.endpoints is None:
        return found
    if facts.endpoints:
        return [*found, fine(f"endpoints {facts.name}", f"{facts.endpoints} ready")]
    return [*found, _no_endpoints(facts, facts.service)]


def _no_endpoints(facts: FunctionFacts, service: JsonObject) -> Finding:
    link, cause = f"endpoints {facts.name}", "NoEndpoints"
    selector = string_map((service.get("spec") or {}).get("selector"))
    meant = [pod for pod in facts.pods if selector.items() <= string_map(pod["metadata"].get("labels")).items()]
    if facts.pods and not meant:
        text = f"no pod has the labels that the Service selects by: {_labels(selector)}"
        field = "spec.service.selector"
        remedy = (
            f"kubectl edit function {facts.name}{facts.flag}\ncorrect {field}, or leave it out: function={facts.name}"
        )
        return wrong(link, cause, text, remedy=remedy)
    if not facts.pods:
        remedy = f"kubectl scale deployment {facts.name} --replicas=1{facts.flag}"
        return wrong(link, cause, "there are no pods", remedy=remedy)
    ready = sum(map(is_ready, meant))
    text = f"{ready} of {len(meant)} pods are ready, and none takes requests"
    remedy = f"kubectl get pods -l function={facts.name}{facts.flag}\nkubeless function logs {facts.name}{facts.flag}"
    return wrong(link, cause, text, remedy=remedy)


def _has_image(spec: JsonObject) -> bool:
    place = spec.get("deployment") or {}
    for key in ("spec", "template", "spec"):
        place = place.get(key) or {}
    return any(each.get("image") for each in place.get("containers") or [])


def _nearest(runtime: str, known: Sequence[str]) -> str:
    if near := get_close_matches(runtime, known, n=1, cutoff=0.3):
        return near[0]
    return known[-1] if known else "<id>"


def _labels(selector: dict[str, str]) -> str:
    return ",".join(f"{key}={value}" for key, value in selector.items()) or "(none)"
