"""
Who is signed in.

A session is in memory only: its cookie is a random number that means nothing elsewhere, and a restart signs everybody
out. The token is inside the session's client and nowhere else. A session ends when it is idle, when it is old, when its
person signs out, or when the cluster no longer takes the token; whoever listens is told, and its watches stop.
"""

import asyncio
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from kubeless.kube.client import KubeClient
from kubeless.portal.contact import Contact
from kubeless.portal.feeds import Feeds
from kubeless.portal.meters import Meters
from kubeless.portal.rights import Rights
from kubeless.portal.scores import Scores


@dataclass(frozen=True, slots=True)
class Person:
    """Whom the cluster takes somebody for."""

    name: str
    groups: tuple[str, ...] = ()


@dataclass(slots=True, eq=False)
class Session:
    """One person who is signed in, with all that their tabs share."""

    person: Person
    client: KubeClient
    feeds: Feeds
    rights: Rights
    meters: Meters
    scores: Scores
    contact: Contact
    born: float
    seen: float
    id: str = field(default_factory=lambda: secrets.token_urlsafe(32))
    expires: bool = True
    """Whether being idle ends it."""
    dark: bool | None = None
    """The look that the person chose; None is what the browser prefers."""
    history: dict[tuple[str, str], list[object]] = field(default_factory=dict)
    """The last calls of each function."""
    over: asyncio.Event = field(default_factory=asyncio.Event)
    reason: str = ""
    """Why it ended."""
    listeners: list[Callable[[], None]] = field(default_factory=list)


class Sessions:
    """All sessions, by the number in the cookie."""

    def __init__(self, *, idle: float, lifetime: float, clock: Callable[[], float] = time.monotonic) -> None:
        """`idle` and `lifetime` are seconds."""
        self._idle = idle
        self._lifetime = lifetime
        self._clock = clock
        self._sessions: dict[str, Session] = {}

    def __len__(self) -> int:
        return len(self._sessions)

    def now(self) -> float:
        """On the clock of `born` and `seen`."""
        return self._clock()

    def add(self, session: Session) -> None:
        """From now on its number is good."""
        self._sessions[session.id] = session

    def find(self, number: str) -> Session | None:
        """The session with this number, if it goes on."""
        session = self._sessions.get(number)
        return session if session is not None and not self._has_expired(session) else None

    def values(self) -> list[Session]:
        """All of them."""
        return list(self._sessions.values())

    def seen(self, session: Session) -> None:
        """Its person did something."""
        session.seen = self._clock()

    async def end(self, session: Session, reason: str) -> None:
        """End it: the number is good for nothing, whoever listens is told, its connections are closed."""
        if self._sessions.pop(session.id, None) is None:
            return
        session.reason = reason
        for listener in list(session.listeners):
            listener()
        session.over.set()
        session.feeds.close()
        await session.client.__aexit__()

    async def end_expired(self) -> None:
        """End those that were idle for too long, or are too old."""
        for session in self.values():
            if self._has_expired(session):
                await self.end(session, "The session ended, as nothing was done for a while. Please sign in again.")

    async def end_all(self) -> None:
        """The service stops."""
        for session in self.values():
            await self.end(session, "The portal stops.")

    def _has_expired(self, session: Session) -> bool:
        now = self._clock()
        return session.expires and (now - session.seen >= self._idle or now - session.born >= self._lifetime)
