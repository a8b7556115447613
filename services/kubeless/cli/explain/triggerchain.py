"""
What is wrong with a trigger: decided from the facts, nothing is asked here.

What the object itself tells (suspended, selects nothing) needs no status, so it is told while the service is away,
too. Then comes what the service wrote, and last the functions.
"""

from kubeless.cli.explain.facts import TriggerFacts
from kubeless.cli.explain.finding import Finding, fine, waiting, wrong
from kubeless.cli.explain.functionchain import explain_function
from kubeless.cli.explain.triggerremedies import broker_remedy, remedy_of, service_remedy
from kubeless.cli.output import string_map
from kubeless.cli.trigger.conditions import is_observed
from kubeless.cli.trigger.selector import function_text
from kubeless.core.jsontypes import JsonObject

_PASSING = frozenset({"Starting", "Joining", "Reconnecting", "NotAsked", "SecretNotRead"})

_OF_FUNCTIONS = frozenset({"NoFunctions", "NoFunction", "FunctionNotFound", "NoEndpoints"})
"""Reasons that looking at the functions explains better."""


def explain_trigger(facts: TriggerFacts) -> list[Finding]:
    """The trigger, its broker and its functions."""
    link = f"{facts.command} trigger {facts.name}"
    spec = facts.trigger.get("spec") or {}
    if spec.get("suspend"):
        remedy = f"kubeless trigger {facts.command} resume {facts.name}{facts.flag}"
        return [wrong(link, "Suspended", "it is suspended, so it takes in nothing", remedy=remedy), *_functions(facts)]
    found = _functions(facts)
    if not facts.functions:
        found = [_no_function(facts, link)]
    return [*_service(facts, link), *found]


def _service(facts: TriggerFacts, link: str) -> list[Finding]:
    conditions = (facts.trigger.get("status") or {}).get("conditions") or []
    if not conditions or not is_observed(facts.trigger):
        text = f"the {facts.kind.title} trigger controller has not looked at it"
        return [wrong(link, "ControllerAway", text, remedy=service_remedy(facts))]
    by_type = {str(each.get("type")): each for each in conditions}
    broker = by_type.get("BrokerReachable")
    found = [] if broker is None else [_broker(facts, broker)]
    if any(each.state == "wrong" for each in found):
        return found
    return [*_ready(facts, by_type.get("Ready") or {}, link), *found, *_last_call(facts, by_type, link)]


def _broker(facts: TriggerFacts, condition: JsonObject) -> Finding:
    link = f"broker {facts.kind.title}"
    message = str(condition.get("message") or "")
    match condition.get("status"):
        case "True":
            return fine(link, message)
        case "False":
            return wrong(link, "BrokerAway", message, remedy=broker_remedy(facts))
        case _:
            return waiting(link, "BrokerNotAsked", message, remedy=service_remedy(facts))


def _ready(facts: TriggerFacts, condition: JsonObject, link: str) -> list[Finding]:
    reason, message = str(condition.get("reason") or "Unknown"), str(condition.get("message") or "")
    if condition.get("status") == "True":
        return [fine(link, message)]
    if reason in _OF_FUNCTIONS:
        return []
    if reason in _PASSING:
        return [waiting(link, reason, message, remedy=service_remedy(facts))]
    return [wrong(link, reason, message, remedy=remedy_of(reason, facts))]


def _last_call(facts: TriggerFacts, by_type: dict[str, JsonObject], link: str) -> list[Finding]:
    """A schedule may be fine and each of its calls fail."""
    condition = by_type.get("Succeeding") or {}
    if condition.get("status") != "False":
        return []
    remedy = remedy_of("CallFailed", facts)
    return [wrong(link, "CallFailed", f"the latest call failed: {condition.get('message') or ''}", remedy=remedy)]


def _functions(facts: TriggerFacts) -> list[Finding]:
    return [finding for function in facts.functions for finding in explain_function(function)]


def _no_function(facts: TriggerFacts, link: str) -> Finding:
    """A selector that means nothing; a name always means one, which may not exist."""
    wanted = function_text(facts.trigger.get("spec") or {})
    if not facts.others:
        remedy = f"kubeless function deploy <name> --runtime … --handler … --from-file … --label <labels>{facts.flag}"
        return wrong(link, "WrongSelector", f"it selects {wanted}, and there are no functions", remedy=remedy)
    shown = "; ".join(_shown(each) for each in facts.others[:3])
    name = facts.others[0]["metadata"]["name"]
    remedy = f"kubeless function update {name} --label <labels>{facts.flag}"
    if facts.command in ("kafka", "nats"):
        change = f"kubeless trigger {facts.command} update {facts.name} --function-selector function={name}{facts.flag}"
        remedy = f"{change}\nor: {remedy}"
    return wrong(link, "WrongSelector", f"no function has the labels {wanted}; there is {shown}", remedy=remedy)


def _shown(function: JsonObject) -> str:
    labels = string_map(function["metadata"].get("labels"))
    return (
        f"{function['metadata']['name']} with {','.join(f'{key}={value}' for key, value in labels.items()) or 'none'}"
    )
