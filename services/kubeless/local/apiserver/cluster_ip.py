"""
Addresses for Services.

Clients expect a Service to have a `clusterIP`, so it gets one. Nothing listens there and no packet is ever routed to
it: on one machine callers reach a Service through the API server's proxy or through its endpoints.
"""

import ipaddress
from collections.abc import Collection

_RANGE = ipaddress.ip_network("10.96.0.0/12")


def allocate_cluster_ip(used: Collection[str]) -> str:
    """
    The lowest free address of 10.96.0.0/12 (the first belongs to the service `kubernetes`).

    Raises:
        LookupError: all million addresses are taken.
    """
    taken = set(used)
    for address in _RANGE.hosts():
        text = str(address)
        if text != "10.96.0.1" and text not in taken:
            return text
    raise LookupError("all cluster addresses of 10.96.0.0/12 are in use; delete some Services")
