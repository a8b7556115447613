"""
The list keys of a type, which server-side apply goes by; worked out once per schema.
"""

from functools import lru_cache

from kubeless.local.apiserver.field_sets import ListKeys, list_keys
from kubeless.local.apiserver.resources import ResourceType
from kubeless.local.apiserver.schema.builtin import schema_for


class _Schema:
    """The schema of a type, compared by identity: a new definition brings a new one."""

    def __init__(self, resource: ResourceType) -> None:
        self.resource = resource
        self.value = resource.schema if resource.custom else schema_for(resource.group, resource.version, resource.kind)

    def __hash__(self) -> int:
        return hash((self.resource.api_version, self.resource.kind, id(self.value)))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Schema) and self.value is other.value and self.resource == other.resource


@lru_cache(maxsize=256)
def _keys(schema: _Schema) -> ListKeys:
    return list_keys(schema.value)


def keys_of(resource: ResourceType) -> ListKeys:
    return _keys(_Schema(resource))
