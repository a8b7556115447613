"""A router with ten thousand functions and triggers stays small."""

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import orjson
import pytest
from aiohttp import web

from kubeless.core.jsontypes import JsonObject

SERVICES = Path(__file__).parents[3] / "services"

COUNT = 10_000
RSS_MEGABYTES = 150

ROUTER = """
import asyncio, json, re, sys
from pathlib import Path
from kubeless.api.resource import HTTP_TRIGGERS
from kubeless.gateway.triggers import read_trigger
from kubeless.kube.client import KubeClient
from kubeless.kube.informer import Informer
from kubeless.routing.table import RoutingTable

async def main():
    async with await KubeClient.anonymous(sys.argv[1]) as client:
        table, triggers = RoutingTable(client), Informer(client, HTTP_TRIGGERS, transform=read_trigger)
        async with table.running(), triggers.running():
            await asyncio.gather(table.wait_synced(), triggers.wait_synced())
            addressed = sum(bool(table.endpoints("default", f"function-{number}")) for number in range(len(table)))
            print(json.dumps({
                # Not getrusage: its peak is inherited from the process that started this one.
                "megabytes": int(re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())[1]) / 1024,
                "functions": len(table), "addressed": addressed, "triggers": len(triggers),
            }))

asyncio.run(main())
"""


def make_metadata(name: str, number: int, **labels: str) -> JsonObject:
    return {
        "name": name,
        "namespace": "default",
        "uid": f"00000000-0000-0000-0000-{number:012}",
        "resourceVersion": str(number + 1),
        "generation": 1,
        "creationTimestamp": "2026-01-01T00:00:00Z",
        "labels": {"created-by": "kubeless", **labels},
        "annotations": {"note": "x" * 200},
        "managedFields": [{"manager": "kubectl", "operation": "Apply", "fieldsV1": {f"f:{n}": {} for n in range(20)}}],
    }


def make_function(number: int) -> JsonObject:
    name = f"function-{number}"
    return {
        "metadata": make_metadata(name, number, function=name, team=f"team-{number % 50}"),
        "spec": {"runtime": "python3.11", "handler": "a.run", "timeout": "30", "function": "print(1)\n" * 400},
    }


def make_trigger(number: int) -> JsonObject:
    name = f"trigger-{number}"
    spec = {"function-name": f"function-{number}", "host-name": f"host-{number}.example.com", "path": "api"}
    return {"apiVersion": "kubeless.io/v1beta1", "kind": "HTTPTrigger", "metadata": make_metadata(name, number)} | {
        "spec": spec
    }


def make_slice(number: int) -> JsonObject:
    service = {"kubernetes.io/service-name": f"function-{number}"}
    return {
        "metadata": make_metadata(f"function-{number}-abcde", number, **service),
        "addressType": "IPv4",
        "ports": [{"name": "http-function-port", "port": 8080, "protocol": "TCP"}],
        "endpoints": [
            {"addresses": [f"10.{number >> 8}.{number & 255}.{pod}"], "conditions": {"ready": True}} for pod in (1, 2)
        ],
    }


@asynccontextmanager
async def serve_collections() -> AsyncIterator[str]:
    """Lists in pages; watches in which nothing happens."""
    make = {"functions": make_function, "httptriggers": make_trigger, "endpointslices": make_slice}

    async def handle(request: web.Request) -> web.StreamResponse:
        if "watch" in request.query:
            response = web.StreamResponse()
            await response.prepare(request)
            await asyncio.Event().wait()
        start, limit = int(request.query.get("continue", 0)), int(request.query["limit"])
        end = min(start + limit, COUNT)
        items = [make[request.match_info["plural"]](number) for number in range(start, end)]
        metadata = {"resourceVersion": str(COUNT)} | ({"continue": str(end)} if end < COUNT else {})
        return web.Response(body=orjson.dumps({"metadata": metadata, "items": items}), content_type="application/json")

    app = web.Application()
    app.router.add_get("/apis/{group}/{version}/{plural}", handle)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a process's own peak of memory")
async def test_a_router_of_ten_thousand_functions_and_triggers_stays_small() -> None:
    async with asyncio.timeout(60), serve_collections() as url:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-c", ROUTER, url),
            env={**os.environ, "PYTHONPATH": str(SERVICES)},
            stdout=asyncio.subprocess.PIPE,
        )
        output, _ = await process.communicate()
    measured = json.loads(output.splitlines()[-1])
    assert (measured["functions"], measured["addressed"], measured["triggers"]) == (COUNT, COUNT, COUNT)
    assert measured["megabytes"] <= RSS_MEGABYTES, measured
