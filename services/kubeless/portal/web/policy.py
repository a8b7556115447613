"""
What a browser may do with our pages, and which requests are believed to come from them.

Pure decisions; `guard` carries them out. Scripts run only from our own files and from the page's own inline scripts,
which carry a nonce. `unsafe-eval` is what NiceGUI's event handlers need; text is never among what is evaluated.
"""

import re
from collections.abc import Mapping, Sequence
from ipaddress import ip_address, ip_network

LOOPBACK_HOSTS = frozenset({"127.0.0.1", "localhost", "[::1]"})

STATIC_PREFIXES = ("/_nicegui/", "/static/", "/favicon.ico")
"""What needs no session: it is the same for everybody."""

_SCRIPT_TAG = re.compile(rb"<script(?=[\s>])")


def content_security_policy(nonce: str) -> str:
    """The policy of one page: nothing from elsewhere, nobody may frame it."""
    return "; ".join(
        (
            "default-src 'none'",
            f"script-src 'self' 'nonce-{nonce}' 'unsafe-eval'",
            "style-src 'self' 'unsafe-inline'",
            "img-src 'self' data:",
            "font-src 'self' data:",
            "connect-src 'self'",
            "worker-src 'self' blob:",
            "manifest-src 'self'",
            "base-uri 'none'",
            "form-action 'self'",
            "frame-ancestors 'none'",
        )
    )


def security_headers(nonce: str, *, is_static: bool) -> dict[str, str]:
    """What goes with every answer."""
    headers = {
        "content-security-policy": content_security_policy(nonce),
        "x-frame-options": "DENY",
        "x-content-type-options": "nosniff",
        # Not `no-referrer`: then a form would not say which page it is of.
        "referrer-policy": "same-origin",
        "cross-origin-opener-policy": "same-origin",
        "cross-origin-resource-policy": "same-origin",
        "permissions-policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    }
    return headers if is_static else headers | {"cache-control": "no-store"}


def with_nonce(page: bytes, nonce: str) -> bytes:
    """
    A page whose scripts may run.

    Sound as long as nothing that others wrote reaches the page as HTML: NiceGUI escapes `<` in what it embeds.
    """
    return _SCRIPT_TAG.sub(b'<script nonce="%s"' % nonce.encode(), page)


def is_own_origin(origin: str | None, *, scheme: str, host: str, allowed: Sequence[str]) -> bool:
    """
    Whether a request comes from our own pages.

    `allowed` are the configured origins; without any it is the host that the request itself names, under either
    scheme since TLS may end before us. No origin is none of ours: browsers send it with all that changes something.
    """
    if origin is None:
        return False
    if allowed:
        return origin.rstrip("/").lower() in {each.rstrip("/").lower() for each in allowed}
    return bool(host) and origin.lower() in {f"{one}://{host.lower()}" for one in (scheme, "http", "https")}


def is_loopback_host(host: str) -> bool:
    """Whether the Host of a request is this machine: anything else is a name that was bent to point here."""
    name = host.lower()
    name = name.partition("]")[0] + "]" if name.startswith("[") else name.partition(":")[0]
    return name in LOOPBACK_HOSTS


def is_trusted(address: str, networks: Sequence[str]) -> bool:
    """Whether an address is in one of the networks."""
    try:
        found = ip_address(address)
        return any(found in ip_network(network, strict=False) for network in networks)
    except ValueError:
        return False


def forwarded_user(headers: Mapping[str, str], *, user: str, groups: str) -> tuple[str, tuple[str, ...]] | None:
    """User and groups as the proxy's headers say; None if they name nobody. `headers` are in lower case."""
    name = headers.get(user.lower(), "").strip()
    if not name:
        return None
    listed = headers.get(groups.lower(), "")
    return name, tuple(group.strip() for group in listed.split(",") if group.strip())


def safe_target(path: str) -> str:
    """Where to go after the sign-in: a path of ours, never another host."""
    is_ours = path.startswith("/") and not path.startswith(("//", "/\\", "/sign"))
    return path if is_ours and not any(ord(character) < 33 for character in path) else "/"
