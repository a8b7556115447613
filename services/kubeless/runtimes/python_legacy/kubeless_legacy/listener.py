"""The socket that the server serves on: bound at the start, so that a taken port is told at once."""

import socket

from .pipeline import close_on_exec


class PortUnavailable(Exception):
    """The address and port to serve on cannot be bound."""


def bind(host, port):
    """A non-blocking TCP socket, bound to all interfaces when `host` is empty. Raises PortUnavailable."""
    if not host and socket.has_ipv6:
        try:
            return _bind(socket.AF_INET6, "::", port)
        except PortUnavailable:
            pass  # no IPv6 in this network; if it is the port that is taken, IPv4 says so as well
    return _bind(socket.AF_INET6 if ":" in host else socket.AF_INET, host or "0.0.0.0", port)


def _bind(family, host, port):
    try:
        listener = socket.socket(family, socket.SOCK_STREAM)
        close_on_exec(listener)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if host == "::":
            listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        listener.bind((host, port))
    except socket.error as error:
        remedy = "free the port or set another FUNC_PORT or FUNC_HOST"
        message = "port %d of %s cannot be bound: %s; %s" % (port, host, error.strerror or error, remedy)
        raise PortUnavailable(message)
    listener.setblocking(False)
    return listener
