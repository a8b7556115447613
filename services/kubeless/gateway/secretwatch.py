"""
The Secrets that routes refer to, current, and no others.

Each referenced Secret is followed by itself, by its name: the gateway needs no right to read the Secrets of a whole
namespace, and never holds one that nobody asked for. A Secret that has not been read yet is told apart from one that
does not exist, and both from one that is there: no route is served as if it had asked for no protection.
"""

import asyncio
import base64
import binascii
import re
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Self

import structlog

from kubeless.core.jsontypes import JsonObject
from kubeless.gateway.problem import Problem
from kubeless.gateway.route import RouteKey
from kubeless.kube.cache import ObjectKey
from kubeless.kube.errors import Invalid
from kubeless.kube.follower import Source
from kubeless.kube.informer import Informer
from kubeless.kube.resources import SECRETS

log = structlog.get_logger(__name__)

Listener = Callable[[ObjectKey], None]
"""Called with the key of a Secret when what `get` tells of it has changed."""

# A name goes into a field selector, where a comma or an equals sign would ask for something else.
_NAME = re.compile(r"[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?")

_KEPT = ("auth", "tls.crt", "tls.key")


@dataclass(frozen=True, slots=True)
class Secret:
    """The part of a Secret that routes can refer to."""

    type: str
    data: Mapping[str, bytes] = field(repr=False)
    """By key, decoded."""


@dataclass(slots=True)
class _Followed:
    informer: Informer[Secret]
    users: set[RouteKey]
    task: asyncio.Task[None] | None = None


class SecretWatch:
    """Follows Secrets while `running`, each for as long as a route wants it."""

    def __init__(self, client: Source) -> None:
        self._client = client
        self._followed: dict[ObjectKey, _Followed] = {}
        self._wanted: dict[RouteKey, frozenset[str]] = {}
        self._listeners: list[Listener] = []
        self._group: asyncio.TaskGroup | None = None

    def __repr__(self) -> str:
        return f"<SecretWatch {len(self._followed)} secrets of {len(self._wanted)} routes>"

    @asynccontextmanager
    async def running(self) -> AsyncIterator[Self]:
        """Follow what is wanted while the body runs."""
        async with asyncio.TaskGroup() as group:
            self._group = group
            for key in self._followed:
                self._start(key)
            try:
                yield self
            finally:
                self._group = None
                for followed in self._followed.values():
                    if followed.task is not None:
                        followed.task.cancel()

    async def wait_read(self, timeout: float) -> bool:
        """Wait until each wanted Secret was looked for once, at most `timeout` seconds; whether that came to be."""
        try:
            async with asyncio.timeout(timeout):
                for followed in list(self._followed.values()):
                    await followed.informer.wait_synced()
        except TimeoutError:
            return False
        return True

    def subscribe(self, listener: Listener) -> None:
        """Call `listener` after each change."""
        self._listeners.append(listener)

    def want(self, route: RouteKey, names: frozenset[str]) -> None:
        """Follow the Secrets of these names in the route's namespace; none: the route needs nothing any more."""
        usable = frozenset(name for name in names if is_secret_name(name))
        before = self._wanted.pop(route, frozenset())
        if usable:
            self._wanted[route] = usable
        for name in usable - before:
            self._follow(ObjectKey(route[0], name), route)
        for name in before - usable:
            self._let_go(ObjectKey(route[0], name), route)

    def get(self, key: ObjectKey) -> Secret | Problem:
        """The Secret, or why there is none to use."""
        followed = self._followed.get(key)
        if followed is None:
            remedy = "use lower case letters, digits, '-' and '.'"
            return Problem("InvalidSecretName", f"{key.name[:80]!r} cannot be the name of a Secret; {remedy}")
        secret = followed.informer.get(key)
        if secret is not None:
            return secret
        if not followed.informer.synced:
            remedy = "the gateway's service account must be allowed to list and watch it"
            return Problem("SecretNotRead", f"Secret {key} has not been read yet; {remedy}")
        return Problem("SecretMissing", f"Secret {key} does not exist; create it")

    def _follow(self, key: ObjectKey, route: RouteKey) -> None:
        followed = self._followed.get(key)
        if followed is not None:
            followed.users.add(route)
            return
        informer: Informer[Secret] = Informer(
            self._client,
            SECRETS,
            namespaces=(key.namespace,),
            field_selector=f"metadata.name={key.name}",
            transform=lambda obj: read_secret(obj, key),
        )
        informer.subscribe(lambda *_: self._tell(key))
        self._followed[key] = _Followed(informer, {route})
        self._start(key)

    def _let_go(self, key: ObjectKey, route: RouteKey) -> None:
        followed = self._followed[key]
        followed.users.discard(route)
        if not followed.users:
            del self._followed[key]
            if followed.task is not None:
                followed.task.cancel()

    def _start(self, key: ObjectKey) -> None:
        if self._group is not None:
            followed = self._followed[key]
            followed.task = self._group.create_task(self._run(key, followed), name=f"secret {key}")

    async def _run(self, key: ObjectKey, followed: _Followed) -> None:
        async with asyncio.TaskGroup() as group:
            group.create_task(self._tell_synced(key, followed.informer))
            try:
                await followed.informer.run()
            except* Invalid as group_of_one:
                # One Secret that the server will not let us follow must not end the gateway.
                log.warning("cannot follow a Secret", secret=str(key), error=str(group_of_one.exceptions[0]))

    async def _tell_synced(self, key: ObjectKey, informer: Informer[Secret]) -> None:
        await informer.wait_synced()
        self._tell(key)

    def _tell(self, key: ObjectKey) -> None:
        for listener in self._listeners:
            listener(key)


def is_secret_name(name: str) -> bool:
    """Whether a Secret can have this name."""
    return _NAME.fullmatch(name) is not None


def read_secret(obj: JsonObject, key: ObjectKey) -> Secret | None:
    """The informer's transform; it never fails. None for another Secret than the one asked for."""
    if (obj.get("metadata") or {}).get("name") != key.name:
        return None
    data = obj.get("data") or {}
    decoded = {name: _decode(data[name]) for name in _KEPT if name in data}
    return Secret(str(obj.get("type") or "Opaque"), decoded)


def _decode(text: Any) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, TypeError, ValueError):
        return b""
