"""
Who is behind a request: the session of its cookie, the person that a trusted proxy names, or everybody.

Making a session costs one question to the cluster; the token is checked before anything is remembered.
"""

import asyncio
import re
from collections.abc import Mapping

from kubeless.core.errors import KubelessError
from kubeless.core.settings import SettingError
from kubeless.kube.accounts import Accounts
from kubeless.kube.client import KubeClient
from kubeless.kube.errors import Forbidden
from kubeless.portal.contact import Contact, who_am_i
from kubeless.portal.feeds import Feeds
from kubeless.portal.meters import Meters
from kubeless.portal.rights import Rights
from kubeless.portal.scores import Scores
from kubeless.portal.sessions import Person, Session, Sessions
from kubeless.portal.settings import SIGN_IN_WAYS, Settings
from kubeless.portal.web.policy import forwarded_user, is_loopback_host, is_trusted

COOKIE = "kubeless-portal"

MOST_SESSIONS = 1000
"""A bound for memory; far above what one replica can serve."""

_COOKIE = re.compile(rf"(?:^|;\s*){COOKIE}=([A-Za-z0-9_-]{{43}})(?:;|$)")


class NotAdmitted(KubelessError):
    """The request does not come from where it must."""


class Doorman:
    """Finds and makes sessions. The group owns their tasks."""

    def __init__(self, settings: Settings, accounts: Accounts, sessions: Sessions, group: asyncio.TaskGroup) -> None:
        """Raises `SettingError` for a way of signing in that does not exist, or that would be open to everybody."""
        self.settings = settings
        self.sessions = sessions
        self._accounts = accounts
        self._group = group
        self._making = asyncio.Lock()
        self._everybody: Session | None = None
        self._forwarded: dict[tuple[str, tuple[str, ...]], Session] = {}
        check_sign_in(settings)

    async def find(self, headers: Mapping[str, str], address: str) -> Session | None:
        """
        The session of a request; None if its person has to sign in. Header names are in lower case.

        Raises:
            NotAdmitted: nobody may come this way.
        """
        match self.settings.sign_in:
            case "none":
                if not is_loopback_host(headers.get("host", "")):
                    raise NotAdmitted("this portal is for 127.0.0.1 and localhost only")
                return await self._find_everybody()
            case "proxy":
                return await self._find_forwarded(headers, address)
        found = _COOKIE.search(headers.get("cookie", ""))
        return self.sessions.find(found[1]) if found else None

    async def sign_in(self, token: str) -> Session:
        """
        A new session for a token; never one that was there before.

        Raises:
            Unauthorized: the cluster does not take the token.
            KubelessError: it cannot be asked.
        """
        client = self._accounts.with_token(token.strip())
        return await self._make(client)

    async def _find_everybody(self) -> Session:
        async with self._making:
            if self._everybody is None or self._everybody.over.is_set():
                self._everybody = await self._make(self._accounts.own(), expires=False, person=Person("everybody"))
            return self._everybody

    async def _find_forwarded(self, headers: Mapping[str, str], address: str) -> Session:
        settings = self.settings
        if not is_trusted(address, settings.trusted_proxies):
            raise NotAdmitted("requests are taken from the proxy in front only")
        identity = forwarded_user(headers, user=settings.user_header, groups=settings.groups_header)
        if identity is None:
            raise NotAdmitted(f"the proxy names no user in {settings.user_header}")
        async with self._making:
            session = self._forwarded.get(identity)
            if session is None or self.sessions.find(session.id) is None:
                session = self._forwarded[identity] = await self._make(self._accounts.impersonating(*identity))
            return session

    async def _make(self, client: KubeClient, *, expires: bool = True, person: Person | None = None) -> Session:
        try:
            self._check_room()
            person = person or Person(*await _identify(client))
        except BaseException:
            await client.__aexit__()
            raise
        session = Session(
            person=person,
            client=client,
            feeds=Feeds(client, self._group),
            rights=Rights(client),
            meters=Meters(client),
            scores=Scores(client, self.settings.kubeless_namespace),
            contact=Contact(client),
            born=self.sessions.now(),
            seen=self.sessions.now(),
            expires=expires,
        )
        self.sessions.add(session)
        self._group.create_task(self._accompany(session), name="session")
        return session

    def _check_room(self) -> None:
        if len(self.sessions) >= MOST_SESSIONS:
            raise NotAdmitted("too many people are signed in; try again later")

    async def _accompany(self, session: Session) -> None:
        """What a session needs done for as long as it lasts."""

        async def refused() -> None:
            await self.sessions.end(session, "The cluster takes the token no longer. Please sign in again.")

        async with asyncio.TaskGroup() as group:
            tasks = [
                group.create_task(session.meters.run()),
                group.create_task(session.scores.run()),
                group.create_task(session.contact.run(refused=refused)),
            ]
            await session.over.wait()
            for task in tasks:
                task.cancel()


async def _identify(client: KubeClient) -> tuple[str, tuple[str, ...]]:
    try:
        return await who_am_i(client)
    except Forbidden:  # the cluster knows the token; it only does not say whose it is
        return "", ()


def check_sign_in(settings: Settings) -> None:
    """Raises `SettingError`."""
    if settings.sign_in not in SIGN_IN_WAYS:
        raise SettingError(
            "PORTAL_SIGN_IN", settings.sign_in, problem="is unknown", remedy=f"use one of {', '.join(SIGN_IN_WAYS)}"
        )
    if settings.sign_in == "none" and not is_loopback_host(settings.host):
        raise SettingError(
            "PORTAL_HOST",
            settings.host,
            problem="would let everybody in, as PORTAL_SIGN_IN is none",
            remedy="use 127.0.0.1, or another PORTAL_SIGN_IN",
        )
    if settings.sign_in == "proxy" and not settings.trusted_proxies:
        raise SettingError(
            "PORTAL_TRUSTED_PROXIES", "", problem="is needed for PORTAL_SIGN_IN=proxy", remedy="name the proxy"
        )
