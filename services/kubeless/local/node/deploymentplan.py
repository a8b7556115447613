"""
What a Deployment needs next: a pure function of it, its ReplicaSets and their pods.

The ReplicaSet of the current template is found by a hash of that template, which is also in its name: however often the
controller runs on stale knowledge, it cannot make two. Revisions count up and never repeat, so a rollback reuses the
old ReplicaSet under a new number.
"""

import copy
import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from kubeless.core.jsontypes import JsonObject
from kubeless.kube.resources import DEPLOYMENTS
from kubeless.local.node.owners import controller_reference
from kubeless.local.node.replicasets import desired_replicas
from kubeless.local.node.rollout import Bounds, Replicas, bounds, recreate, roll, scale_paused

HASH_LABEL = "pod-template-hash"
REVISION = "deployment.kubernetes.io/revision"
_NOT_COPIED = {REVISION, "kubectl.kubernetes.io/last-applied-configuration"}
# Kubernetes' alphabet for generated names: no vowels, so no words, and nothing that looks like something else.
_ALPHABET = "bcdfghjklmnpqrstvwxz2456789"
_HASH_LENGTH = 10


@dataclass(frozen=True, slots=True)
class DeploymentPlan:
    """The next step of a Deployment."""

    new: JsonObject | None
    """The ReplicaSet of the current template, if there is one."""
    old: tuple[JsonObject, ...]
    """The others, the oldest revision first."""
    create: JsonObject | None = None
    scale: Mapping[str, int] = field(default_factory=dict)
    """New sizes by name of the ReplicaSet."""
    revision: int = 0
    """Of the current template; 0 while it has no ReplicaSet."""


def plan_deployment(
    deployment: JsonObject, replica_sets: Sequence[JsonObject], pods: Mapping[str, int]
) -> DeploymentPlan:
    """
    The next step, given the ReplicaSets that the Deployment controls and how many pods each has, by uid.

    Pods that are still ending count: the strategy Recreate waits for them.

    Raises:
        InvalidField: a strategy that cannot be read.
    """
    new, old = split(deployment, replica_sets)
    revision = _next_revision(new, old)
    if deployment["spec"].get("paused"):
        sets = [_counts(item, pods) for item in [*old, *([new] if new else [])]]
        size = scale_paused(desired_replicas(deployment), sets)
        return DeploymentPlan(new=new, old=old, scale=size, revision=revision_of(new) if new else 0)
    replicas = desired_replicas(deployment)
    counted_old = [_counts(item, pods) for item in old]
    if (deployment["spec"].get("strategy") or {}).get("type") == "Recreate":
        sizes = recreate(replicas, _counts(new, pods) if new else None, counted_old)
        first_size = replicas
        may_create = not sizes and not any(item.actual for item in counted_old)
    else:
        counted_new = _counts(new, pods) if new else Replicas(name="", desired=0, available=0)
        sizes = roll(replicas, counted_new, counted_old, deployment_bounds(deployment))
        first_size = sizes.get("", 0)
        may_create = True
    if new is None:
        create = make_replica_set(deployment, replicas=first_size, revision=revision) if may_create else None
        sizes = {} if create else sizes
        return DeploymentPlan(new=None, old=old, create=create, scale=sizes, revision=revision if create else 0)
    return DeploymentPlan(new=new, old=old, scale=sizes, revision=revision)


def split(
    deployment: JsonObject, replica_sets: Sequence[JsonObject]
) -> tuple[JsonObject | None, tuple[JsonObject, ...]]:
    """The ReplicaSet of the current template, and the others by revision."""
    wanted = template_hash(deployment["spec"]["template"])
    by_age = sorted(replica_sets, key=lambda item: (revision_of(item), item["metadata"]["name"]))
    new = next((item for item in by_age if (item["metadata"].get("labels") or {}).get(HASH_LABEL) == wanted), None)
    return new, tuple(item for item in by_age if item is not new)


