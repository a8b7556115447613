"""
Ports for several processes: held by the parent, listened on by its workers.

A socket that is bound but does not listen gets no connections. It keeps the port for the workers to come, also where
the system chose it. As sharing would let two gateways of one user take each other's requests unnoticed, a port that
somebody listens on is refused first.
"""

import socket
from collections.abc import Iterator
from contextlib import contextmanager

from kubeless.core.ports import explain_bind_error
from kubeless.core.settings import SettingError


@contextmanager
def reserved(host: str, port: int) -> Iterator[int]:
    """
    Hold a port while entered; 0 takes a free one.

    Raises PortTaken if somebody listens there, SettingError where the system cannot share ports.
    """
    if not hasattr(socket, "SO_REUSEPORT"):
        raise SettingError("GATEWAY_WORKERS", "> 1", problem="this system cannot share ports", remedy="use 1")
    try:
        family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
        if port:
            with socket.socket(family, socket.SOCK_STREAM) as asking:
                asking.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                asking.bind(address)
    except OSError as error:
        raise explain_bind_error(error, host=host, port=port, purpose="gateway") from error
    with socket.socket(family, socket.SOCK_STREAM) as holding:
        holding.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        holding.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        try:
            holding.bind(address)
        except OSError as error:
            raise explain_bind_error(error, host=host, port=port, purpose="gateway") from error
        yield int(holding.getsockname()[1])
