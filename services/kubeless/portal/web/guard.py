"""
The ASGI middleware in front of everything: who asks, from which page, and what the browser is told.

Whatever changes something, and every WebSocket, must come from our own origin. Pages need a session; static files do
not. A session that ends closes its WebSockets, and only what a person does counts as being active: pings do not.
"""

import asyncio
import secrets
from collections.abc import Callable
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qs, quote

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from kubeless.core.errors import KubelessError
from kubeless.portal.doorman import Doorman, NotAdmitted
from kubeless.portal.sessions import Session
from kubeless.portal.web.policy import STATIC_PREFIXES, is_own_origin, security_headers, with_nonce

SESSION = "kubeless.session"
"""Where a scope carries the session."""

MAX_BODY = 64 << 10
"""Bytes of a request's body: a form with a token. What people write comes by WebSocket."""

_SAFE_METHODS = frozenset({"GET", "HEAD"})
_OPEN_PATHS = frozenset({"/sign-in"})

Owner = Callable[[str], Session | None]
"""The session that the page with this client ID was made for."""


class Guard:
    """Wraps the application."""

    def __init__(self, app: ASGIApp, doorman: Doorman, owner: Owner) -> None:
        self._app = app
        self._doorman = doorman
        self._owner = owner

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """See the ASGI specification."""
        match scope["type"]:
            case "http":
                await self._http(scope, receive, send)
            case "websocket":
                await self._websocket(scope, receive, send)
            case _:
                await self._app(scope, receive, send)

    async def _http(self, scope: Scope, receive: Receive, send: Send) -> None:
        path, headers = str(scope["path"]), Headers(scope=scope)
        is_static = path.startswith(STATIC_PREFIXES) and not path.startswith("/_nicegui_ws")
        nonce = secrets.token_urlsafe(16)
        send = _Finisher(send, nonce, security_headers(nonce, is_static=is_static)).send
        if scope["method"] not in _SAFE_METHODS and not self._is_own(scope, headers):
            await _answer(send, HTTPStatus.FORBIDDEN, "The request does not come from a page of this portal.")
            return
        if int(headers.get("content-length") or 0) > MAX_BODY or "transfer-encoding" in headers:
            await _answer(send, HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "The request is too long.")
            return
        if is_static:
            await self._app(scope, receive, send)
            return
        try:
            session = await self._doorman.find(dict(headers), _address(scope))
        except NotAdmitted as error:
            await _answer(send, HTTPStatus.FORBIDDEN, str(error))
            return
        except KubelessError as error:
            await _answer(send, HTTPStatus.SERVICE_UNAVAILABLE, str(error))
            return
        await self._admit(scope, receive, send, session)

    async def _admit(self, scope: Scope, receive: Receive, send: Send, session: Session | None) -> None:
        path = str(scope["path"])
        if session is None and path not in _OPEN_PATHS:
            if path.startswith("/_nicegui_ws"):
                await _answer(send, HTTPStatus.UNAUTHORIZED, "Sign in first.")
                return
            query = scope["query_string"].decode("latin-1")
            target = quote(path + (f"?{query}" if query else ""), safe="")
            await _answer(send, HTTPStatus.SEE_OTHER, "", location=f"/sign-in?next={target}")
            return
        if session is not None and not path.startswith("/_nicegui_ws"):
            self._doorman.sessions.seen(session)
        scope[SESSION] = session
        await self._app(scope, receive, send)

    async def _websocket(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = Headers(scope=scope)
        session = None
        if self._is_own(scope, headers):
            try:
                session = await self._doorman.find(dict(headers), _address(scope))
            except KubelessError:
                session = None
        if session is None or not self._is_owner(scope, session):
            await receive()
            await send({"type": "websocket.close", "code": 1008})
            return
        scope[SESSION] = session
        await self._app(scope, _Watched(receive, session, self._doorman).receive, send)

    def _is_own(self, scope: Scope, headers: Headers) -> bool:
        return is_own_origin(
            headers.get("origin"),
            scheme="https" if scope["scheme"] in {"https", "wss"} else "http",
            host=headers.get("host", ""),
            allowed=self._doorman.settings.origins,
        )

    def _is_owner(self, scope: Scope, session: Session) -> bool:
        """Whether the page that opens a socket was made for the same person."""
        query = parse_qs(scope["query_string"].decode("latin-1"))
        return self._owner(query.get("client_id", [""])[0]) in (None, session)


class _Finisher:
    """Puts the headers on an answer, and the nonce into a page."""

    def __init__(self, send: Send, nonce: str, headers: dict[str, str]) -> None:
        self._send = send
        self._nonce = nonce
        self._headers = headers
        self._start: Message | None = None
        self._page: list[bytes] | None = None

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            await self._begin(message)
        elif self._page is not None and self._start is not None:
            await self._collect(message, self._start, self._page)
        else:
            await self._send(message)

    async def _begin(self, message: Message) -> None:
        headers = MutableHeaders(raw=message["headers"])
        for name, value in self._headers.items():
            headers[name] = value
        message["headers"] = headers.raw
        if headers.get("content-type", "").startswith("text/html") and "content-encoding" not in headers:
            self._start, self._page = message, []  # the length changes
        else:
            await self._send(message)

    async def _collect(self, message: Message, start: Message, page: list[bytes]) -> None:
        page.append(message.get("body", b""))
        if message.get("more_body"):
            return
        body = with_nonce(b"".join(page), self._nonce)
        headers = MutableHeaders(raw=start["headers"])
        headers["content-length"] = str(len(body))
        await self._send({**start, "headers": headers.raw})
        await self._send({"type": "http.response.body", "body": body})


class _Watched:
    """The messages of a WebSocket until its session ends."""

    def __init__(self, receive: Receive, session: Session, doorman: Doorman) -> None:
        self._receive = receive
        self._session = session
        self._doorman = doorman

    async def receive(self) -> Message:
        waiting = asyncio.ensure_future(self._receive())
        over = asyncio.ensure_future(self._session.over.wait())
        try:
            await asyncio.wait({waiting, over}, return_when=asyncio.FIRST_COMPLETED)
            if not waiting.done():
                return {"type": "websocket.disconnect", "code": 1008}
            message: dict[str, Any] = dict(waiting.result())
        finally:
            waiting.cancel()
            over.cancel()
        if str(message.get("text") or "").startswith('42["event"'):
            self._doorman.sessions.seen(self._session)
        return message


def _address(scope: Scope) -> str:
    client = scope.get("client")
    return str(client[0]) if client else ""


async def _answer(send: Send, status: HTTPStatus, text: str, *, location: str = "") -> None:
    body = text.encode()
    headers = [(b"content-type", b"text/plain; charset=utf-8"), (b"content-length", str(len(body)).encode())]
    if location:
        headers.append((b"location", location.encode("latin-1")))
    await send({"type": "http.response.start", "status": status.value, "headers": headers})
    await send({"type": "http.response.body", "body": body})
