"""
The pages and what they have in common.

NiceGUI keeps one application per process, so pages are registered once. Each page is built for the session that the
guard found for its request.
"""

import asyncio
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from fastapi import FastAPI, Request
from nicegui import Client, core, ui
from starlette.staticfiles import StaticFiles

from kubeless.portal.screens.deadletters import dead_letters
from kubeless.portal.screens.functionlist import function_list
from kubeless.portal.screens.functionpage import function_page
from kubeless.portal.screens.overview import overview
from kubeless.portal.screens.tab import Tab
from kubeless.portal.screens.triggerlist import trigger_list
from kubeless.portal.sessions import Session, Sessions
from kubeless.portal.settings import Settings
from kubeless.portal.web.guard import SESSION
from kubeless.portal.web.server import MAX_MESSAGE

STATIC = Path(__file__).parent.parent / "static"

RECONNECT = 5.0
"""Seconds a page is kept for a browser that lost its connection."""


@dataclass(frozen=True, slots=True)
class Site:
    """What pages are made of."""

    settings: Settings
    sessions: Sessions
    group: asyncio.TaskGroup

    def tab(self, request: Request) -> Tab:
        """That of the page which is being built."""
        session = cast(Session, request.scope[SESSION])
        return Tab(ui.context.client, session, self.settings, self.group)


def register(app: FastAPI, site: Site) -> None:
    """Add the pages and the static files."""
    app.mount("/static", StaticFiles(directory=STATIC))

    @ui.page("/", title="Functions - Kubeless")
    def _functions(request: Request, namespace: str | None = None) -> None:
        function_list(site.tab(request), namespace)

    @ui.page("/functions/{namespace}/{name}", title="Function - Kubeless")
    async def _function(request: Request, namespace: str, name: str) -> None:
        ui.page_title(f"{name} - Kubeless")
        await function_page(site.tab(request), namespace, name)

    @ui.page("/overview", title="Overview - Kubeless")
    def _overview(request: Request, namespace: str | None = None) -> None:
        overview(site.tab(request), namespace)

    @ui.page("/triggers", title="Triggers - Kubeless")
    def _triggers(request: Request, namespace: str | None = None) -> None:
        trigger_list(site.tab(request), namespace)

    @ui.page("/dead-letters", title="Dead letters - Kubeless")
    def _dead_letters(request: Request, namespace: str | None = None) -> None:
        dead_letters(site.tab(request), namespace)

    ui.run_with(
        app,
        title="Kubeless",
        favicon=STATIC / "icon.svg",
        dark=None,
        language="en-US",
        reconnect_timeout=RECONNECT,
        gzip_middleware_factory=None,
        tailwind=False,
        show_welcome_message=False,
        binding_refresh_interval=None,
        message_history_length=200,
    )
    core.sio.eio.max_http_buffer_size = MAX_MESSAGE


def client_session(client_id: str) -> Session | None:
    """Whose page this is."""
    client = Client.instances.get(client_id)
    if client is None:
        return None
    return cast("Session | None", client.request.scope.get(SESSION))
