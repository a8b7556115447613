"""
What a cluster has before anybody creates anything: its namespaces.
"""

from kubeless.local.apiserver.cluster import Cluster, key_of
from kubeless.local.apiserver.resources import NAMESPACES
from kubeless.local.apiserver.rest.create import create
from kubeless.local.apiserver.rest.options import WriteOptions

_NAMESPACES = ("default", "kube-system", "kubeless")
_OPTIONS = WriteOptions(manager="kubeless-local", explicit_manager=True)


def bootstrap(cluster: Cluster) -> None:
    """Create what is missing."""
    for name in _NAMESPACES:
        if cluster.store.get(key_of(NAMESPACES, "", name)) is None:
            create(cluster, NAMESPACES, "", {"metadata": {"name": name}}, _OPTIONS)
