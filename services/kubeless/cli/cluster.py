"""
Which cluster a command talks to.

Flags win over KUBECONFIG, that over the cluster this process runs in, that over ~/.kube/config. Where none of these
exists, a local platform that runs in this folder or one above it is meant. Nothing found is an error that says what
to do.
"""

import os
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from kubeless.cli.failure import Fatal
from kubeless.cli.options import CONTEXT_KEY, KUBECONFIG_KEY

if TYPE_CHECKING:
    from kubeless.kube.client import KubeClient

_SERVICE_ACCOUNT_TOKEN = Path("/var/run/secrets/kubernetes.io/serviceaccount/token")


class NoCluster(Fatal):
    """No cluster found: start one here with 'kubeless local up -d', or name one with KUBECONFIG or --kubeconfig"""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What outside of the command line decides about the cluster."""

    environ: Mapping[str, str]
    home: Path
    find_local: Callable[[], Path | None]
    """The kubeconfig of a running local platform."""
    token: Path = _SERVICE_ACCOUNT_TOKEN

    def choose(self, flag: str | None) -> str | None:
        """
        The kubeconfig to name to the client; None where the client's own rules find the right one.

        Raises:
            NoCluster: there is none.
        """
        if flag or self.environ.get("KUBECONFIG") or self._in_cluster() or (self.home / ".kube" / "config").is_file():
            return flag
        local = self.find_local()
        if local is None:
            raise NoCluster
        return str(local)

    def _in_cluster(self) -> bool:
        return bool(self.environ.get("KUBERNETES_SERVICE_HOST")) and self.token.is_file()


@asynccontextmanager
async def connect(context: click.Context | None = None) -> "AsyncIterator[KubeClient]":
    """A client of the cluster that the command line (of `context`, default: the running command) and the rest choose."""
    from kubeless.kube.client import KubeClient

    meta = (context or click.get_current_context()).meta
    surroundings = Surroundings(os.environ, Path.home(), _find_local)
    kubeconfig = surroundings.choose(meta.get(KUBECONFIG_KEY))
    async with await KubeClient.connect(kubeconfig=kubeconfig, context=meta.get(CONTEXT_KEY)) as client:
        yield client


def _find_local() -> Path | None:
    from kubeless.local.state import find

    data_dir = find(Path.cwd())
    return None if data_dir is None else data_dir.kubeconfig
