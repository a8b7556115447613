"""What an HTTPTrigger's status says, decided from what is known about it."""

from dataclasses import dataclass

from kubeless.api.conditions import Condition
from kubeless.delivery.sources.conditions import suspended
from kubeless.gateway.problem import Problem
from kubeless.gateway.route import Route


@dataclass(frozen=True, slots=True)
class Facts:
    """All that the conditions of a trigger depend on."""

    route: Route | None
    """None: the trigger cannot become a route."""
    problem: str
    """Why it cannot."""
    generation: int
    winner: Route | None = None
    """The route that is served in its place, if it lost that."""
    tls: Problem | None = None
    users: Problem | None = None
    """What is wrong with the Secret of users; nobody may come in, or only some."""
    users_usable: bool = True
    functions: tuple[str, ...] = ()
    """Those that requests go to, by name."""
    reachable: tuple[str, ...] = ()
    """Those of them that have an endpoint which is ready."""


def conditions(facts: Facts) -> list[Condition]:
    """All conditions that the gateway writes."""
    route, generation = facts.route, facts.generation
    return [
        _ready(facts),
        _conflict(facts),
        _tls(facts),
        _basic_auth(facts),
        suspended(route is not None and route.suspended, generation),
    ]


def _ready(facts: Facts) -> Condition:
    problem = _not_ready(facts)
    if problem is not None:
        return Condition("Ready", False, problem.reason, problem.message, facts.generation)
    message = f"requests go to {', '.join(facts.reachable[:20])}"
    return Condition("Ready", True, "Serving", message, facts.generation)


def _not_ready(facts: Facts) -> Problem | None:
    route = facts.route
    if route is None:
        return Problem("InvalidSpec", facts.problem)
    if route.suspended:
        return Problem("Suspended", "the trigger is suspended")
    if facts.winner is not None:
        return _lost(route, facts.winner)
    if facts.tls is not None:
        return _of_secret(route, route.tls_secret, facts.tls)
    if facts.users is not None and not facts.users_usable:
        return _of_secret(route, route.auth_secret, facts.users)
    if not facts.functions:
        return _no_function(route)
    if not facts.reachable:
        names = ", ".join(facts.functions[:5])
        remedy = "see the status of the function and the logs of its pods"
        return Problem("NoEndpoints", f"no endpoint of {names} is ready; {remedy}")
    return None


def _lost(route: Route, winner: Route) -> Problem:
    place = f"{route.host or 'every host'}{route.prefix or '/'}"
    remedy = "change spec.host-name or spec.path of one, or delete one"
    return Problem("RouteConflict", f"{place} belongs to the older trigger {winner.label}; {remedy}")


def _no_function(route: Route) -> Problem:
    if route.selector is None:
        remedy = "deploy it, or correct spec.function-name"
        return Problem("NoFunction", f"function {route.namespace}/{route.function} does not exist; {remedy}")
    wanted = route.selector.to_string() or "(any)"
    return Problem("NoFunction", f"no function in {route.namespace} has the labels {wanted}; deploy or label one")


def _conflict(facts: Facts) -> Condition:
    kind = "RouteConflict"
    if facts.route is not None and facts.winner is not None:
        message = _lost(facts.route, facts.winner).message
        return Condition(kind, True, "OlderTrigger", message, facts.generation)
    return Condition(kind, False, "NoConflict", "no older trigger has the same host and path", facts.generation)


def _tls(facts: Facts) -> Condition:
    kind = "TLSReady"
    if facts.tls is not None and facts.route is not None:
        problem = _of_secret(facts.route, facts.route.tls_secret, facts.tls)
        return Condition(kind, False, problem.reason, problem.message, facts.generation)
    if facts.route is None or not facts.route.tls_secret:
        return Condition(kind, True, "NotAsked", "the trigger names no certificate", facts.generation)
    message = f"the certificate of Secret {facts.route.tls_secret} is served"
    return Condition(kind, True, "CertificateLoaded", message, facts.generation)


def _of_secret(route: Route, name: str, problem: Problem) -> Problem:
    """What is the matter, with the name of the Secret that somebody has to mend."""
    secret = f"Secret {route.namespace}/{name}"
    return problem if secret in problem.message else Problem(problem.reason, f"{secret}: {problem.message}")


def _basic_auth(facts: Facts) -> Condition:
    kind = "BasicAuthReady"
    if facts.users is not None and facts.route is not None:
        problem = _of_secret(facts.route, facts.route.auth_secret, facts.users)
        return Condition(kind, facts.users_usable, problem.reason, problem.message, facts.generation)
    if facts.route is None or not facts.route.auth_secret:
        return Condition(kind, True, "NotAsked", "the trigger asks for no password", facts.generation)
    message = f"the users of Secret {facts.route.auth_secret} are let in"
    return Condition(kind, True, "UsersLoaded", message, facts.generation)
