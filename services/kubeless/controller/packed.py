"""
Objects as the controller keeps them: ten thousand functions have fifty thousand objects, and as dictionaries a GiB.

They are read seldom and compared often, so they are kept compressed, beside a digest of all that people, policies and
controllers write into them on purpose. Two objects with the same digest differ in their statuses and versions only.
"""

import hashlib
import zlib
from collections.abc import Callable
from dataclasses import dataclass

import orjson

from kubeless.core.jsontypes import JsonObject
from kubeless.kube.cache import ObjectKey

_BOOKKEEPING = ("managedFields", "resourceVersion", "generation")


@dataclass(frozen=True, slots=True)
class Packed:
    """One object of the cluster."""

    uid: str
    function: ObjectKey | None
    """The function that it is, belongs to, or names."""
    content: bytes
    """Digest of the object without its status and the API server's bookkeeping."""
    data: bytes

    def unpack(self) -> JsonObject:
        """The object, without `managedFields`; a fresh copy."""
        obj: JsonObject = orjson.loads(zlib.decompress(self.data))
        return obj


def packer(function_of: Callable[[JsonObject], ObjectKey | None]) -> Callable[[JsonObject], Packed]:
    """What packs objects, given how to tell the function of one."""

    def pack(obj: JsonObject) -> Packed:
        metadata = {key: value for key, value in obj["metadata"].items() if key != "managedFields"}
        return Packed(
            uid=metadata["uid"],
            function=function_of(obj),
            content=_content(obj),
            data=zlib.compress(orjson.dumps({**obj, "metadata": metadata}), 1),
        )

    return pack


def unpacked(packed: Packed | None) -> JsonObject | None:
    """The object, if there is one."""
    return None if packed is None else packed.unpack()


def content_of(packed: Packed | None) -> bytes:
    """The digest of the object, empty if there is none."""
    return b"" if packed is None else packed.content


def _content(obj: JsonObject) -> bytes:
    metadata = {key: value for key, value in obj["metadata"].items() if key not in _BOOKKEEPING}
    kept = {key: value for key, value in obj.items() if key not in ("metadata", "status")}
    text = orjson.dumps([metadata, kept], option=orjson.OPT_SORT_KEYS)
    return hashlib.blake2b(text, digest_size=16).digest()
