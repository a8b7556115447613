"""Secrets and ConfigMaps as files of a function: alone, projected, and as they change."""

import base64
from typing import Any

from kubeless.core.jsontypes import JsonObject
from kubeless.kube.resources import CONFIG_MAPS, SECRETS

READER = """
import os, pathlib
def run(path):
    file = pathlib.Path(os.environ["FILES"]) / path.strip("/")
    return 200, file.read_text() if file.exists() else "none"
"""


def mounting(volume: JsonObject) -> JsonObject:
    container = {
        "env": [{"name": "FILES", "value": "/files"}],
        "volumeMounts": [{"name": "files", "mountPath": "/files"}],
    }
    return {"spec": {"template": {"spec": {"containers": [container], "volumes": [{"name": "files", **volume}]}}}}


def secret(name: str, **data: str) -> JsonObject:
    encoded = {key: base64.b64encode(text.encode()).decode() for key, text in data.items()}
    return {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": name, "namespace": "default"}, "data": encoded}


def config_map(name: str, **data: str) -> JsonObject:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, "namespace": "default"}, "data": data}


async def content(http: Any, url: str, file: str) -> str:
    async with http.get(f"{url}/{file}") as answer:
        return str(await answer.text())


async def test_a_changed_secret_changes_its_files_while_the_function_runs(cluster: Any, http: Any) -> None:
    await cluster.client.create(SECRETS, secret("keys", token="one", old="gone soon"))
    await cluster.deploy("reader", READER, deployment=mounting({"secret": {"secretName": "keys"}}))
    (url,) = await cluster.ready("reader")
    assert [await content(http, url, file) for file in ("token", "old")] == ["one", "gone soon"]
    await cluster.client.replace(SECRETS, secret("keys", token="two"))

    async def changed() -> bool:
        return [await content(http, url, file) for file in ("token", "old")] == ["two", "none"]

    await cluster.eventually(changed)
    assert (await cluster.container("reader"))["restartCount"] == 0


async def test_projected_sources_lie_in_one_folder_and_change_too(cluster: Any, http: Any) -> None:
    await cluster.client.create(SECRETS, secret("keys", token="s3cret"))
    await cluster.client.create(CONFIG_MAPS, config_map("settings", color="blue", size="9"))
    sources = [
        {"secret": {"name": "keys"}},
        {"configMap": {"name": "settings", "items": [{"key": "color", "path": "deep/color"}]}},
    ]
    await cluster.deploy("reader", READER, deployment=mounting({"projected": {"sources": sources}}))
    (url,) = await cluster.ready("reader")
    files = ("token", "deep/color", "size")
    assert [await content(http, url, file) for file in files] == ["s3cret", "blue", "none"]
    await cluster.client.replace(CONFIG_MAPS, config_map("settings", color="red"))

    async def changed() -> bool:
        return await content(http, url, "deep/color") == "red"

    await cluster.eventually(changed)


async def test_files_stay_when_their_secret_is_deleted(cluster: Any, http: Any) -> None:
    await cluster.client.create(SECRETS, secret("keys", token="one"))
    await cluster.deploy("reader", READER, deployment=mounting({"secret": {"secretName": "keys"}}))
    (url,) = await cluster.ready("reader")
    await cluster.client.delete(SECRETS, "keys", namespace="default")
    await cluster.client.create(SECRETS, secret("other", token="two"))
    assert await content(http, url, "token") == "one"


async def test_a_projected_source_that_is_not_known_is_named(cluster: Any) -> None:
    sources = [{"serviceAccountToken": {"path": "token"}}]
    await cluster.deploy("reader", READER, deployment=mounting({"projected": {"sources": sources}}))

    async def told() -> bool:
        waiting = ((await cluster.container("reader")).get("state") or {}).get("waiting") or {}
        return "serviceAccountToken" in waiting.get("message", "") and "use configMap or secret" in waiting["message"]

    await cluster.eventually(told)
