"""
The runtimes that the server knows, so that a typing mistake is told before anything is created.

An operator's `kubeless-config` ConfigMap has the say; without one it is the catalog this project ships.
"""

import os
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from kubeless.cli import messages
from kubeless.cli.failure import Fatal
from kubeless.core.errors import KubelessError

if TYPE_CHECKING:
    from kubeless.kube.client import KubeClient
    from kubeless.runtimes.catalog import Catalog


class ConfigUnreadable(Fatal):
    """The server's configuration cannot be read."""


async def server_catalog(client: "KubeClient") -> "Catalog":
    """
    The runtimes, in the order of the configuration.

    Raises:
        ConfigUnreadable: the ConfigMap is there and cannot be read.
    """
    from kubeless.kube.errors import NotFound
    from kubeless.kube.resources import CONFIG_MAPS
    from kubeless.runtimes.catalog import built_in, catalog_from_config

    try:
        namespace, name = await _config_place(client, os.environ)
        config = await client.get(CONFIG_MAPS, name, namespace=namespace)
        listed = (config.get("data") or {}).get("runtime-images")
        return catalog_from_config(listed) if listed else built_in()
    except NotFound:
        return built_in()
    except KubelessError as error:
        raise ConfigUnreadable(f"Unable to read the configmap: {error}") from error


def warn_of_end(catalog: "Catalog", runtime_id: str) -> None:
    """
    Tell that the version of a language gets no more security fixes.

    Raises:
        UnknownRuntime: there is no such runtime.
    """
    runtime = catalog.resolve(runtime_id)
    today = datetime.now(UTC).date()
    if runtime.has_ended(today):
        newest = catalog.newest(runtime.language)
        remedy = "" if newest.has_ended(today) else f"; {newest.id} does"
        messages.warn(f"{runtime_id} gets no security fixes since {runtime.end_of_life}{remedy}")


async def _config_place(client: "KubeClient", environ: Mapping[str, str]) -> tuple[str, str]:
    """Namespace and name of the ConfigMap: environment, then annotations of the Function CRD, then the defaults."""
    namespace, name = environ.get("KUBELESS_NAMESPACE"), environ.get("KUBELESS_CONFIG")
    if namespace and name:
        return namespace, name
    annotations = await _crd_annotations(client)
    return (
        namespace or annotations.get("kubeless.io/namespace") or "kubeless",
        name or annotations.get("kubeless.io/config") or "kubeless-config",
    )


async def _crd_annotations(client: "KubeClient") -> Mapping[str, str]:
    from kubeless.api.resource import FUNCTIONS
    from kubeless.kube.errors import Forbidden, NotFound
    from kubeless.kube.resources import CRDS

    try:
        crd = await client.get(CRDS, FUNCTIONS.qualified_name)
    except (Forbidden, NotFound):  # few people may read CRDs, and they deploy functions all the same
        return {}
    return crd.get("metadata", {}).get("annotations") or {}
