"""
Signing in and out: two plain forms, so that the cookie is set by an answer and never seen by a script.
"""

from html import escape
from typing import Any

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from kubeless.core.errors import KubelessError
from kubeless.kube.errors import Unauthorized
from kubeless.portal.doorman import COOKIE, Doorman
from kubeless.portal.web.guard import SESSION
from kubeless.portal.web.policy import safe_target

_PAGE = """<!doctype html>
<html lang="en">
<head>
<title>Sign in - Kubeless</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="stylesheet" href="/static/portal.css">
</head>
<body class="sign-in">
<main>
<h1>Kubeless</h1>
{notice}
<form method="post" action="/sign-in">
<label for="token">Token of the cluster</label>
<textarea id="token" name="token" rows="5" required autofocus autocomplete="off" spellcheck="false"></textarea>
<input type="hidden" name="next" value="{target}">
<button type="submit">Sign in</button>
</form>
<p>Such as <code>kubectl create token &lt;service account&gt;</code> prints.
You can do here what this account may do.</p>
</main>
</body>
</html>
"""


class SignIn:
    """The routes."""

    def __init__(self, doorman: Doorman) -> None:
        self._doorman = doorman

    def routes(self) -> list[BaseRoute]:
        """For the application."""
        return [
            Route("/sign-in", self._form, methods=["GET"]),
            Route("/sign-in", self._sign_in, methods=["POST"]),
            Route("/sign-out", self._sign_out, methods=["POST"]),
        ]

    async def _form(self, request: Request) -> Response:
        if request.scope[SESSION] is not None:
            return RedirectResponse(safe_target(request.query_params.get("next", "/")), 303)
        notice = "The session has ended. Please sign in again." if "ended" in request.query_params else ""
        return _page(request.query_params.get("next", "/"), notice)

    async def _sign_in(self, request: Request) -> Response:
        if self._doorman.settings.sign_in != "token":
            return RedirectResponse("/", 303)
        form = await request.form()
        target = str(form.get("next") or "/")
        try:
            session = await self._doorman.sign_in(str(form.get("token") or ""))
        except Unauthorized:
            return _page(target, "The cluster does not take this token. Is it whole, and has it not expired?", 401)
        except KubelessError as error:
            return _page(target, str(error), 400)
        if (before := request.scope[SESSION]) is not None:
            await self._doorman.sessions.end(before, "Somebody else signed in here.")
        answer = RedirectResponse(safe_target(target), 303)
        answer.set_cookie(COOKIE, session.id, **self._cookie())
        return answer

    async def _sign_out(self, request: Request) -> Response:
        session = request.scope[SESSION]
        if session is not None and self._doorman.settings.sign_in == "token":
            await self._doorman.sessions.end(session, "You signed out.")
        answer = RedirectResponse("/sign-in", 303)
        answer.delete_cookie(COOKIE, **self._cookie())
        return answer

    def _cookie(self) -> dict[str, Any]:
        secure = self._doorman.settings.secure_cookies
        return {"path": "/", "httponly": True, "samesite": "strict", "secure": secure}


def _page(target: str, notice: str, status: int = 200) -> Response:
    told = f'<p role="alert" class="notice">{escape(notice)}</p>' if notice else ""
    return HTMLResponse(_PAGE.format(notice=told, target=escape(safe_target(target))), status)
