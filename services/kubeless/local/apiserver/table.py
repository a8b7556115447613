"""
Objects as rows of a `Table`, which is what `kubectl get` asks for and prints.

Built-in kinds have the columns of a real server; custom ones those of their definition (`additionalPrinterColumns`), or
name and age. https://kubernetes.io/docs/reference/using-api/api-concepts/#receiving-resources-as-tables
"""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

import orjson

from kubeless.core.jsontypes import JsonObject
from kubeless.local.apiserver.printed import others, pods, workloads
from kubeless.local.apiserver.printed.age import age
from kubeless.local.apiserver.printed.json_path import JSONPathError, find
from kubeless.local.apiserver.resources import ResourceType

Cells = Callable[[JsonObject, datetime], list[Any]]

_NUMBERS = frozenset({"Up-to-date", "Available", "Desired", "Current", "Data", "Active", "MaxPods", "Replicas", "Secrets", "Count"})  # fmt: skip  # noqa: E501
_TEMPLATE = "Containers* Images* Selector*"

# The names of the columns; a star marks those of `-o wide`.
_BUILTIN: dict[tuple[str, str], tuple[str, Cells]] = {
    ("", "pods"): ("Name Ready Status Restarts Age IP* Node* Nominated_Node* Readiness_Gates*", pods.pod_cells),
    ("", "services"): ("Name Type Cluster-IP External-IP Port(s) Age Selector*", others.service_cells),
    ("", "endpoints"): ("Name Endpoints Age", others.endpoints_cells),
    ("", "configmaps"): ("Name Data Age", others.config_map_cells),
    ("", "secrets"): ("Name Type Data Age", others.secret_cells),
    ("", "serviceaccounts"): ("Name Secrets Age", others.service_account_cells),
    ("", "namespaces"): ("Name Status Age", others.namespace_cells),
    ("", "nodes"): (
        "Name Status Roles Age Version Internal-IP* External-IP* OS-Image* Kernel-Version* Container-Runtime*",
        others.node_cells,
    ),
    ("", "events"): (
        "Last_Seen Type Reason Object Message Subobject* Source* First_Seen* Count* Name*",
        others.event_cells,
    ),
    ("apps", "deployments"): (f"Name Ready Up-to-date Available Age {_TEMPLATE}", workloads.deployment_cells),
    ("apps", "replicasets"): (f"Name Desired Current Ready Age {_TEMPLATE}", workloads.replica_set_cells),
    ("batch", "jobs"): (f"Name Status Completions Duration Age {_TEMPLATE}", workloads.job_cells),
    ("batch", "cronjobs"): (
        f"Name Schedule Timezone Suspend Active Last_Schedule Age {_TEMPLATE}",
        workloads.cron_job_cells,
    ),
    ("autoscaling", "horizontalpodautoscalers"): (
        "Name Reference Targets MinPods MaxPods Replicas Age",
        workloads.autoscaler_cells,
    ),
    ("networking.k8s.io", "ingresses"): ("Name Class Hosts Address Ports Age", others.ingress_cells),
    ("discovery.k8s.io", "endpointslices"): ("Name AddressType Ports Endpoints Age", others.endpoint_slice_cells),
    ("coordination.k8s.io", "leases"): ("Name Holder Age", others.lease_cells),
    ("apiextensions.k8s.io", "customresourcedefinitions"): ("Name Created_At", others.definition_cells),
}
_AGE_COLUMN: JsonObject = {"name": "Age", "type": "date", "jsonPath": ".metadata.creationTimestamp"}


def table(
    objects: Sequence[JsonObject],
    resource: ResourceType,
    *,
    resource_version: str,
    include: str,
    now: datetime,
    headers: bool = True,
) -> JsonObject:
    """
    The objects as a Table.

    Args:
        resource_version: that of the list.
        include: what each row carries besides its cells: `None`, `Metadata` or `Object`.
        now: what ages are counted from.
        headers: send the column definitions; a watch does so only in its first event.
    """
    columns, cells = _layout(resource)
    return {
        "kind": "Table",
        "apiVersion": "meta.k8s.io/v1",
        "metadata": {"resourceVersion": resource_version} if resource_version else {},
        "columnDefinitions": columns if headers else [],
        "rows": [_row(obj, cells, include, now) for obj in objects],
    }


def _row(obj: JsonObject, cells: Cells, include: str, now: datetime) -> JsonObject:
    row: JsonObject = {"cells": cells(obj, now)}
    if include == "Object":
        row["object"] = obj
    elif include != "None":
        metadata = obj["metadata"]
        row["object"] = {"kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1", "metadata": metadata}
    return row


def _layout(resource: ResourceType) -> tuple[list[JsonObject], Cells]:
    if not resource.custom and resource.key in _BUILTIN:
        titles, cells = _BUILTIN[resource.key]
        return [_column(title) for title in titles.split()], cells
    printed = resource.columns or (_AGE_COLUMN,)
    columns = [_column("Name"), *(_custom_column(column) for column in printed)]
    return columns, lambda obj, now: _custom_cells(obj, printed, now)


def _column(title: str) -> JsonObject:
    name = title.rstrip("*").replace("_", " ")
    return {
        "name": name,
        "type": "integer" if name in _NUMBERS else "string",
        "format": "name" if name == "Name" else "",
        "description": "",
        "priority": 1 if title.endswith("*") else 0,
    }


def _custom_column(column: JsonObject) -> JsonObject:
    # A date is sent as the text of its age, so its type is a string to the client.
    return {
        "name": column["name"],
        "type": "string" if column["type"] == "date" else column["type"],
        "format": column.get("format", ""),
        "description": column.get("description", ""),
        "priority": column.get("priority", 0),
    }


def _custom_cells(obj: JsonObject, columns: Sequence[JsonObject], now: datetime) -> list[Any]:
    return [obj["metadata"].get("name"), *(_custom_cell(obj, column, now) for column in columns)]


def _custom_cell(obj: JsonObject, column: JsonObject, now: datetime) -> Any:
    try:
        found = [value for value in find(obj, column["jsonPath"]) if value is not None]
    except JSONPathError:
        return None  # a column that cannot be printed must not hide the object
    if not found:
        return None
    match column["type"]:
        case "date":
            return age(found[0], now)
        case "integer":
            return int(found[0]) if isinstance(found[0], int | float) else None
        case "number":
            return found[0] if isinstance(found[0], int | float) else None
        case "boolean":
            return found[0] if isinstance(found[0], bool) else None
    return " ".join(_text(value) for value in found)


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dict | list):
        return orjson.dumps(value).decode()
    return str(value)
