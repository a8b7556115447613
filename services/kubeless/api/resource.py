"""
Where a kind of object lives in the Kubernetes API.

A `Resource` is all that is needed to build the address of an object; what objects look like is nobody's business here.
"""

from dataclasses import dataclass
from urllib.parse import quote


@dataclass(frozen=True, slots=True)
class Resource:
    """One kind of object of one API version, as in the Kubernetes API conventions (group, version, resource)."""

    group: str
    """Empty for the core group."""
    version: str
    plural: str
    kind: str
    namespaced: bool = True

    @property
    def api_version(self) -> str:
        """The value of `apiVersion` in objects, such as `v1` or `apps/v1`."""
        return f"{self.group}/{self.version}" if self.group else self.version

    @property
    def qualified_name(self) -> str:
        """The name people see in messages, such as `pods` or `functions.kubeless.io`."""
        return f"{self.plural}.{self.group}" if self.group else self.plural

    def path(self, namespace: str | None = None, name: str | None = None, subresource: str | None = None) -> str:
        """
        The URL path of the collection, of one object, or of a sub-resource.

        Without a namespace the path of a namespaced kind spans all namespaces. Every part is percent-encoded, so a
        hostile name cannot leave its place in the path.
        """
        root = f"/apis/{self.group}/{self.version}" if self.group else f"/api/{self.version}"
        scope = f"/namespaces/{quote(namespace, safe='')}" if self.namespaced and namespace else ""
        parts = [root, scope, f"/{self.plural}"]
        if name is not None:
            parts.append(f"/{quote(name, safe='')}")
        if subresource is not None:
            parts.append(f"/{subresource}")
        return "".join(parts)


GROUP = "kubeless.io"
VERSION = "v1beta1"

FUNCTIONS = Resource(GROUP, VERSION, "functions", "Function")
HTTP_TRIGGERS = Resource(GROUP, VERSION, "httptriggers", "HTTPTrigger")
CRONJOB_TRIGGERS = Resource(GROUP, VERSION, "cronjobtriggers", "CronJobTrigger")
KAFKA_TRIGGERS = Resource(GROUP, VERSION, "kafkatriggers", "KafkaTrigger")
NATS_TRIGGERS = Resource(GROUP, VERSION, "natstriggers", "NATSTrigger")

CUSTOM_RESOURCES = (FUNCTIONS, HTTP_TRIGGERS, CRONJOB_TRIGGERS, KAFKA_TRIGGERS, NATS_TRIGGERS)
