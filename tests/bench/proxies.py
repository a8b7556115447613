"""What stands between client and function: our gateway, nginx, a plain aiohttp proxy, or nothing."""

import shutil
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

from bench import cores
from bench.processes import first_line, python, running
from bench.scene import FUNCTION, Scene, free_port
from kubeless.api.resource import HTTP_TRIGGERS
from kubeless.core.jsontypes import JsonObject
from support.kafkaworld import NAMESPACE

GATEWAY = "gateway"
NGINX = "nginx, 1 worker"
AIOHTTP = "aiohttp proxy"
DIRECT = "direct"

_NGINX = """\
daemon off; master_process off; pid {folder}/nginx.pid; error_log {folder}/nginx.log; worker_processes 1;
events {{ worker_connections 1024; }}
http {{
  access_log off; client_body_temp_path {folder}/b; proxy_temp_path {folder}/p;
  fastcgi_temp_path {folder}/f; uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;
  keepalive_requests 100000000; client_max_body_size 0;
  upstream function {{ server 127.0.0.1:{upstream}; keepalive 64; keepalive_requests 100000000; }}
  server {{
    listen 127.0.0.1:{port};
    location / {{
      proxy_pass http://function; proxy_http_version 1.1; proxy_set_header Connection "";
      proxy_set_header X-Request-Id $request_id; proxy_request_buffering off; proxy_buffering off;
    }}
  }}
}}
"""


@dataclass(frozen=True, slots=True)
class Proxy:
    """One of them, at work."""

    name: str
    port: int
    pid: int | None = None
    """None: there is no process between."""


@asynccontextmanager
async def all_of_them(scene: Scene) -> AsyncIterator[list[Proxy]]:
    """All at once, on the measured core: those that are not loaded cost nothing."""
    async with AsyncExitStack() as stack:
        proxies = [await stack.enter_async_context(gateway(scene))]
        if shutil.which("nginx"):
            proxies.append(await stack.enter_async_context(_nginx(scene)))
        else:
            scene.report.skip("nginx is not on PATH")
        proxies.append(await stack.enter_async_context(_aiohttp(scene)))
        yield [*proxies, Proxy(DIRECT, scene.upstream)]


@asynccontextmanager
async def gateway(scene: Scene) -> AsyncIterator[Proxy]:
    """With routing, metrics and request ids, without access log, as nginx."""
    port = free_port()
    environment = {
        "GATEWAY_HOST": "127.0.0.1",
        "GATEWAY_PORT": str(port),
        "GATEWAY_TLS_PORT": "0",
        "GATEWAY_ACCESS_LOG": "false",
    }
    async with scene.service("gateway", environment, admin="GATEWAY_ADMIN_PORT") as pid:
        await scene.until_answers(port, "/hello")
        yield Proxy(GATEWAY, port, pid)


def trigger(name: str) -> JsonObject:
    """A route from the path `/<name>` to the fast function."""
    return {
        "apiVersion": HTTP_TRIGGERS.api_version,
        "kind": HTTP_TRIGGERS.kind,
        "metadata": {"name": name, "namespace": NAMESPACE},
        "spec": {"function-name": FUNCTION, "path": name},
    }


@asynccontextmanager
async def _nginx(scene: Scene) -> AsyncIterator[Proxy]:
    port = free_port()
    file = scene.folder / "nginx.conf"
    file.write_text(_NGINX.format(folder=scene.folder, upstream=scene.upstream, port=port))
    with running("nginx", "-c", str(file), role=cores.MEASURED, log=scene.log, quiet=True) as process:
        await scene.until_answers(port, "/hello")
        yield Proxy(NGINX, port, process.pid)


@asynccontextmanager
async def _aiohttp(scene: Scene) -> AsyncIterator[Proxy]:
    command = python("bench.plainproxy", scene.upstream)
    with running(*command, role=cores.MEASURED, log=scene.log) as process:
        yield Proxy(AIOHTTP, int(await first_line(process)), process.pid)
