"""
What a pod takes from ConfigMaps and Secrets.

Which ones it needs is read off the pod; they are fetched when its containers start, as a kubelet does, so a ConfigMap
that was written a moment before the pod is seen.
"""

import asyncio
import base64
import binascii
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from kubeless.core.errors import KubelessError
from kubeless.core.jsontypes import JsonObject
from kubeless.kube.client import KubeClient
from kubeless.kube.errors import NotFound
from kubeless.kube.resources import CONFIG_MAPS, SECRETS

CONFIG_MAP, SECRET = "configmap", "secret"
CONFIG_MAP_KEY, SECRET_KEY = "configMap", "secret"
"""The members of a volume, and of a source of a projected one."""


class MissingConfiguration(KubelessError):
    """A ConfigMap, a Secret or a key of one is not there."""

    retriable = True


@dataclass(frozen=True, slots=True)
class Configuration:
    """The contents of ConfigMaps and Secrets by kind and name; those that do not exist are not in it."""

    contents: Mapping[tuple[str, str], Mapping[str, bytes]] = field(default_factory=dict)

    def data(self, kind: str, reference: JsonObject, *, name: str) -> Mapping[str, bytes]:
        """
        The contents of the object `name`; empty if it does not exist and `reference` says that it is optional.

        Raises:
            MissingConfiguration: it does not exist.
        """
        found = self.contents.get((kind, name))
        if found is None and not reference.get("optional"):
            raise MissingConfiguration(f'{kind} "{name}" not found')
        return found or {}

    def value(self, kind: str, reference: JsonObject) -> bytes | None:
        """The value that a `configMapKeyRef` or `secretKeyRef` means; None if it is optional and not there."""
        name, key = str(reference.get("name", "")), str(reference.get("key", ""))
        found = self.data(kind, reference, name=name).get(key)
        if found is None and not reference.get("optional"):
            raise MissingConfiguration(f"couldn't find key {key} in {kind} {name}")
        return found


def needed_by(pod: JsonObject) -> set[tuple[str, str]]:
    """Kind and name of every ConfigMap and Secret that the pod refers to."""
    spec = pod["spec"]
    found = mounted_by(pod)
    for container in [*(spec.get("initContainers") or []), *(spec.get("containers") or [])]:
        found.update(_needed_by_environment(container))
    return {(kind, name) for kind, name in found if name}


def mounted_by(pod: JsonObject) -> set[tuple[str, str]]:
    """Kind and name of every ConfigMap and Secret of which the pod has files."""
    found = set()
    for volume in pod["spec"].get("volumes") or []:
        for source in [volume, *((volume.get("projected") or {}).get("sources") or [])]:
            if isinstance(source.get(CONFIG_MAP_KEY), dict):
                found.add((CONFIG_MAP, str(source[CONFIG_MAP_KEY].get("name", ""))))
            if isinstance(source.get(SECRET_KEY), dict):
                secret = source[SECRET_KEY]
                found.add((SECRET, str(secret.get("secretName") or secret.get("name", ""))))
    return {(kind, name) for kind, name in found if name}


def _needed_by_environment(container: JsonObject) -> Iterator[tuple[str, str]]:
    for source in container.get("envFrom") or []:
        for kind, key in ((CONFIG_MAP, "configMapRef"), (SECRET, "secretRef")):
            if isinstance(source.get(key), dict):
                yield kind, str(source[key].get("name", ""))
    for variable in container.get("env") or []:
        value_from = variable.get("valueFrom") or {}
        for kind, key in ((CONFIG_MAP, "configMapKeyRef"), (SECRET, "secretKeyRef")):
            if isinstance(value_from.get(key), dict):
                yield kind, str(value_from[key].get("name", ""))


async def fetch_configuration(client: KubeClient, pod: JsonObject) -> Configuration:
    """Read what the pod needs; what does not exist is left out. Raises KubeError if the API cannot be asked."""
    wanted = sorted(needed_by(pod))
    namespace = pod["metadata"]["namespace"]
    found = await asyncio.gather(*(_fetch(client, namespace, kind, name) for kind, name in wanted))
    return Configuration({key: data for key, data in zip(wanted, found, strict=True) if data is not None})


async def _fetch(client: KubeClient, namespace: str, kind: str, name: str) -> Mapping[str, bytes] | None:
    try:
        value = await client.get(CONFIG_MAPS if kind == CONFIG_MAP else SECRETS, name, namespace=namespace)
    except NotFound:
        return None
    return contents_of(value, kind=kind)


def contents_of(value: JsonObject, *, kind: str) -> Mapping[str, bytes]:
    """The bytes under each key. A value that is not the base64 it must be counts as not there."""
    plain = {} if kind == SECRET else {key: str(text).encode() for key, text in (value.get("data") or {}).items()}
    encoded = (value.get("data") if kind == SECRET else value.get("binaryData")) or {}
    for key, text in encoded.items():
        try:
            plain[key] = base64.b64decode(text, validate=True)
        except (binascii.Error, TypeError, ValueError):
            continue
    return plain
