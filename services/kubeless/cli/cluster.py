"""
Which cluster a command talks to.

The client's own rules come first: flags, KUBECONFIG, the cluster this process runs in, ~/.kube/config. Where none of
these exists, a local platform that runs in this folder or one above it is meant. Nothing found is an error that says
what to do.
"""

import os
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from kubeless.cli.failure import Fatal
from kubeless.cli.options import CONTEXT_KEY, KUBECONFIG_KEY

if TYPE_CHECKING:
    from kubeless.kube.client import KubeClient


class NoCluster(Fatal):
    """No cluster found: start one here with 'kubeless local up -d', or name one with KUBECONFIG or --kubeconfig"""


def choose_kubeconfig(
    *,
    kubeconfig: str | None,
    context: str | None,
    environ: Mapping[str, str],
    find_local: Callable[[], Path | None],
) -> str | None:
    """
    The kubeconfig to name to the client; None where the client finds the right one by itself.

    Raises:
        NoCluster: there is none.
        NotConfigured: the one that was named does not exist.
    """
    from kubeless.kube.errors import NotConfigured
    from kubeless.kube.kubeconfig import choose_source

    try:
        choose_source(kubeconfig=kubeconfig, context=context, environ=environ)
    except NotConfigured:
        if kubeconfig or environ.get("KUBECONFIG"):
            raise
        local = find_local()
        if local is None:
            raise NoCluster from None
        return str(local)
    return kubeconfig


@asynccontextmanager
async def connect(command: click.Context | None = None) -> "AsyncIterator[KubeClient]":
    """A client of the cluster that the command line (default: of the running command) and the surroundings choose."""
    from kubeless.kube.client import KubeClient

    meta = (command or click.get_current_context()).meta
    context = meta.get(CONTEXT_KEY)
    kubeconfig = choose_kubeconfig(
        kubeconfig=meta.get(KUBECONFIG_KEY), context=context, environ=os.environ, find_local=_find_local
    )
    async with await KubeClient.connect(kubeconfig=kubeconfig, context=context) as client:
        yield client


def _find_local() -> Path | None:
    from kubeless.local.state import find

    data_dir = find(Path.cwd())
    return None if data_dir is None else data_dir.kubeconfig
