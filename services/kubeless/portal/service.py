"""
The portal as a service.

Start: admin port, web server. It needs nothing of the cluster to start: people bring their accounts. Stop: not ready,
sessions and their watches end, requests in flight are answered.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import structlog
from fastapi import FastAPI
from prometheus_client import CollectorRegistry
from starlette.middleware.gzip import GZipMiddleware

from kubeless.core.health import AdminServer
from kubeless.kube.accounts import Accounts
from kubeless.portal.doorman import Doorman
from kubeless.portal.metrics import PortalCollector
from kubeless.portal.screens.site import Site, client_session, register
from kubeless.portal.sessions import Sessions
from kubeless.portal.settings import Settings
from kubeless.portal.web.guard import Guard
from kubeless.portal.web.server import listen, serving
from kubeless.portal.web.signin import SignIn

log = structlog.get_logger(__name__)

EXPIRY_CHECK = 5.0
"""Seconds between two looks for sessions that have ended."""


@dataclass(frozen=True, slots=True)
class Portal:
    """A running portal."""

    port: int
    admin_port: int


@asynccontextmanager
async def serve(settings: Settings, accounts: Accounts) -> AsyncIterator[Portal]:
    """
    Run the portal while entered; once in a process, as NiceGUI is one per process.

    Raises SettingError for settings that cannot work, PortTaken for a port in use.
    """
    registry = CollectorRegistry()
    sessions = Sessions(idle=settings.idle_timeout, lifetime=settings.session_lifetime)
    registry.register(PortalCollector(sessions))
    async with AdminServer(settings.admin_host, settings.admin_port, registry) as admin, asyncio.TaskGroup() as group:
        doorman = Doorman(settings, accounts, sessions, group)
        app = FastAPI(openapi_url=None, routes=SignIn(doorman).routes())
        register(app, Site(settings, sessions, group))
        listener = listen(settings.host, settings.port, settings.socket)
        port = int(listener.getsockname()[1])
        expiring = group.create_task(_end_expired(sessions), name="expiry of sessions")
        # Outermost, as the guard writes into pages.
        guard = GZipMiddleware(Guard(app, doorman, client_session), minimum_size=1000)
        async with serving(guard, listener, drain_timeout=settings.drain_timeout):
            admin.ready = True
            log.info("portal is ready", port=port, admin_port=admin.port, sign_in=settings.sign_in)
            try:
                yield Portal(port, admin.port)
            finally:
                admin.ready = False
                await sessions.end_all()
        expiring.cancel()


async def _end_expired(sessions: Sessions) -> None:
    while True:
        await asyncio.sleep(EXPIRY_CHECK)
        await sessions.end_expired()
