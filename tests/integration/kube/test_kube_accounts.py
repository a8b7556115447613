"""Who we are to the server: kubeconfig files, exec plugins, service accounts, certificates."""

import asyncio
import json
import ssl
import stat
from base64 import b64encode
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from kubeless.api.resource import FUNCTIONS
from kubeless.kube.client import KubeClient
from kubeless.kube.errors import NotConfigured, Unauthorized, Unreachable
from kubeless.kube.kubeconfig import Credentials, InCluster, read_identity

Serve = Callable[..., AbstractAsyncContextManager[str]]
WriteKubeconfig = Callable[..., str]

OBJECT = {"metadata": {"name": "hello", "namespace": "shop"}}


class Recorder:
    """Remembers what it was sent and answers each request with the next of `answers`, the last one for ever."""

    def __init__(self, *answers: tuple[int, Any]) -> None:
        self.answers = list(answers)
        self.requests: list[web.BaseRequest] = []
        self.bodies: list[bytes] = []

    async def __call__(self, request: web.BaseRequest) -> web.StreamResponse:
        self.requests.append(request)
        self.bodies.append(await request.read())
        status, body = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        return web.json_response(body, status=status)

    @property
    def accounts(self) -> list[str | None]:
        return [request.headers.get("Authorization") for request in self.requests]


async def test_the_context_decides_on_server_account_and_namespace(
    serve: Serve, write_kubeconfig: WriteKubeconfig
) -> None:
    recorder = Recorder((200, OBJECT))
    async with serve(recorder) as url:
        config = write_kubeconfig(url, user={"token": "secret"})
        async with await KubeClient.connect(kubeconfig=config) as client:
            assert (client.server, client.namespace) == (url, "shop")
            await client.get(FUNCTIONS, "hello")
    assert recorder.requests[0].path == "/apis/kubeless.io/v1beta1/namespaces/shop/functions/hello"
    assert recorder.accounts == ["Bearer secret"]


async def test_a_context_without_a_user_is_anonymous(serve: Serve, write_kubeconfig: WriteKubeconfig) -> None:
    recorder = Recorder((200, OBJECT))
    async with (
        serve(recorder) as url,
        await KubeClient.connect(kubeconfig=write_kubeconfig(url, user=None)) as client,
    ):
        await client.get(FUNCTIONS, "hello")
    assert recorder.accounts == [None]


@pytest.mark.parametrize(
    "content", ["", "[]", "{", "current-context: nobody", "current-context: a\ncontexts: [{name: a, context: null}]"]
)
async def test_a_kubeconfig_that_is_none_is_refused_by_name(tmp_path: Path, content: str) -> None:
    path = tmp_path / "kubeconfig"
    path.write_text(content)
    with pytest.raises(NotConfigured, match=f"^{path}: cannot be used"):
        await KubeClient.connect(kubeconfig=str(path))


def write_plugin(folder: Path) -> Path:
    """An exec plugin that hands out token-1, token-2, … and says that each has expired already or never does."""
    plugin = folder / "plugin"
    plugin.write_text(
        f"""#!/bin/sh
n=$(($(cat {folder}/count 2>/dev/null || echo 0) + 1))
echo $n > {folder}/count
echo '{{"apiVersion": "client.authentication.k8s.io/v1", "kind": "ExecCredential",' \
  '"status": {{"token": "token-'$n'", "expirationTimestamp": "'$EXPIRES'"}}}}'
"""
    )
    plugin.chmod(plugin.stat().st_mode | stat.S_IXUSR)
    return plugin


def plugin_user(plugin: Path, *, expires: str) -> dict[str, Any]:
    return {
        "exec": {
            "apiVersion": "client.authentication.k8s.io/v1",
            "command": str(plugin),
            "env": [{"name": "EXPIRES", "value": expires}],
        }
    }


async def test_an_expired_token_of_a_plugin_is_replaced_before_the_request(
    serve: Serve, write_kubeconfig: WriteKubeconfig, tmp_path: Path
) -> None:
    recorder = Recorder((200, OBJECT))
    user = plugin_user(write_plugin(tmp_path), expires="2001-01-01T00:00:00Z")
    async with serve(recorder) as url, await KubeClient.connect(kubeconfig=write_kubeconfig(url, user=user)) as client:
        await client.get(FUNCTIONS, "hello")
        await client.get(FUNCTIONS, "hello")
    assert recorder.accounts == ["Bearer token-2", "Bearer token-3"]


