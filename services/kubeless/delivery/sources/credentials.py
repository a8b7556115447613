"""
The credentials for a broker, from settings, files and a Secret, kept current.

A change of the Secret or of a file holds without a restart. A set that cannot be used does not replace one that can:
what is connected goes on with what it has.
"""

import asyncio
import base64
import binascii
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from typing import Generic, NoReturn, Protocol, Self, TypeVar

import structlog

from kubeless.core.errors import KubelessError
from kubeless.core.jsontypes import JsonObject
from kubeless.kube.cache import ObjectKey
from kubeless.kube.follower import Source
from kubeless.kube.informer import Informer
from kubeless.kube.resources import SECRETS

log = structlog.get_logger(__name__)

SecurityT = TypeVar("SecurityT")
UsableT = TypeVar("UsableT")


class CredentialSettings(Protocol):
    """What an operator sets."""

    @property
    def secret(self) -> str: ...

    @property
    def kubeless_namespace(self) -> str: ...

    @property
    def files_interval(self) -> float: ...


class Credentials(Generic[SecurityT, UsableT]):
    """
    Enter `running` to follow them. `SecurityT` is all that they come to, compared to notice a change; `UsableT` is what
    clients are made with.
    """

    def __init__(
        self,
        broker: str,
        settings: CredentialSettings,
        client: Source,
        *,
        read: Callable[[Mapping[str, bytes]], SecurityT],
        use: Callable[[SecurityT], UsableT],
        changed: Callable[[], None],
        refused: Callable[[str], None],
    ) -> None:
        """
        `broker` is its name for people. `client` is asked for the Secret, if the settings name one. `read(secret)` and
        `use(security)` may block, and raise KubelessError. `changed()` is called for each new set, `refused(problem)`
        as long as there has been none.
        """
        self.security: SecurityT | None = None
        """None: there are none yet."""
        self.usable: UsableT | None = None
        self._broker = broker
        self._settings = settings
        self._client = client
        self._read_all = read
        self._use = use
        self._changed = changed
        self._refused = refused
        self._secret: Mapping[str, bytes] = {}
        self._secret_changed = asyncio.Event()

    @asynccontextmanager
    async def running(self) -> AsyncIterator[Self]:
        """Follow the Secret and the files while the body runs; on entry what there is was read."""
        async with AsyncExitStack() as stack:
            if self._settings.secret:
                informer = self._informer()
                await stack.enter_async_context(informer.running())
                await informer.wait_synced()
            await self._read()
            group = await stack.enter_async_context(asyncio.TaskGroup())
            following = group.create_task(self._follow())
            try:
                yield self
            finally:
                following.cancel()

    def _informer(self) -> Informer[JsonObject]:
        namespace, _, name = self._settings.secret.rpartition("/")
        informer: Informer[JsonObject] = Informer(
            self._client,
            SECRETS,
            namespaces=(namespace or self._settings.kubeless_namespace,),
            field_selector=f"metadata.name={name}",
            transform=lambda obj: obj.get("data") or {},
        )
        informer.subscribe(self._seen)
        return informer

    def _seen(self, _key: ObjectKey, _old: JsonObject | None, new: JsonObject | None) -> None:
        self._secret = self._decode(new or {})
        self._secret_changed.set()

    async def _follow(self) -> NoReturn:
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(self._settings.files_interval):
                    await self._secret_changed.wait()
            self._secret_changed.clear()
            await self._read()

    async def _read(self) -> None:
        try:
            security = await asyncio.to_thread(self._read_all, self._secret)
            if security == self.security:
                return
            usable = await asyncio.to_thread(self._use, security)
        except KubelessError as error:
            if self.usable is None:
                self._refused(str(error))
            log.warning("the credentials cannot be used, the last ones stay", broker=self._broker, error=str(error))
            return
        self.security, self.usable = security, usable
        log.info("credentials read", broker=self._broker)
        self._changed()

    def _decode(self, data: JsonObject) -> dict[str, bytes]:
        """The data of a Secret; a value that is not base64 counts as missing."""
        found = {}
        for name, text in data.items():
            try:
                found[name] = base64.b64decode(text, validate=True)
            except (binascii.Error, ValueError, TypeError):
                log.warning("a value in the Secret is not base64", broker=self._broker, key=name)
        return found
