"""
Forget old events: what happened an hour ago is history, and the store must not grow with time.
"""

import asyncio
from datetime import timedelta

from kubeless.local.apiserver.cluster import Cluster, rfc3339
from kubeless.local.apiserver.resources import EVENTS
from kubeless.local.apiserver.storage.record import Record

LIFETIME = timedelta(hours=1)
_INTERVAL = 60.0


async def expire_events(cluster: Cluster) -> None:
    """Sweep until cancelled."""
    while True:
        sweep(cluster)
        await asyncio.sleep(_INTERVAL)


def sweep(cluster: Cluster) -> None:
    """Remove the events that were last seen longer ago than `LIFETIME`."""
    oldest = rfc3339(cluster.now() - LIFETIME)
    for record in cluster.store.objects(EVENTS.key):
        if _last_seen(record) < oldest:
            cluster.store.remove(record.key)


def _last_seen(record: Record) -> str:
    """Times in RFC 3339 with the same zone compare as text."""
    created = str(record.object["metadata"]["creationTimestamp"])
    return max(created, str(record.object.get("lastTimestamp") or ""))