async def test_a_refused_token_is_renewed_once_and_the_request_repeated(
    serve: Serve, write_kubeconfig: WriteKubeconfig, tmp_path: Path
) -> None:
    recorder = Recorder((401, {"kind": "Status", "code": 401}), (200, OBJECT))
    user = plugin_user(write_plugin(tmp_path), expires="2101-01-01T00:00:00Z")
    async with serve(recorder) as url, await KubeClient.connect(kubeconfig=write_kubeconfig(url, user=user)) as client:
        assert await client.create(FUNCTIONS, OBJECT) == OBJECT
    assert recorder.accounts == ["Bearer token-1", "Bearer token-2"]
    assert json.loads(recorder.bodies[1]) == OBJECT


async def test_many_refused_requests_renew_the_token_once(
    serve: Serve, write_kubeconfig: WriteKubeconfig, tmp_path: Path
) -> None:
    async def handler(request: web.BaseRequest) -> web.Response:
        await asyncio.sleep(0.05)
        good = request.headers["Authorization"] == "Bearer token-2"
        return web.json_response(OBJECT if good else {}, status=200 if good else 401)

    user = plugin_user(write_plugin(tmp_path), expires="2101-01-01T00:00:00Z")
    async with serve(handler) as url, await KubeClient.connect(kubeconfig=write_kubeconfig(url, user=user)) as client:
        await asyncio.gather(*(client.get(FUNCTIONS, "hello") for _ in range(10)))
    assert (tmp_path / "count").read_text().strip() == "2"


async def test_credentials_that_stay_refused_are_an_error_that_says_so(
    serve: Serve, write_kubeconfig: WriteKubeconfig
) -> None:
    recorder = Recorder((401, {"kind": "Status", "code": 401, "reason": "Unauthorized", "message": "Unauthorized"}))
    config_user = {"token": "old"}
    async with (
        serve(recorder) as url,
        await KubeClient.connect(kubeconfig=write_kubeconfig(url, user=config_user)) as client,
    ):
        with pytest.raises(Unauthorized, match=r"get functions\.kubeless\.io \"hello\".*renew the token"):
            await client.get(FUNCTIONS, "hello")
    assert len(recorder.requests) == 1


async def test_a_failing_plugin_is_quoted(write_kubeconfig: WriteKubeconfig, tmp_path: Path) -> None:
    plugin = tmp_path / "plugin"
    plugin.write_text("#!/bin/sh\necho please log in >&2\nexit 3\n")
    plugin.chmod(0o700)
    with pytest.raises(NotConfigured, match="please log in"):
        await KubeClient.connect(
            kubeconfig=write_kubeconfig("http://127.0.0.1:1", user=plugin_user(plugin, expires=""))
        )


async def test_a_rotated_service_account_token_is_picked_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KUBERNETES_SERVICE_HOST", "10.0.0.1")
    monkeypatch.setenv("KUBERNETES_SERVICE_PORT", "443")
    for name, content in (("token", "first\n"), ("ca.crt", "x"), ("namespace", "shop\n")):
        (tmp_path / name).write_text(content)
    source = InCluster(tmp_path)
    identity = await read_identity(source)
    assert (identity.configuration.host, identity.namespace) == ("https://10.0.0.1:443", "shop")
    assert identity.expires is not None
    now = [identity.expires - 1]
    credentials = Credentials(identity, lambda: read_identity(source), None, clock=lambda: now[0])
    (tmp_path / "token").write_text("second\n")
    assert await credentials.authorization() == "Bearer first"
    now[0] += 1
    assert await credentials.authorization() == "Bearer second"


async def test_a_client_certificate_is_shown_and_the_servers_is_checked(
    serve: Serve, write_kubeconfig: WriteKubeconfig, certificates: Any
) -> None:
    async def handler(request: web.BaseRequest) -> web.Response:
        assert request.transport is not None
        subject = request.transport.get_extra_info("peercert")["subject"]
        return web.json_response({"client": subject[0][0][1]})

    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=str(certificates.authority))
    tls.load_cert_chain(certificates.server, certificates.server_key)
    tls.verify_mode = ssl.CERT_REQUIRED
    user = {
        "client-certificate-data": b64encode(certificates.client.read_bytes()).decode(),
        "client-key": str(certificates.client_key),
    }
    async with serve(handler, tls=tls) as url:
        trusting = write_kubeconfig(url, user=user, cluster={"certificate-authority": str(certificates.authority)})
        async with await KubeClient.connect(kubeconfig=trusting) as client:
            assert await client.request("GET", "/") == {"client": "client"}
        async with await KubeClient.connect(kubeconfig=write_kubeconfig(url, user=user)) as client:
            with pytest.raises(Unreachable, match="certificate-authority"):
                await client.request("GET", "/")
