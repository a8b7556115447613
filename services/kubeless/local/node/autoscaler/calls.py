"""
How often functions are called: the rate of `function_calls_total`, read from `/metrics` of each pod.

On a cluster Prometheus collects it and an adapter serves it as `function_calls`. Here the pods are asked when an
autoscaler wants to know, and what is known of a pod goes when nobody has wanted to know for a while.
"""

import asyncio
import re
import time
from collections.abc import Callable, Iterable
from fractions import Fraction

from aiohttp import ClientError, ClientSession, ClientTimeout

from kubeless.core.jsontypes import JsonObject
from kubeless.local.node.addresses import annotated_ports
from kubeless.local.node.podreadiness import is_ready
from kubeless.local.node.usage import RateWindow

METRIC_NAMES = ("function_calls", "function_calls_total")

_SAMPLE = re.compile(rb"^function_calls_total(?:\{[^\n]*\})?[ \t]+([0-9.eE+-]+)", re.MULTILINE)
_LARGEST_PAGE = 1 << 20
_TIMEOUT = ClientTimeout(total=2.0)
_FORGOTTEN_AFTER = 120.0
_DEFAULT_PORT = 8080


def total_calls(page: bytes) -> float | None:
    """The calls of all methods on a page of metrics; None if it is not about calls."""
    values = [float(value) for value in _SAMPLE.findall(page) if _is_number(value)]
    if not values and b"function_calls_total" not in page:
        return None
    return sum(values)


def _is_number(text: bytes) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


class CallRates:
    """Asks pods, and remembers what they said."""

    def __init__(self, session: ClientSession, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._session = session
        self._clock = clock
        self._windows: dict[str, RateWindow] = {}
        self._asked: dict[str, float] = {}

    async def of(self, pods: Iterable[JsonObject]) -> dict[str, Fraction]:
        """Calls per second by the uid of the pod; a pod that was not asked twice yet is not in it."""
        self._forget()
        ready = [pod for pod in pods if is_ready(pod)]
        await asyncio.gather(*(self._ask(pod) for pod in ready))
        uids = [str(pod["metadata"]["uid"]) for pod in ready]
        rates = {uid: self._windows[uid].rate for uid in uids if uid in self._windows}
        return {uid: Fraction(rate).limit_denominator(1000) for uid, rate in rates.items() if rate is not None}

    async def _ask(self, pod: JsonObject) -> None:
        uid = str(pod["metadata"]["uid"])
        self._asked[uid] = self._clock()
        try:
            async with self._session.get(_metrics_url(pod), timeout=_TIMEOUT, allow_redirects=False) as answer:
                page = await answer.content.read(_LARGEST_PAGE) if answer.status == 200 else b""
                while page and len(page) < _LARGEST_PAGE and (more := await answer.content.read(_LARGEST_PAGE)):
                    page += more
        except (ClientError, TimeoutError, OSError, ValueError):
            return
        calls = total_calls(page)
        if calls is not None:
            self._windows.setdefault(uid, RateWindow()).add(self._clock(), calls)

    def _forget(self) -> None:
        for uid in [uid for uid, at in self._asked.items() if at < self._clock() - _FORGOTTEN_AFTER]:
            del self._asked[uid]
            self._windows.pop(uid, None)


def _metrics_url(pod: JsonObject) -> str:
    ports = pod["spec"]["containers"][0].get("ports") or [{}]
    declared = int(ports[0].get("containerPort") or _DEFAULT_PORT)
    return f"http://{pod['status']['podIP']}:{annotated_ports(pod).get(declared, declared)}/metrics"
