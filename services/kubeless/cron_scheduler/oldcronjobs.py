"""
Remove the CronJobs of the Go controller: they would call the same functions a second time.

It made a CronJob `trigger-<function>` for each trigger, owned by a kind `Trigger` that never existed, so no garbage
collector can be relied on to remove them. Only what says of itself that it is such an object is deleted.
"""

import structlog

from kubeless.core.jsontypes import JsonObject
from kubeless.kube.client import KubeClient
from kubeless.kube.errors import Conflict, Forbidden, KubeError, NotFound
from kubeless.kube.resources import CRON_JOBS

log = structlog.get_logger(__name__)

_SELECTOR = "created-by=kubeless"


async def remove_old_cron_jobs(client: KubeClient, *, namespaces: tuple[str, ...]) -> int:
    """
    Delete them, with the Jobs and pods that are still there; how many. What cannot be done is logged.

    Without `namespaces` they are looked for everywhere.
    """
    return sum([await _remove_from(client, namespace) for namespace in namespaces or (None,)])


async def _remove_from(client: KubeClient, namespace: str | None) -> int:
    try:
        found = (await client.list(CRON_JOBS, namespace=namespace, label_selector=_SELECTOR)).items
    except (Forbidden, NotFound) as error:
        log.warning("cannot look for CronJobs of the Go controller; delete what it left by hand", error=str(error))
        return 0
    removed = 0
    for job in filter(is_old_cron_job, found):
        metadata = job["metadata"]
        name, scope = metadata["name"], metadata["namespace"]
        try:
            await client.delete(CRON_JOBS, name, namespace=scope, uid=metadata.get("uid"))
        except (NotFound, Conflict):
            continue
        except KubeError as error:
            log.warning("cannot delete a CronJob of the Go controller", namespace=scope, name=name, error=str(error))
            continue
        removed += 1
        log.info("CronJob of the Go controller removed", namespace=scope, name=name)
    return removed


def is_old_cron_job(job: JsonObject) -> bool:
    """Whether the Go controller made it: by its name and its owner."""
    metadata = job.get("metadata") or {}
    owners = metadata.get("ownerReferences") or ()
    is_ours = any(
        str(owner.get("apiVersion", "")).startswith("kubeless.io/")
        and owner.get("kind") in ("Trigger", "CronJobTrigger")
        for owner in owners
    )
    return is_ours and str(metadata.get("name") or "").startswith("trigger-")
