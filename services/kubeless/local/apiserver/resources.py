"""
The table of resource types: what the server serves, and what each type can do.

Everything else in this package is generic; whatever is special about a kind of object is a value in this table or a
row that a CustomResourceDefinition adds at run time. A type is listed only if it works: discovery promises nothing that
a request cannot have.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

from kubeless.core.jsontypes import JsonObject

ALL_VERBS = ("create", "delete", "deletecollection", "get", "list", "patch", "update", "watch")
CREATE_ONLY = ("create",)

CRD_GROUP = "apiextensions.k8s.io"


@dataclass(frozen=True, slots=True)
class ScalePaths:
    """Where a type keeps what its `scale` sub-resource shows: dotted paths, such as `.spec.replicas`."""

    spec_replicas: str = ".spec.replicas"
    status_replicas: str = ".status.replicas"
    label_selector: str | None = None
    """Path of a selector in string form; None for the built-in kinds, whose `.spec.selector` is a LabelSelector."""


@dataclass(frozen=True, slots=True)
class ResourceType:
    """
    One version of one type of object, as served under `/apis/<group>/<version>/<plural>`.

    Versions of the same type share their objects: `key` names the shared storage.
    """

    group: str
    """Empty for the core group."""
    version: str
    plural: str
    kind: str
    namespaced: bool = True
    singular: str = ""
    short_names: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    subresources: frozenset[str] = frozenset()
    list_kind: str = ""
    schema: JsonObject | None = field(default=None, compare=False)
    """Structural OpenAPI v3 schema of a custom type; None for built-in kinds (see `schema.builtin`)."""
    columns: tuple[JsonObject, ...] = field(default=(), compare=False)
    """`additionalPrinterColumns` of a custom type; empty for built-in kinds (see `table`)."""
    served: bool = True
    storage: bool = True
    """Objects are written to the store in this version."""
    verbs: tuple[str, ...] = ALL_VERBS
    scale: ScalePaths | None = None
    selectable: frozenset[str] = frozenset()
    """Fields besides metadata.name and metadata.namespace that a field selector may name."""
    custom: bool = False
    """Defined by a CustomResourceDefinition."""

    @property
    def api_version(self) -> str:
        return f"{self.group}/{self.version}" if self.group else self.version

    @property
    def key(self) -> tuple[str, str]:
        """Group and plural: what all versions of a type have in common."""
        return self.group, self.plural

    @property
    def qualified(self) -> str:
        """`deployments.apps`, as error messages name a type."""
        return f"{self.plural}.{self.group}" if self.group else self.plural

    @property
    def has_status(self) -> bool:
        return "status" in self.subresources


def _core(plural: str, kind: str, *short_names: str, **more: object) -> ResourceType:
    return _type("", "v1", plural, kind, *short_names, **more)


def _type(group: str, version: str, plural: str, kind: str, *short_names: str, **more: object) -> ResourceType:
    return ResourceType(
        group=group,
        version=version,
        plural=plural,
        kind=kind,
        singular=kind.lower(),
        list_kind=f"{kind}List",
        short_names=short_names,
        **more,  # type: ignore[arg-type] # rows of the table below: each name is a field of the dataclass
    )


_STATUS = frozenset({"status"})
_SCALABLE = frozenset({"status", "scale"})
_ALL = ("all",)
_POD_FIELDS = frozenset(
    {
        "spec.nodeName",
        "spec.restartPolicy",
        "spec.schedulerName",
        "spec.serviceAccountName",
        "spec.hostNetwork",
        "status.phase",
        "status.podIP",
        "status.nominatedNodeName",
    }
)
_EVENT_FIELDS = frozenset(
    {
        "involvedObject.apiVersion",
        "involvedObject.fieldPath",
        "involvedObject.kind",
        "involvedObject.name",
        "involvedObject.namespace",
        "involvedObject.resourceVersion",
        "involvedObject.uid",
        "reason",
        "reportingComponent",
        "source",
        "type",
    }
)

BUILTIN: tuple[ResourceType, ...] = (
    _core(
        "namespaces", "Namespace", "ns", namespaced=False, subresources=_STATUS, selectable=frozenset({"status.phase"})
    ),
    _core("nodes", "Node", "no", namespaced=False, subresources=_STATUS, selectable=frozenset({"spec.unschedulable"})),
    _core(
        "pods",
        "Pod",
        "po",
        categories=_ALL,
        subresources=frozenset({"status", "log", "proxy", "exec"}),
        selectable=_POD_FIELDS,
    ),
    _core(
        "services",
        "Service",
        "svc",
        categories=_ALL,
        subresources=frozenset({"status", "proxy"}),
        selectable=frozenset({"spec.clusterIP", "spec.type"}),
    ),
    _core("endpoints", "Endpoints", "ep"),
    _core("configmaps", "ConfigMap", "cm"),
    _core("secrets", "Secret", selectable=frozenset({"type"})),
    _core("serviceaccounts", "ServiceAccount", "sa"),
    _core(
        "events",
        "Event",
        "ev",
        selectable=_EVENT_FIELDS,
    ),
    _type(
        "apps", "v1", "deployments", "Deployment", "deploy", categories=_ALL, subresources=_SCALABLE, scale=ScalePaths()
    ),
    _type(
        "apps",
        "v1",
        "replicasets",
        "ReplicaSet",
        "rs",
        categories=_ALL,
        subresources=_SCALABLE,
        scale=ScalePaths(),
        selectable=frozenset({"status.replicas"}),
    ),
    _type(
        "batch", "v1", "jobs", "Job", categories=_ALL, subresources=_STATUS, selectable=frozenset({"status.successful"})
    ),
    _type("batch", "v1", "cronjobs", "CronJob", "cj", categories=_ALL, subresources=_STATUS),
    _type(
        "autoscaling",
        "v2",
        "horizontalpodautoscalers",
        "HorizontalPodAutoscaler",
        "hpa",
        categories=_ALL,
        subresources=_STATUS,
    ),
    _type("networking.k8s.io", "v1", "ingresses", "Ingress", "ing", subresources=_STATUS),
    _type("discovery.k8s.io", "v1", "endpointslices", "EndpointSlice"),
    _type("coordination.k8s.io", "v1", "leases", "Lease"),
    _type(
        CRD_GROUP,
        "v1",
        "customresourcedefinitions",
        "CustomResourceDefinition",
        "crd",
        "crds",
        namespaced=False,
        categories=("api-extensions",),
        subresources=_STATUS,
    ),
    _type(
        "authentication.k8s.io", "v1", "selfsubjectreviews", "SelfSubjectReview", namespaced=False, verbs=CREATE_ONLY
    ),
    _type(
        "authorization.k8s.io",
        "v1",
        "selfsubjectaccessreviews",
        "SelfSubjectAccessReview",
        namespaced=False,
        verbs=CREATE_ONLY,
    ),
    _type(
        "authorization.k8s.io",
        "v1",
        "selfsubjectrulesreviews",
        "SelfSubjectRulesReview",
        namespaced=False,
        verbs=CREATE_ONLY,
    ),
)


def builtin(group: str, plural: str) -> ResourceType:
    """The built-in type; raises KeyError if there is none."""
    for resource in BUILTIN:
        if resource.key == (group, plural):
            return resource
    raise KeyError((group, plural))


def stored_types() -> Iterator[ResourceType]:
    """The built-in types whose objects are kept; the others only answer a question (`create` alone)."""
    return (resource for resource in BUILTIN if resource.verbs != CREATE_ONLY)


NAMESPACES = builtin("", "namespaces")
NODES = builtin("", "nodes")
PODS = builtin("", "pods")
SERVICES = builtin("", "services")
ENDPOINTS = builtin("", "endpoints")
ENDPOINT_SLICES = builtin("discovery.k8s.io", "endpointslices")
EVENTS = builtin("", "events")
INGRESSES = builtin("networking.k8s.io", "ingresses")
CRDS = builtin(CRD_GROUP, "customresourcedefinitions")
