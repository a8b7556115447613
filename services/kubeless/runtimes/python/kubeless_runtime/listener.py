"""
The one socket all workers accept on.

It is bound by the supervisor, so that a taken port is reported at once, but listens only when a worker has imported the
function: until then connections are refused and a readiness probe fails. As all workers share it, a worker that dies
takes no waiting connection with it.
"""

from __future__ import annotations

import socket

BACKLOG = 1024


class PortUnavailable(Exception):
    """The address and port to serve on cannot be bound."""


def bind(host: str, port: int) -> socket.socket:
    """
    A non-blocking TCP socket bound to `host`, or to all interfaces when it is empty.

    Raises:
        PortUnavailable: another process has the port, or the address is not one of this machine.
    """
    if not host and socket.has_ipv6:
        try:
            return _bind(socket.AF_INET6, "::", port)
        except PortUnavailable:
            pass  # no IPv6 in this network; if it is the port that is taken, IPv4 says so as well
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    return _bind(family, host or "0.0.0.0", port)


def start_listening(listener: socket.socket) -> None:
    """Let connections in. Each worker calls it when it is ready; only the first call has an effect."""
    listener.listen(BACKLOG)


def _bind(family: socket.AddressFamily, host: str, port: int) -> socket.socket:
    try:
        listener = socket.socket(family, socket.SOCK_STREAM)
    except OSError as error:
        raise PortUnavailable("FUNC_HOST=%r cannot be bound: %s" % (host, error.strerror or error)) from error
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if host == "::":
            listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        listener.bind((host, port))
    except OSError as error:
        listener.close()
        remedy = "free the port or set another FUNC_PORT or FUNC_HOST"
        message = "port %d of %s cannot be bound: %s; %s" % (port, host, error.strerror or error, remedy)
        raise PortUnavailable(message) from error
    listener.setblocking(False)
    return listener
