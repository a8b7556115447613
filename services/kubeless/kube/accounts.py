"""
Clients of one API server for many people, each with an account of their own.

The server, its certificate and the way to it are found once. Nobody's client shares connections with another's, so no
answer can end up with the wrong person.
"""

import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Self

from kubeless.core.errors import InvalidField
from kubeless.kube.client import KubeClient
from kubeless.kube.kubeconfig import Connection, find_connection
from kubeless.kube.session import Session

_TOKEN = re.compile(r"[A-Za-z0-9._~+/=-]{1,16384}")
"""RFC 6750, 2.1; no token of a cluster is longer."""

_HEADER_TEXT = re.compile(r"[^\x00-\x1f\x7f]{1,1024}")


class _Bearer:
    """A token that cannot be renewed."""

    def __init__(self, token: str) -> None:
        self._header = f"Bearer {token}"

    async def authorization(self) -> str | None:
        return self._header

    async def renew(self, refused: str | None) -> bool:  # noqa: ARG002 - the protocol's
        return False


class Accounts:
    """Makes clients; each belongs to who asked for it and is closed by them."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    @classmethod
    async def find(cls, environ: Mapping[str, str] = os.environ) -> Self:
        """The cluster as `KubeClient.connect` finds it; raises `NotConfigured`."""
        return cls(await find_connection(environ=environ))

    def own(self) -> KubeClient:
        """With the account of this process."""
        return self._client(self._connection)

    def with_token(self, token: str) -> KubeClient:
        """With the account of a bearer token; nothing of this process's own account is sent. Raises `InvalidField`."""
        if not _TOKEN.fullmatch(token):
            # The value of a token never goes into a message.
            raise InvalidField("token", "…", problem="is not a bearer token", remedy="paste it whole, without spaces")
        connection = self._connection
        return self._client(replace(connection, tls=connection.tls_for_others, credentials=_Bearer(token)))

    def impersonating(self, user: str, groups: Sequence[str]) -> KubeClient:
        """With this process's account acting as somebody else, which a rule must allow it. Raises `InvalidField`."""
        for name in (user, *groups):
            if not _HEADER_TEXT.fullmatch(name):
                raise InvalidField("user", name, problem="is not a name", remedy="check the proxy's headers")
        headers = (("Impersonate-User", user), *(("Impersonate-Group", group) for group in groups))
        return self._client(replace(self._connection, headers=headers))

    def _client(self, connection: Connection) -> KubeClient:
        return KubeClient(Session(connection), server=connection.server, namespace=connection.namespace)
