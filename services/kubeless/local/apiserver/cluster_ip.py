"""
Addresses for Services.

Clients expect a Service to have a `clusterIP`, so it gets one. Nothing listens there and no packet is ever routed to
it: on one machine callers reach a Service through the API server's proxy or through its endpoints.
"""

import ipaddress
from collections.abc import Callable, Iterable, Iterator

_RANGE = ipaddress.ip_network("10.96.0.0/12")


class ClusterAddresses:
    """
    Gives out the addresses of 10.96.0.0/12, each once (the first belongs to the service `kubernetes`).

    An address is not given out again when its Service is gone: there are a million, and a look through all Services
    for each new one would make ten thousand of them take minutes.
    """

    def __init__(self) -> None:
        self._taken: set[str] | None = None
        self._untried: Iterator[str] = map(str, _RANGE.hosts())

    def take(self, in_use: Callable[[], Iterable[str]]) -> str:
        """
        A free address. `in_use` is asked once, for the addresses of the Services that were there before.

        Raises:
            LookupError: all of them were given out.
        """
        if self._taken is None:
            self._taken = {"10.96.0.1", *in_use()}
        for address in self._untried:
            if address not in self._taken:
                return address
        raise LookupError("all cluster addresses of 10.96.0.0/12 were given out; restart the API server")

    def reserve(self, address: str) -> None:
        """A Service came with an address of its own choice."""
        if self._taken is not None:
            self._taken.add(address)
