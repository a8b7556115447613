"""A connection to a server that a person names, for the command: used once, without the service and its credentials."""

import re
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from nats.aio.client import Client

from kubeless.core.errors import InvalidField
from kubeless.nats_subscriber import foreign
from kubeless.nats_subscriber.jetstream import JetStream
from kubeless.nats_subscriber.security import Security

NAME = "kubeless-cli"

_PORT = 4222
_TIMEOUT = 5.0
"""Seconds to connect, and for one request to JetStream."""

_URL = re.compile(
    r"((?P<scheme>nats|tls)://)?(?P<user>[^\s@/]*@)?(?P<host>\[[0-9A-Fa-f:.]+\]|[^\s@/:\[\]]+)(:(?P<port>[0-9]{1,5}))?/?"
)


@dataclass(frozen=True, slots=True)
class DirectClients:
    """`Clients` over one connection."""

    connected: Client

    def client(self) -> Client:
        """See `Clients`."""
        return self.connected

    def jetstream(self) -> JetStream:
        """See `Clients`."""
        return JetStream(self.connected, domain="", timeout=_TIMEOUT)


@asynccontextmanager
async def connected(url: str) -> AsyncIterator[DirectClients]:
    """Connect to the first server of a list that answers; raises InvalidField, BrokerUnavailable."""
    servers = [full_url(each) for each in url.split(",")]
    for position, server in enumerate(servers):
        security = Security((server,), tls=server.startswith("tls:"))
        try:
            client, _ = await foreign.connect(
                server, security, ssl.create_default_context(), name=NAME, timeout=_TIMEOUT
            )
            break
        except foreign.BrokerUnavailable as error:
            if position == len(servers) - 1:
                shown = ", ".join(each.rpartition("@")[2].rpartition("/")[2] for each in servers)
                raise foreign.BrokerUnavailable(f"cannot reach NATS at {shown}: {error}; see --url") from error
    try:
        yield DirectClients(client)
    finally:
        await foreign.close(client)


def full_url(text: str) -> str:
    """The URL of a server; scheme and port may be missing, as ever. Raises InvalidField."""
    found = _URL.fullmatch(text.strip())
    port = int(found["port"] or _PORT) if found is not None else 0
    if found is None or not 0 < port < 65_536:
        shown = re.sub(r"//[^@]*@", "//***@", text)
        raise InvalidField("--url", shown, problem="is no address of NATS", remedy="write it like nats://host:4222")
    return f"{found['scheme'] or 'nats'}://{found['user'] or ''}{found['host']}:{port}"
