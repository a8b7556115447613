"""
The operation on the admin port: call the functions of a trigger now, for the command `kubeless`.

It is reached through the API server's service proxy, so Kubernetes RBAC (`services/proxy` of the Service
`cronjob-trigger-controller`) guards it. Any replica can do it. Requests of web pages are refused: no page shall get
round RBAC through a port that a developer has forwarded to a laptop.
"""

from collections.abc import Callable

from aiohttp import web

from kubeless.core.jsontypes import JsonObject
from kubeless.cron_scheduler.runs import Runs
from kubeless.cron_scheduler.scheduler import Functions
from kubeless.cron_scheduler.triggers import CronTrigger
from kubeless.delivery.deadletter import reason
from kubeless.delivery.outcome import Outcome
from kubeless.kube.cache import ObjectKey

_BROWSER = ("Origin", "Sec-Fetch-Site")


class FireRoute:
    """`POST /triggers/{namespace}/{name}/fire`."""

    def __init__(self, find: Callable[[ObjectKey], CronTrigger | None], functions: Functions, runs: Runs) -> None:
        self._find = find
        self._functions = functions
        self._runs = runs

    def routes(self) -> list[web.RouteDef]:
        """For `core.health.AdminServer`."""
        return [web.post("/triggers/{namespace}/{name}/fire", self._fire)]

    async def _fire(self, request: web.Request) -> web.Response:
        if any(name in request.headers for name in _BROWSER):
            return _refusal(403, "Browser", "requests of web pages are refused; use the command kubeless")
        key = ObjectKey(request.match_info["namespace"], request.match_info["name"])
        trigger = self._find(key)
        if trigger is None:
            return _refusal(404, "NotFound", f"there is no cronjob trigger {key.name} in namespace {key.namespace}")
        record = trigger.record
        if record.spec is None:
            return _refusal(422, "InvalidSpec", trigger.problem)
        functions = self._functions(key.namespace, record.spec)
        if not functions:
            return _refusal(409, "NoFunction", "the trigger means no function that exists; deploy one")
        outcomes = await self._runs.call_now(record.metadata, record.spec, functions)
        return web.json_response({"calls": [_told(name, outcome) for name, outcome in outcomes]})


def _told(function: str, outcome: Outcome | None) -> JsonObject:
    if outcome is None:
        return {"function": function, "outcome": "interrupted"}
    return {
        "function": function,
        "outcome": reason(outcome),
        "status": outcome.status,
        "attempts": outcome.attempts,
        "seconds": round(outcome.duration, 4),
        "error": outcome.error,
    }


def _refusal(status: int, why: str, message: str) -> web.Response:
    return web.json_response({"reason": why, "message": message}, status=status)
