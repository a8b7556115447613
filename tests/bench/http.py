"""The parts over HTTP: our transport beside aiohttp's client, the gateway beside nginx, the Python runtime."""

import shutil
import statistics
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import kubeless.runtimes.python.kubeless_runtime as runtime
from bench import cores
from bench.processes import python, result_of, running
from bench.report import Row
from bench.scene import FUNCTION, Scene, free_port, stopwatch
from kubeless.api.resource import HTTP_TRIGGERS
from kubeless.core.jsontypes import JsonObject
from support.kafkaworld import NAMESPACE

SECONDS = 3.0
IN_FLIGHT = 64
CONNECTIONS = 32
STARTS = 5

_NGINX = """\
daemon off; master_process off; pid {folder}/nginx.pid; error_log {folder}/nginx.log; worker_processes 1;
events {{ worker_connections 1024; }}
http {{
  access_log off; client_body_temp_path {folder}/b; proxy_temp_path {folder}/p;
  fastcgi_temp_path {folder}/f; uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;
  keepalive_requests 100000000;
  upstream function {{ server 127.0.0.1:{upstream}; keepalive 64; keepalive_requests 100000000; }}
  server {{
    listen 127.0.0.1:{port};
    location / {{
      proxy_pass http://function; proxy_http_version 1.1; proxy_set_header Connection "";
      proxy_set_header X-Request-Id $request_id;
    }}
  }}
}}
"""

_HELLO = "def run(event, context):\n    return 'hello'\n"


async def transport(scene: Scene) -> None:
    """200-byte POST: requests/s, and the same per second of CPU time."""
    best: dict[str, JsonObject] = {}
    for kind in ("transport", "aiohttp", "transport", "aiohttp"):
        scene.report.step(f"{kind}: POST, {IN_FLIGHT} in flight, {SECONDS:g} s")
        command = python("bench.clients", kind, scene.upstream, IN_FLIGHT, SECONDS)
        found = await result_of(*command, role=cores.MEASURED, log=scene.log)
        best[kind] = max(best.get(kind, found), found, key=lambda each: each["requests"] / each["seconds"])
    what = f"transport, 200-byte POST, {IN_FLIGHT} in flight"
    for name, per in ((what, "seconds"), (f"{what}, per CPU second", "cpu")):
        ours, other = (best[kind]["requests"] / best[kind][per] for kind in ("transport", "aiohttp"))
        scene.report.add(
            Row(name, ours, "requests/s", other, "aiohttp's client", ">= 5x", ours >= 5 * other, "best of two")
        )


async def gateway(scene: Scene) -> None:
    """Keep-alive GET through the gateway and through nginx, both to the fast function."""
    port = free_port()
    environment = {"GATEWAY_HOST": "127.0.0.1", "GATEWAY_PORT": str(port), "GATEWAY_ACCESS_LOG": "false"}
    await _make_route(scene)
    async with scene.service("gateway", environment, admin="GATEWAY_ADMIN_PORT") as pid:
        await scene.until_answers(port, "/hello")
        scene.report.step(f"gateway: GET, {CONNECTIONS} connections, {SECONDS:g} s")
        ours = await _load(scene, port, "/hello", pid)
    other: tuple[float, float | None] | None = None
    if shutil.which("nginx"):
        async with _nginx(scene) as (port, pid):
            scene.report.step(f"nginx: GET, {CONNECTIONS} connections, {SECONDS:g} s")
            other = await _load(scene, port, "/hello", pid)
    else:
        scene.report.skip("nginx is not on PATH")
    _tell_gateway(scene, ours, other)


def _tell_gateway(scene: Scene, ours: tuple[float, float | None], other: tuple[float, float | None] | None) -> None:
    what = f"gateway, keep-alive GET, {CONNECTIONS} connections"
    beside = other or (None, None)
    for name, own, their in ((what, ours[0], beside[0]), (f"{what}, per CPU second", ours[1], beside[1])):
        if own is not None:
            met = own >= 0.6 * their if their else None
            scene.report.add(Row(name, own, "requests/s", their, "nginx, 1 worker", ">= 0.6x", met, "no access logs"))


async def python_runtime(scene: Scene) -> None:
    """One worker with a function that says hello: requests/s, and the time from its start to its first answer."""
    (scene.folder / "fn.py").write_text(_HELLO)
    scene.report.step(f"Python runtime: {STARTS} cold starts, then GET for {SECONDS:g} s")
    starts = []
    for _ in range(STARTS):
        began = stopwatch()
        async with _function_server(scene):
            starts.append(stopwatch() - began)
    async with _function_server(scene) as (port, pid):
        wall, cpu = await _load(scene, port, "/", pid)
    what = f"Python runtime, hello, one worker, {CONNECTIONS} connections"
    scene.report.add(Row(what, wall, "requests/s", note="with its access log, thrown away"))
    if cpu is not None:
        scene.report.add(Row(f"{what}, per CPU second", cpu, "requests/s"))
    scene.report.add(
        Row("Python runtime, start to first answer", statistics.median(starts) * 1000, "ms", note="median")
    )


async def _load(scene: Scene, port: int, path: str, pid: int) -> tuple[float, float | None]:
    """Requests per second, and per second of CPU time of the process and its children."""
    before = cores.cpu_seconds(pid)
    command = python("bench.load", port, path, CONNECTIONS, SECONDS)
    found = await result_of(*command, role=cores.LOAD, log=scene.log)
    after = cores.cpu_seconds(pid)
    if found["failed"]:
        scene.report.skip(f"{found['failed']} requests to {path} failed, the figure below is worth nothing")
    used = after - before if after is not None and before is not None else None
    return found["requests"] / found["seconds"], found["requests"] / used if used else None


async def _make_route(scene: Scene) -> None:
    trigger = {
        "apiVersion": HTTP_TRIGGERS.api_version,
        "kind": HTTP_TRIGGERS.kind,
        "metadata": {"name": "hello", "namespace": NAMESPACE},
        "spec": {"function-name": FUNCTION, "path": "hello"},
    }
    await scene.world.client.create(HTTP_TRIGGERS, trigger)


@asynccontextmanager
async def _nginx(scene: Scene) -> AsyncIterator[tuple[int, int]]:
    port = free_port()
    file = scene.folder / "nginx.conf"
    file.write_text(_NGINX.format(folder=scene.folder, upstream=scene.upstream, port=port))
    with running("nginx", "-c", str(file), role=cores.MEASURED, log=scene.log, quiet=True) as process:
        await scene.until_answers(port, "/hello")
        yield port, process.pid


@asynccontextmanager
async def _function_server(scene: Scene) -> AsyncIterator[tuple[int, int]]:
    """Entered once the function has answered."""
    port = free_port()
    environment = {
        "MOD_NAME": "fn",
        "FUNC_HANDLER": "run",
        "FUNC_HOST": "127.0.0.1",
        "FUNC_PORT": str(port),
        "FUNC_WORKERS": "1",
        "KUBELESS_INSTALL_VOLUME": str(scene.folder),
    }
    server = str(Path(str(runtime.__file__)).parent)
    with running(sys.executable, server, role=cores.MEASURED, log=scene.log, env=environment, quiet=True) as process:
        await scene.until_answers(port, "/")
        yield port, process.pid
