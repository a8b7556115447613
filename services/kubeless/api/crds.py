"""
The custom resource definitions, made from the models.

`kubeless crds` prints them and the chart carries a copy that a test compares. The order is stable, so a change of a
model shows as just that in a diff.
"""

from dataclasses import dataclass

import yaml
from pydantic import BaseModel

from kubeless.api.cronjobtrigger import CronJobTriggerSpec
from kubeless.api.function import FunctionSpec
from kubeless.api.httptrigger import HTTPTriggerSpec
from kubeless.api.kafkatrigger import KafkaTriggerSpec
from kubeless.api.natstrigger import NATSTriggerSpec
from kubeless.api.resource import CRONJOB_TRIGGERS, FUNCTIONS, HTTP_TRIGGERS, KAFKA_TRIGGERS, NATS_TRIGGERS, Resource
from kubeless.api.status import (
    CronJobTriggerStatus,
    FunctionStatus,
    HTTPTriggerStatus,
    KafkaTriggerStatus,
    NATSTriggerStatus,
    Status,
)
from kubeless.api.structural import structural_schema
from kubeless.core.jsontypes import JsonObject

_READY = '.status.conditions[?(@.type=="Ready")]'


@dataclass(frozen=True, slots=True)
class Column:
    """A column of `kubectl get`."""

    name: str
    path: str
    type: str = "string"
    wide: bool = False
    """Shown with `-o wide` only."""


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule over the spec in the Common Expression Language. Everything it reads is bounded, so its cost is too."""

    expression: str
    message: str


@dataclass(frozen=True, slots=True)
class Definition:
    """All that differs between our kinds."""

    resource: Resource
    description: str
    spec: type[BaseModel]
    short_name: str
    columns: tuple[Column, ...]
    status: type[BaseModel] = Status
    rules: tuple[Rule, ...] = ()
    scale: bool = False
    name_pattern: str = ""


# CEL writes the dash of a field name as `__dash__`.
_NAMES_FUNCTION = "has(self.function__dash__name) && self.function__dash__name != ''"
_ONE_TARGET = Rule(
    f"({_NAMES_FUNCTION}) != has(self.functionSelector)", "exactly one of function-name and functionSelector is needed"
)

DEFINITIONS = (
    Definition(
        FUNCTIONS,
        "A function: code that is called with an event and a context.",
        FunctionSpec,
        "fn",
        (
            Column("Runtime", ".spec.runtime"),
            Column("Handler", ".spec.handler"),
            Column("Ready", f"{_READY}.status"),
            Column("Reason", f"{_READY}.reason"),
            Column("Replicas", ".status.readyReplicas", "integer"),
            Column("Message", f"{_READY}.message", wide=True),
        ),
        status=FunctionStatus,
        scale=True,
        # The Service has the same name, and a Service's name is a DNS label (RFC 1035).
        name_pattern="^[a-z]([-a-z0-9]*[a-z0-9])?$",
    ),
    Definition(
        HTTP_TRIGGERS,
        "A host and a path at which a function answers.",
        HTTPTriggerSpec,
        "httptrig",
        (
            Column("Function", ".spec.function-name"),
            Column("Host", ".spec.host-name"),
            Column("Path", ".spec.path"),
            Column("Ready", f"{_READY}.status"),
            Column("Gateway", ".spec.gateway", wide=True),
            Column("Message", f"{_READY}.message", wide=True),
        ),
        status=HTTPTriggerStatus,
        rules=(
            _ONE_TARGET,
            Rule(
                "!(has(self.tls) && self.tls && has(self.tls__dash__secret) && self.tls__dash__secret != '')",
                "tls and tls-secret exclude each other",
            ),
        ),
    ),
    Definition(
        CRONJOB_TRIGGERS,
        "Times at which a function is called.",
        CronJobTriggerSpec,
        "crontrig",
        (
            Column("Schedule", ".spec.schedule"),
            Column("Function", ".spec.function-name"),
            Column("Suspend", ".spec.suspend", "boolean"),
            Column("Ready", f"{_READY}.status"),
            Column("Active", ".status.active", "integer"),
            Column("Last", ".status.lastScheduleTime", "date"),
            Column("Next", ".status.nextScheduleTime", wide=True),
            Column("Time zone", ".spec.timeZone", wide=True),
            Column("Message", f"{_READY}.message", wide=True),
        ),
        status=CronJobTriggerStatus,
        rules=(_ONE_TARGET,),
    ),
    Definition(
        KAFKA_TRIGGERS,
        "A Kafka topic whose records are sent to functions.",
        KafkaTriggerSpec,
        "kafkatrig",
        (
            Column("Topic", ".spec.topic"),
            Column("Suspend", ".spec.suspend", "boolean"),
            Column("Ready", f"{_READY}.status"),
            Column("Lag", ".status.lag", "integer"),
            Column("Message", f"{_READY}.message", wide=True),
        ),
        status=KafkaTriggerStatus,
    ),
    Definition(
        NATS_TRIGGERS,
        "A NATS subject whose messages are sent to functions.",
        NATSTriggerSpec,
        "natstrig",
        (
            Column("Topic", ".spec.topic"),
            Column("Stream", ".spec.stream", wide=True),
            Column("Suspend", ".spec.suspend", "boolean"),
            Column("Ready", f"{_READY}.status"),
            Column("Pending", ".status.pending", "integer"),
            Column("Message", f"{_READY}.message", wide=True),
        ),
        status=NATSTriggerStatus,
        rules=(
            Rule(
                "!(has(self.durable) && self.durable != '') || (has(self.stream) && self.stream != '')",
                "durable needs a stream",
            ),
            Rule(
                "!(has(self.delivery) && has(self.delivery.keyToken) && self.delivery.keyToken != 0)"
                " || (has(self.delivery.order) && self.delivery.order == 'key')",
                "delivery.keyToken needs delivery.order key",
            ),
        ),
    ),
)


_KEEP = {"helm.sh/resource-policy": "keep"}
"""With a definition go all objects of its kind: removing a release of Helm must not do that."""


def custom_resource_definitions() -> list[JsonObject]:
    """The definitions as apiextensions.k8s.io/v1 objects."""
    return [_definition(definition) for definition in DEFINITIONS]


def crds_yaml() -> str:
    """The definitions as one YAML text for `kubectl apply`."""
    documents = (
        yaml.safe_dump(definition, sort_keys=False, width=120, allow_unicode=True)
        for definition in custom_resource_definitions()
    )
    return "".join(f"---\n{document}" for document in documents)


def _definition(definition: Definition) -> JsonObject:
    resource = definition.resource
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": resource.qualified_name, "annotations": _KEEP},
        "spec": {
            "group": resource.group,
            "scope": "Namespaced",
            "names": {
                "kind": resource.kind,
                "listKind": f"{resource.kind}List",
                "plural": resource.plural,
                "singular": resource.kind.lower(),
                "shortNames": [definition.short_name],
                "categories": ["kubeless"],
            },
            "versions": [_version(definition)],
        },
    }


def _version(definition: Definition) -> JsonObject:
    subresources: JsonObject = {"status": {}}
    if definition.scale:
        subresources["scale"] = {
            "specReplicasPath": ".spec.replicas",
            "statusReplicasPath": ".status.replicas",
            "labelSelectorPath": ".status.selector",
        }
    columns = [_column(column) for column in definition.columns]
    columns.append(_column(Column("Age", ".metadata.creationTimestamp", "date")))
    return {
        "name": definition.resource.version,
        "served": True,
        "storage": True,
        "subresources": subresources,
        "additionalPrinterColumns": columns,
        "schema": {"openAPIV3Schema": _schema(definition)},
    }


def _column(column: Column) -> JsonObject:
    priority = {"priority": 1} if column.wide else {}
    return {"name": column.name, "type": column.type, "jsonPath": column.path, **priority}


def _schema(definition: Definition) -> JsonObject:
    spec = structural_schema(definition.spec)
    if definition.rules:
        spec["x-kubernetes-validations"] = [
            {"rule": rule.expression, "message": rule.message} for rule in definition.rules
        ]
    metadata: JsonObject = {"type": "object"}
    if definition.name_pattern:
        metadata["properties"] = {"name": {"type": "string", "maxLength": 63, "pattern": definition.name_pattern}}
    return {
        "type": "object",
        "description": definition.description,
        "required": ["spec"],
        "properties": {
            "apiVersion": {"type": "string", "description": "Always kubeless.io/v1beta1."},
            "kind": {"type": "string", "description": f"Always {definition.resource.kind}."},
            "metadata": metadata,
            "spec": spec,
            "status": structural_schema(definition.status),
        },
    }
