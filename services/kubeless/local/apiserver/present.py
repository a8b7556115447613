"""
Objects as the client asked to see them: whole, as rows of a Table, or their metadata alone.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import orjson
import yaml

from kubeless.core.jsontypes import JsonObject
from kubeless.local.apiserver.negotiation import Form, Presentation
from kubeless.local.apiserver.resources import ResourceType
from kubeless.local.apiserver.storage.record import Record
from kubeless.local.apiserver.table import table


def encode(value: Any, presentation: Presentation) -> bytes:
    """A JSON value as the bytes of an answer."""
    if presentation.yaml:
        return yaml.safe_dump(value, sort_keys=False, allow_unicode=True).encode()
    return orjson.dumps(value)


def present_object(
    obj: JsonObject, resource: ResourceType, presentation: Presentation, *, include: str = "Metadata", now: datetime
) -> JsonObject:
    """One object, as `get` and the write verbs answer it."""
    if presentation.form is Form.TABLE:
        version = str(obj["metadata"].get("resourceVersion", ""))
        return present_table([obj], resource, presentation, resource_version=version, include=include, now=now)
    if presentation.form is Form.METADATA:
        return metadata_only(obj, presentation)
    return obj


def present_table(
    objects: Sequence[JsonObject],
    resource: ResourceType,
    presentation: Presentation,
    *,
    resource_version: str,
    include: str,
    now: datetime,
    headers: bool = True,
) -> JsonObject:
    rows = table(objects, resource, resource_version=resource_version, include=include, now=now, headers=headers)
    return {**rows, "apiVersion": f"meta.k8s.io/{presentation.meta_version}"}


def metadata_only(obj: JsonObject, presentation: Presentation) -> JsonObject:
    return {
        "kind": "PartialObjectMetadata",
        "apiVersion": f"meta.k8s.io/{presentation.meta_version}",
        "metadata": obj["metadata"],
    }


def list_body(resource: ResourceType, records: Sequence[Record], list_metadata: JsonObject) -> bytes:
    """
    The JSON of a whole list, put together from the bytes that the records keep.

    Unlike a real API server we leave `kind` and `apiVersion` in the items: clients ignore them there, and taking them
    out would mean to encode every object again for every list.
    """
    head = orjson.dumps({"kind": resource.list_kind, "apiVersion": resource.api_version, "metadata": list_metadata})
    items = b",".join(record.body(resource.api_version) for record in records)
    return head[:-1] + b',"items":[' + items + b"]}"
