"""
What one scheduler tells the next: which times were claimed, which are dealt with, and which calls have no end yet.

It is one small object for all triggers, so that its writes do not grow with them: at most two per second in which
anything is due. A time is claimed before it is called for. The write succeeds only if nobody wrote since we did, so of
two schedulers that both believe they lead, one learns better before it calls anybody. See docs/decisions for why.
"""

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import NamedTuple, Protocol

import orjson
import structlog

from kubeless.core.errors import KubelessError
from kubeless.core.jsontypes import JsonObject
from kubeless.kube.client import KubeClient
from kubeless.kube.errors import AlreadyExists, Conflict, NotFound
from kubeless.kube.resources import CONFIG_MAPS

log = structlog.get_logger(__name__)

NAME = "kubeless-cron-scheduler"
_KEY = "journal"

OPEN_LIMIT = 5000
"""Open calls that are kept. With more than that, the times of the others count as not dealt with."""

SILENCE = 15.0
"""Seconds without a write of another scheduler after which one that gave way to it tries again."""
DOUBT = 2.0
"""Seconds to watch a scheduler that did not give up its journal before its calls are repeated: it may be alive."""
_LOOK = 0.5


class Deposed(KubelessError):
    """Another scheduler has taken over."""


class Call(NamedTuple):
    """One function at one time of one trigger."""

    namespace: str
    trigger: str
    time: int
    function: str


@dataclass(frozen=True, slots=True)
class Page:
    """What the journal says."""

    holder: str = ""
    """Who writes it; empty once it was given up in good order."""
    claimed: int = 0
    """Times up to this one may have been called for."""
    done: int = 0
    """Times up to this one were called for or let go, and their calls have ended but for the open ones."""
    open: tuple[Call, ...] = ()
    """Calls that were not known to have ended."""

    def released(self) -> "Page":
        """The same, as its holder leaves it in good order."""
        return Page("", self.done, self.done, self.open)


def read_page(obj: JsonObject) -> Page:
    """The page in an object; an empty one if somebody wrote nonsense into it."""
    try:
        raw = orjson.loads((obj.get("data") or {}).get(_KEY) or "{}")
        calls = tuple(Call(str(ns), str(name), int(time), str(function)) for ns, name, time, function in raw["open"])
        return Page(str(raw["holder"]), int(raw["claimed"]), int(raw["done"]), calls)
    except (KeyError, TypeError, ValueError):
        return Page()


def bounded(holder: str, claimed: int, done: int, calls: Iterable[Call]) -> Page:
    """A page that fits: if not all calls do, `done` is before the first one that is left out."""
    ordered = sorted(calls, key=lambda call: call.time)
    if len(ordered) > OPEN_LIMIT:
        done = min(done, ordered[OPEN_LIMIT].time - 1)
        ordered = [call for call in ordered[:OPEN_LIMIT] if call.time <= done]
    return Page(holder, claimed, done, tuple(ordered))


class JournalLike(Protocol):
    """A journal, as the scheduler sees it; see `Journal`."""

    @property
    def holder(self) -> str: ...

    async def take(self) -> Page: ...

    async def retake(self) -> Page: ...

    async def write(self, page: Callable[[str], Page]) -> None: ...


class Journal:
    """The journal of one scheduler. `holder` must be unique to this process; of its journals one at a time is used."""

    def __init__(self, client: KubeClient, *, namespace: str, holder: str) -> None:
        self._client = client
        self._namespace = namespace
        self.holder = holder
        self._object: JsonObject | None = None
        self._lock = asyncio.Lock()

    async def take(self, *, patience: float = DOUBT) -> Page:
        """
        Become its holder. What it said before.

        A holder that did not give it up is watched for `patience` seconds, for it may have more to tell; one that
        still writes is waited for, until it has been silent for `SILENCE`. Raises KubeError.
        """
        obj = await self._read()
        if obj is not None and read_page(obj).holder not in ("", self.holder) and patience:
            obj = await self._silent(obj, patience)
        return await self._take(obj)

    async def retake(self) -> Page:
        """Become its holder again after another one was seen to be; raises KubeError."""
        obj = await self._read()
        if obj is not None and read_page(obj).holder:
            obj = await self._silent(obj, SILENCE)
        return await self._take(obj)

    async def write(self, page: Callable[[str], Page]) -> None:
        """Write what `page(holder)` makes at the moment it is our turn. Raises Deposed, KubeError."""
        async with self._lock:
            if self._object is None:
                raise Deposed
            wanted = page(self.holder)
            try:
                await self._put(wanted)
            except NotFound:
                self._object = None
                await self._put(wanted)
            except Conflict:
                # The answer to a write of ours may have been lost: then what is there is ours.
                found = await self._read()
                if found is None or read_page(found).holder != self.holder:
                    self._object = None
                    raise Deposed from None
                self._object = found
                await self._put(wanted)

    async def _take(self, obj: JsonObject | None) -> Page:
        before = Page() if obj is None else read_page(obj)
        async with self._lock:
            self._object = obj
            try:
                await self._put(Page(self.holder, before.claimed, before.done, before.open))
            except (Conflict, AlreadyExists) as error:
                self._object = None
                raise Deposed("another scheduler took over at the same time") from error
        return before

    async def _silent(self, obj: JsonObject, seconds: float) -> JsonObject | None:
        """Wait until the object has not changed for `seconds`, or its holder gave it up."""
        loop = asyncio.get_running_loop()
        since = loop.time()
        while loop.time() - since < seconds:
            await asyncio.sleep(_LOOK)
            found = await self._read()
            if found is None or not read_page(found).holder:
                return found
            if found["metadata"]["resourceVersion"] != obj["metadata"]["resourceVersion"]:
                log.info("another scheduler is at work", holder=read_page(found).holder)
                obj, since, seconds = found, loop.time(), SILENCE
        return obj

    async def _read(self) -> JsonObject | None:
        try:
            return await self._client.get(CONFIG_MAPS, NAME, namespace=self._namespace)
        except NotFound:
            return None

    async def _put(self, page: Page) -> None:
        text = orjson.dumps(
            {"holder": page.holder, "claimed": page.claimed, "done": page.done, "open": [list(c) for c in page.open]}
        ).decode()
        if self._object is None:
            labels = {"created-by": "kubeless", "kubeless": "cronjob-trigger-controller"}
            metadata = {"name": NAME, "namespace": self._namespace, "labels": labels}
            body = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": {_KEY: text}}
            self._object = await self._client.create(CONFIG_MAPS, body)
        else:
            self._object = await self._client.replace(CONFIG_MAPS, {**self._object, "data": {_KEY: text}})
