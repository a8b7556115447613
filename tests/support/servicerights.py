"""The rights that the chart grants each service, one by one, to be held against what an audit log says was used."""

from dataclasses import dataclass

from support.audit import Request
from support.charts import NAMESPACE, SERVICES, Document, Service, pick


@dataclass(frozen=True, slots=True)
class Grant:
    """To do `verb` with a resource, in the chart's own namespace or where functions live, or with one object only."""

    group: str
    resource: str
    verb: str
    own: bool
    name: str = ""

    def __str__(self) -> str:
        return f"{self.verb} {self.resource}.{self.group or 'core'} {self.name}{' (own namespace)' if self.own else ''}"

    def allows(self, request: Request) -> bool:
        """Whether this is what a request needed."""
        right = request.right
        return (
            (right.group, right.resource, right.verb) == (self.group, self.resource, self.verb)
            and (not self.own or right.scope == NAMESPACE)
            and self.name in ("", request.name)
        )


def grants(documents: list[Document], service: Service) -> list[Grant]:
    """All that the roles of a service say."""
    return [
        Grant(group, resource, verb, own, name)
        for kind, role, own in (("ClusterRole", service.name, False), ("Role", f"{service.name}-own", True))
        for rule in pick(documents, kind, role)["rules"]
        for group in rule["apiGroups"]
        for resource in rule["resources"]
        for verb in rule["verbs"]
        for name in rule.get("resourceNames", [""])
    ]


def service_of(component: str) -> Service:
    """The service by its short name, such as `kafka-consumer`."""
    return next(service for service in SERVICES if service.component == component)
