"""
The embedded API server and the real one, side by side: both get the same requests and must answer alike.

Alike means all but what no two servers share: identities, versions, times, tokens, addresses, and the wording of
messages, which is prose. Known differences are in `support.apidifferences`.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest

from kubeless.api.crds import custom_resource_definitions
from kubeless.api.resource import CRONJOB_TRIGGERS, FUNCTIONS, HTTP_TRIGGERS, KAFKA_TRIGGERS, NATS_TRIGGERS
from support.apicases import CASES, Step
from support.apidifferences import KNOWN

if TYPE_CHECKING:
    from collections.abc import Iterator

    from contract.conftest import Answer, Api
    from kubeless.core.jsontypes import JsonObject

CRDS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"

_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z")
_GENERATED = re.compile(r"^gen-[a-z0-9]{5}$")
_KIND = {"apiVersion", "kind"}
_AUTHORITY = "kube-root-ca.crt"
"""A ConfigMap that a controller puts into each namespace."""
_VARYING = {"Age", "Cluster-IP"}
_OWN = {"uid", "resourceVersion", "continue", "clusterIP", "clusterIPs", "message"}
_SKIPPED = {
    "remainingItemCount",
    "managedFields",  # who wrote what is held against the standard in tests of its own
    "status",  # controllers write it, at a time of their own
    "annotations",
    "ipFamilies",  # as the network is
    "ipFamilyPolicy",
}


@pytest.fixture(autouse=True)
async def definitions(embedded: Api, real: Api) -> None:
    """Our own kinds on both."""
    for api in (embedded, real):
        for definition in custom_resource_definitions():
            answer = await api.create(CRDS, definition)
            assert answer.status in (201, 409), answer.object
        for resource in (FUNCTIONS, HTTP_TRIGGERS, CRONJOB_TRIGGERS, KAFKA_TRIGGERS, NATS_TRIGGERS):
            path = api.group(resource.api_version, resource.plural)

            async def served(api: Api = api, path: str = path) -> bool:
                return (await api.get(path)).status == 200

            await api.until(served)


@pytest.mark.parametrize("case", CASES)
async def test_both_servers_answer_alike(embedded: Api, real: Api, case: str) -> None:
    differences = []
    for number, step in enumerate(CASES[case]):
        ours, theirs = await ask(embedded, step), await ask(real, step)
        known = KNOWN.get(case, {}).get(number)
        if known and ours == theirs:
            differences.append(f"{number}. is no difference any more: {known}")
        elif ours != theirs and not known:
            request = f"{number}. {step.method} {step.path} {dict(step.query)} {step.body}"
            differences += [request, *(f"    {line}" for line in compared(ours, theirs))]
    assert not differences, "\n".join(differences)


async def ask(api: Api, step: Step) -> Any:
    """What a server answers, without what is its own."""
    path = step.path.replace("{ns}", api.namespace)
    query = {key: _here(value, api.namespace) for key, value in step.query.items()}
    body = _here(step.body, api.namespace)
    answer = await api.call(step.method, path, body, content_type=step.content_type, accept=step.accept, query=query)
    return {"code": answer.status, **_said(answer, api.namespace)}


def _said(answer: Answer, namespace: str) -> JsonObject:
    """The object; of a table its cells without the age; of a failure its reason, and the fields that are at fault."""
    body = answer.object
    if body.get("kind") == "Status":
        causes = (body.get("details") or {}).get("causes") or []
        fields = {f"{cause.get('reason')} {cause.get('field')}" for cause in causes}
        return {"reason": body.get("reason"), "fields": sorted(fields) if answer.status == 422 else []}
    if body.get("kind") == "Table":
        titles = [column["name"] for column in body["columnDefinitions"]]
        rows = [zip(titles, row["cells"], strict=True) for row in body["rows"]]
        return {"titles": titles, "cells": [[cell for title, cell in row if title not in _VARYING] for row in rows]}
    return {"body": _common(_without_empty(body), namespace)}


def _without_empty(body: JsonObject) -> JsonObject:
    """Without what clients read as nothing: an empty token, and the kinds of items in a list."""
    if "items" not in body:
        return body
    metadata = {key: value for key, value in body["metadata"].items() if value}
    items = [{key: value for key, value in item.items() if key not in _KIND} for item in body["items"]]
    own = [item for item in items if item["metadata"]["name"] != _AUTHORITY]
    return {**body, "metadata": metadata, "items": own}


def _here(value: Any, namespace: str) -> Any:
    if isinstance(value, dict):
        return {key: _here(item, namespace) for key, item in value.items()}
    if isinstance(value, list):
        return [_here(item, namespace) for item in value]
    return value.replace("{ns}", namespace) if isinstance(value, str) else value


def _common(value: Any, namespace: str) -> Any:
    if isinstance(value, dict):
        kept = ((key, item) for key, item in value.items() if key not in _SKIPPED)
        return {key: "*" if key in _OWN and item != "None" else _common(item, namespace) for key, item in kept}
    if isinstance(value, list):
        return [_common(item, namespace) for item in value]
    if isinstance(value, str):
        return _GENERATED.sub("gen-*", _TIME.sub("<time>", value)).replace(namespace, "<namespace>")
    return value


def compared(embedded: Any, real: Any, at: str = "") -> Iterator[str]:
    """Where two answers differ, and what they say there."""
    if isinstance(embedded, dict) and isinstance(real, dict):
        for key in sorted(embedded.keys() | real.keys()):
            yield from compared(embedded.get(key, "(none)"), real.get(key, "(none)"), f"{at}.{key}")
    elif embedded != real:
        yield f"{at}: embedded {embedded}, real {real}"