def deployment_bounds(deployment: JsonObject) -> Bounds:
    """The bounds of the Deployment's rolling updates; nothing may be unavailable beyond Recreate's everything."""
    strategy = deployment["spec"].get("strategy") or {}
    replicas = desired_replicas(deployment)
    if strategy.get("type") == "Recreate":
        return Bounds(surge=0, unavailable=replicas)
    rolling = strategy.get("rollingUpdate") or {}
    return bounds(replicas, rolling.get("maxSurge"), rolling.get("maxUnavailable"))


def template_hash(template: JsonObject) -> str:
    """Ten characters for a pod template; the hash label, which is made from it, does not count."""
    value = copy.deepcopy(template)
    ((value.get("metadata") or {}).get("labels") or {}).pop(HASH_LABEL, None)
    number = int.from_bytes(hashlib.sha256(json.dumps(value, sort_keys=True).encode()).digest())
    characters = []
    for _ in range(_HASH_LENGTH):
        number, index = divmod(number, len(_ALPHABET))
        characters.append(_ALPHABET[index])
    return "".join(characters)


def make_replica_set(deployment: JsonObject, *, replicas: int, revision: int) -> JsonObject:
    """The ReplicaSet of the Deployment's current template."""
    metadata, spec = deployment["metadata"], deployment["spec"]
    template = copy.deepcopy(spec["template"])
    mark = {HASH_LABEL: template_hash(spec["template"])}
    template_metadata = template.setdefault("metadata", {})
    template_metadata["labels"] = (template_metadata.get("labels") or {}) | mark
    selector = copy.deepcopy(spec["selector"])
    selector["matchLabels"] = (selector.get("matchLabels") or {}) | mark
    return {
        "apiVersion": "apps/v1",
        "kind": "ReplicaSet",
        "metadata": {
            "name": f"{metadata['name']}-{mark[HASH_LABEL]}",
            "namespace": metadata["namespace"],
            "labels": template_metadata["labels"],
            "annotations": copied_annotations(deployment) | {REVISION: str(revision)},
            "ownerReferences": [controller_reference(deployment, DEPLOYMENTS)],
        },
        "spec": {
            "replicas": replicas,
            "minReadySeconds": spec.get("minReadySeconds") or 0,
            "selector": selector,
            "template": template,
        },
    }


def copied_annotations(deployment: JsonObject) -> dict[str, str]:
    """What a ReplicaSet takes over, such as the cause of the change that `kubectl rollout history` shows."""
    annotations = deployment["metadata"].get("annotations") or {}
    return {name: value for name, value in annotations.items() if name not in _NOT_COPIED}


def revision_of(replica_set: JsonObject) -> int:
    """The revision in the annotations, 0 if there is none."""
    text = str((replica_set["metadata"].get("annotations") or {}).get(REVISION, ""))
    return int(text) if text.isascii() and text.isdigit() else 0


def expendable(deployment: JsonObject, plan: DeploymentPlan, pods: Mapping[str, int]) -> list[JsonObject]:
    """Old ReplicaSets beyond the history limit, once they have neither replicas nor pods."""
    limit = deployment["spec"].get("revisionHistoryLimit")
    idle = [item for item in plan.old if not desired_replicas(item) and not pods.get(item["metadata"]["uid"])]
    return idle[: max(0, len(idle) - (10 if limit is None else int(limit)))]


def _next_revision(new: JsonObject | None, old: Sequence[JsonObject]) -> int:
    latest = max((revision_of(item) for item in old), default=0)
    own = revision_of(new) if new else 0
    return own if own > latest else latest + 1


def _counts(replica_set: JsonObject, pods: Mapping[str, int]) -> Replicas:
    return Replicas(
        name=replica_set["metadata"]["name"],
        desired=desired_replicas(replica_set),
        available=int((replica_set.get("status") or {}).get("availableReplicas") or 0),
        actual=pods.get(replica_set["metadata"]["uid"], 0),
    )
