"""
Whether the API server is there, and whether it still knows us.

Asked for while somebody looks, every few seconds: a banner says that what is shown may be old, and goes by itself. A
token that is no longer good ends the session.
"""

import asyncio
from collections.abc import Awaitable, Callable

from kubeless.core.jsontypes import JsonObject
from kubeless.kube.client import KubeClient
from kubeless.kube.errors import KubeError, NotFound, Unauthorized
from kubeless.kube.resources import SELF_SUBJECT_REVIEWS

INTERVAL = 3.0
"""Seconds between two questions."""

PATIENCE = 5.0
"""Seconds to wait for an answer."""


async def who_am_i(client: KubeClient) -> tuple[str, tuple[str, ...]]:
    """Name and groups of the client's account; raises `Unauthorized` for a token that is not good."""
    body: JsonObject = {
        "apiVersion": SELF_SUBJECT_REVIEWS.api_version,
        "kind": SELF_SUBJECT_REVIEWS.kind,
        "metadata": {},
    }
    try:
        review = await client.create(SELF_SUBJECT_REVIEWS, body)
    except NotFound:  # before Kubernetes 1.28; what needs an account tells as well
        await client.request("GET", "/api")
        return "", ()
    info = (review.get("status") or {}).get("userInfo") or {}
    return str(info.get("username") or ""), tuple(str(group) for group in info.get("groups") or ())


class Contact:
    """Of one session. `problem` is empty while the API server answers."""

    def __init__(self, client: KubeClient) -> None:
        self.problem = ""
        self._client = client
        self._looking = asyncio.Event()
        self._viewers = 0

    def opened(self) -> None:
        """A tab was opened."""
        self._viewers += 1
        self._looking.set()

    def closed(self) -> None:
        """A tab was closed."""
        self._viewers -= 1
        if self._viewers <= 0:
            self._looking.clear()

    async def run(self, *, refused: Callable[[], Awaitable[None]]) -> None:
        """Until cancelled, or until the account is refused, which `refused` is told."""
        while True:
            await self._looking.wait()
            try:
                async with asyncio.timeout(PATIENCE):
                    await who_am_i(self._client)
                self.problem = ""
            except Unauthorized:
                await refused()
                return
            except (KubeError, TimeoutError) as error:
                self.problem = str(error) or "The API server does not answer"
            await asyncio.sleep(INTERVAL)
