"""
Who may talk to a server that asks for no credentials: programs on this machine, and no web page.

The server listens on a loopback address without TLS or users. What is left to attack it is the browser of the person
who runs it: a page that sends requests across origins (its `Origin` is another), or one whose host name was pointed at
127.0.0.1 (its `Host` is no loopback name). Both are refused before anything else is looked at.
"""

import ipaddress
from urllib.parse import urlsplit

from aiohttp import web

from kubeless.core.errors import shorten
from kubeless.local.apiserver.status import forbidden


def check_origin(request: web.Request) -> None:
    """Raise ApiError 403 for requests that a web page from elsewhere may have sent."""
    host = request.headers.get("Host", "")
    if not _is_loopback(_host_name(f"//{host}")):
        raise forbidden(f"Host {shorten(host)} is not this machine: use 127.0.0.1 or localhost")
    origin = request.headers.get("Origin")
    if origin is not None and not _same_origin(origin, host):
        raise forbidden(f"requests from the origin {shorten(origin)} are not allowed")
    if origin is None and request.headers.get("Sec-Fetch-Site", "none") not in {"none", "same-origin"}:
        raise forbidden("requests from other sites are not allowed")


def _same_origin(origin: str, host: str) -> bool:
    try:
        return urlsplit(origin).netloc == host and _is_loopback(_host_name(origin))
    except ValueError:
        return False


def _host_name(url: str) -> str:
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""


def _is_loopback(name: str) -> bool:
    if name == "localhost" or name.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False
