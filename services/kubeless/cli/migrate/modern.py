"""
One object of old Kubeless, or of an API that clusters no longer serve, in the form of today.

Everything here is pure. What is changed is said in a sentence each; what cannot be changed without knowing more is
said, too, and left as it is. Kinds that nobody knows pass unchanged.
"""

import copy
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from kubeless.cli.migrate.customresources import (
    modern_broker_trigger,
    modern_cronjob_trigger,
    modern_function,
    modern_http_trigger,
)
from kubeless.cli.migrate.notes import Notes
from kubeless.cli.migrate.workloads import (
    API_VERSIONS,
    modern_autoscaler,
    modern_crd,
    modern_cronjob,
    modern_deployment,
    modern_ingress,
)
from kubeless.core.errors import KubelessError
from kubeless.core.jsontypes import JsonObject

_GO_NOISE = ("creationTimestamp",)
_SERVER_FIELDS = ("creationTimestamp", "generation", "managedFields", "resourceVersion", "selfLink", "uid")
_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"

_FINALIZERS = frozenset(
    f"kubeless.io/{name}"
    for name in ("function", "httptrigger", "cronjobtrigger", "kafkatrigger", "natstrigger", "kenisistrigger")
)


@dataclass(frozen=True, slots=True)
class Modern:
    """An object as it should be."""

    old: JsonObject
    new: JsonObject | None
    """None: it has no place any more."""
    changes: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    """What a person has to decide."""

    @property
    def subject(self) -> str:
        """Which object it is, as people write it."""
        metadata = self.old.get("metadata")
        name = metadata.get("name") if isinstance(metadata, dict) else None
        return f"{self.old.get('kind')}/{name or '(no name)'}"


def modernise(obj: JsonObject) -> Modern:
    """
    The modern form; an object that is modern already comes back equal and without changes.

    One that makes no sense comes back as it is, with a warning.
    """
    notes = Notes()
    new = copy.deepcopy(obj)
    try:
        place = _modern(new, notes)
    except (KubelessError, AttributeError, KeyError, TypeError, ValueError) as error:
        # Whatever the shape of a manifest is: others in the same folder are still to be read.
        shape = error if isinstance(error, KubelessError) else "a field is not of the type that it should be"
        return Modern(obj, obj, [], [f"cannot be read, and is left as it is: {shape}"])
    return Modern(obj, place, notes.changes, notes.warnings)


def portable(obj: JsonObject) -> JsonObject:
    """An object without what a server wrote into it, to be applied elsewhere."""
    clean = copy.deepcopy(obj)
    clean.pop("status", None)
    metadata = clean.get("metadata")
    if not isinstance(metadata, dict):
        return clean
    for name in _SERVER_FIELDS:
        metadata.pop(name, None)
    annotations = metadata.get("annotations")
    if isinstance(annotations, dict) and annotations.pop(_APPLIED, None) is not None and not annotations:
        del metadata["annotations"]
    return clean


def _modern(new: JsonObject, notes: Notes) -> JsonObject | None:
    kind, version = str(new.get("kind") or ""), str(new.get("apiVersion") or "")
    if kind == "KinesisTrigger":
        notes.warn("is left out: Kinesis is not supported; bring the stream into Kafka or NATS and use their triggers")
        return None
    own = _OWN.get(kind) if version.partition("/")[0] in ("kubeless.io", "k8s.io") else None
    if own is not None:
        _own_version(new, version, notes)
        _metadata(new, notes)
        own(new, notes)
        return new
    if kind == "CustomResourceDefinition":
        return modern_crd(new, notes)
    target = API_VERSIONS.get((version, kind))
    if target is not None:
        new["apiVersion"] = target
        notes.change(f"apiVersion {version} becomes {target}")
    elif version.endswith(("alpha1", "beta1", "beta2")) and version.partition("/")[0] in _SERVED_NO_MORE:
        notes.warn(f"apiVersion {version} of {kind} may not be served any more")
    convert = _FOREIGN.get(kind)
    # A kind of the same name may belong to somebody else's group.
    if convert is not None and new.get("apiVersion") in API_VERSIONS.values():
        convert(new, notes)
    return new


def _own_version(new: JsonObject, version: str, notes: Notes) -> None:
    if version != "kubeless.io/v1beta1":
        new["apiVersion"] = "kubeless.io/v1beta1"
        notes.change(f"apiVersion {version} becomes kubeless.io/v1beta1")


def _metadata(new: JsonObject, notes: Notes) -> None:
    metadata = new.setdefault("metadata", {})
    for name in _GO_NOISE:
        if name in metadata and metadata[name] is None:
            del metadata[name]
            notes.change(f"metadata.{name}: null goes away")
    kept = [each for each in metadata.get("finalizers") or [] if each not in _FINALIZERS]
    gone = len(metadata.get("finalizers") or []) - len(kept)
    if gone:
        metadata["finalizers"] = kept
        if not kept:
            del metadata["finalizers"]
        notes.change("the finalizer of the old controller goes away, which nobody would remove on deletion")
    labels = metadata.get("labels") or {}
    if "created-by" not in labels:
        metadata["labels"] = {"created-by": "kubeless", **labels}
        notes.change("label created-by=kubeless is added")


_OWN: Mapping[str, Callable[[JsonObject, Notes], None]] = {
    "Function": modern_function,
    "HTTPTrigger": modern_http_trigger,
    "CronJobTrigger": modern_cronjob_trigger,
    "KafkaTrigger": modern_broker_trigger,
    "NATSTrigger": modern_broker_trigger,
}

_FOREIGN: Mapping[str, Callable[[JsonObject, Notes], None]] = {
    "HorizontalPodAutoscaler": modern_autoscaler,
    "Ingress": modern_ingress,
    "Deployment": modern_deployment,
    "StatefulSet": modern_deployment,
    "DaemonSet": modern_deployment,
    "CronJob": modern_cronjob,
}

_SERVED_NO_MORE = frozenset({"apps", "autoscaling", "batch", "extensions", "networking.k8s.io", "policy", "nats.io"})
