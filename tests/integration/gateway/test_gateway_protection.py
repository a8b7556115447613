"""Certificates and passwords from Secrets: real handshakes, real refusals, and changes that hold at once."""

import asyncio
import base64
import ssl
from collections.abc import AsyncIterator

import aiohttp
import bcrypt
import pytest

from kubeless.api.resource import HTTP_TRIGGERS
from support.gatewayworld import NAMESPACE, World, until, world
from support.servercertificates import ServerCertificate, make_certificate


@pytest.fixture
async def cluster() -> AsyncIterator[World]:
    async with world() as made:
        await made.function("echo", "hi")
        yield made


def basic(user: str, password: str) -> str:
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


def line(user: str, password: str) -> bytes:
    return user.encode() + b":" + bcrypt.hashpw(password.encode(), bcrypt.gensalt(4)) + b"\n"


async def put_certificate(cluster: World, name: str, made: ServerCertificate) -> None:
    await cluster.secret(name, tls__crt=made.certificate, tls__key=made.key)


async def test_each_host_is_answered_with_its_own_certificate(cluster: World) -> None:
    shop, wild = make_certificate("shop.example.com"), make_certificate("*.example.org")
    await put_certificate(cluster, "shop", shop)
    await put_certificate(cluster, "wild", wild)
    await cluster.trigger("a", host_name="shop.example.com", tls_secret="shop")
    await cluster.trigger("b", host_name="*.example.org", tls_secret="wild")
    await cluster.start()
    for host, made in (("shop.example.com", shop), ("any.example.org", wild)):
        answer = await cluster.get_tls("/x", host=host, trust=made.trust)
        assert (answer.status, answer.body) == (200, "hi")
    with pytest.raises(aiohttp.ClientConnectorCertificateError):
        await cluster.get_tls("/x", host="shop.example.com", trust=wild.trust)
    await cluster.wait_condition("a", "TLSReady", "True", "CertificateLoaded")


async def test_a_name_that_no_certificate_is_for_is_refused_in_the_handshake(cluster: World) -> None:
    await put_certificate(cluster, "shop", make_certificate("shop.example.com"))
    await cluster.trigger("a", host_name="shop.example.com", tls_secret="shop")
    await cluster.start()
    careless = ssl.create_default_context()
    careless.check_hostname, careless.verify_mode = False, ssl.CERT_NONE
    with pytest.raises(aiohttp.ClientConnectorError):
        await cluster.get_tls("/x", host="other.example.com", trust=careless)


async def test_a_default_certificate_answers_for_every_other_name(cluster: World) -> None:
    made = make_certificate("other.example.com")
    await put_certificate(cluster, "fallback", made)
    await cluster.trigger("a")
    await cluster.start(GATEWAY_TLS_DEFAULT_SECRET=f"{NAMESPACE}/fallback")
    assert (await cluster.get_tls("/x", host="other.example.com", trust=made.trust)).status == 200


async def test_a_renewed_certificate_holds_from_the_next_handshake_on(cluster: World) -> None:
    old, new = (make_certificate("shop.example.com", serial=serial) for serial in (1, 2))
    await put_certificate(cluster, "shop", old)
    await cluster.trigger("a", host_name="shop.example.com", tls_secret="shop")
    await cluster.start()
    assert (await cluster.get_tls("/x", host="shop.example.com", trust=old.trust)).status == 200
    await put_certificate(cluster, "shop", new)

    async def renewed() -> bool:
        try:
            return (await cluster.get_tls("/x", host="shop.example.com", trust=new.trust)).status == 200
        except aiohttp.ClientConnectorCertificateError:
            return False

    await until(renewed)


async def test_without_tls_a_client_is_sent_to_where_the_certificate_is(cluster: World) -> None:
    await put_certificate(cluster, "shop", make_certificate("shop.example.com"))
    await cluster.trigger("a", host_name="shop.example.com", path="p", tls_secret="shop")
    await cluster.start(GATEWAY_TLS_PUBLIC_PORT="443")
    answer = await cluster.get("/p/x?y=z", Host="Shop.example.com:8080")
    assert (answer.status, answer.headers["Location"]) == (308, "https://shop.example.com/p/x?y=z")


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (None, "SecretMissing"),
        ({"tls__crt": b"nonsense", "tls__key": b"nonsense"}, "CertificateUnusable"),
        ({"auth": b"x:y"}, "CertificateIncomplete"),
    ],
)
async def test_a_route_without_a_usable_certificate_is_closed_and_says_why(
    cluster: World, content: dict[str, bytes] | None, reason: str
) -> None:
    if content is not None:
        await cluster.secret("shop", **content)
    await cluster.trigger("a", tls_secret="shop")
    await cluster.start()
    assert (await cluster.get("/x")).status == 503
    condition = await cluster.wait_condition("a", "TLSReady", "False", reason)
    assert "Secret" in condition["message"]
    made = make_certificate("shop.example.com")
    await put_certificate(cluster, "shop", made)
    await cluster.wait_status("/x", 308)
    await cluster.wait_condition("a", "Ready", "True", "Serving")
    assert (await cluster.get_tls("/x", host="shop.example.com", trust=made.trust)).status == 200


async def test_only_users_of_the_secret_are_let_in(cluster: World) -> None:
    await cluster.secret("users", auth=line("ann", "right"))
    await cluster.trigger("a", basic_auth_secret="users")
    await cluster.start()
    for headers in ({}, {"Authorization": basic("ann", "wrong")}, {"Authorization": basic("bob", "right")}):
        answer = await cluster.get("/x", **headers)
        assert answer.status == 401
        assert answer.headers["WWW-Authenticate"] == 'Basic realm="default/a", charset="UTF-8"'
    for _ in range(2):
        answer = await cluster.get("/x", Authorization=basic("ann", "right"))
        assert (answer.status, answer.body) == (200, "hi")
    await cluster.wait_condition("a", "BasicAuthReady", "True", "UsersLoaded")


async def test_a_flood_of_wrong_passwords_keeps_nobody_else_waiting(cluster: World) -> None:
    costly = b"ann:" + bcrypt.hashpw(b"right", bcrypt.gensalt(13)) + b"\n"
    await cluster.secret("users", auth=costly)
    await cluster.secret("others", auth=line("bob", "right"))
    await cluster.trigger("open", path="open")
    await cluster.trigger("attacked", path="attacked", basic_auth_secret="users")
    await cluster.trigger("private", path="private", basic_auth_secret="others")
    await cluster.start()
    flood = [
        asyncio.create_task(cluster.get("/attacked", Authorization=basic("ann", f"guess {number}")))
        for number in range(100)
    ]
    for _ in range(50):
        assert (await cluster.get("/open")).status == 200
    assert sum(task.done() and task.result().status == 401 for task in flood) <= 2, "they waited for comparisons"
    assert (await cluster.get("/private", Authorization=basic("bob", "right"))).status == 200
    assert not all(task.done() for task in flood), "the login waited for the flood"
    answers = await asyncio.gather(*flood)
    assert {answer.status for answer in answers} == {401, 503}
    assert all("Retry-After" in answer.headers for answer in answers if answer.status == 503)


async def test_a_changed_password_holds_at_once_and_a_lost_secret_closes_the_route(cluster: World) -> None:
    await cluster.secret("users", auth=line("ann", "old"))
    await cluster.trigger("a", basic_auth_secret="users")
    await cluster.start()
    assert (await cluster.get("/x", Authorization=basic("ann", "old"))).status == 200
    await cluster.secret("users", auth=line("ann", "new"))
    await cluster.wait_status("/x", 200, Authorization=basic("ann", "new"))
    assert (await cluster.get("/x", Authorization=basic("ann", "old"))).status == 401
    await cluster.delete_secret("users")
    await cluster.wait_status("/x", 503, Authorization=basic("ann", "new"))
    await cluster.wait_condition("a", "BasicAuthReady", "False", "SecretMissing")


async def test_a_trigger_that_comes_to_ask_for_a_password_is_never_open_again(cluster: World) -> None:
    await cluster.secret("users", auth=line("ann", "right"))
    await cluster.trigger("a", path="p")
    await cluster.start()
    assert (await cluster.get("/p")).status == 200
    spec = {"basic-auth-secret": "users"}
    await cluster.client.patch(HTTP_TRIGGERS, "a", {"spec": spec}, namespace=NAMESPACE)
    seen = set[int]()

    async def closed() -> bool:
        seen.add((await cluster.get("/p")).status)
        return (await cluster.get("/p", Authorization=basic("ann", "right"))).status == 200 and 401 in seen

    await until(closed)
    assert (await cluster.get("/p")).status == 401


async def test_a_preflight_needs_no_password_but_the_request_does(cluster: World) -> None:
    await cluster.secret("users", auth=line("ann", "right"))
    await cluster.trigger("a", basic_auth_secret="users", cors_enable=True)
    await cluster.start()
    asked = {"Origin": "https://x", "Access-Control-Request-Method": "GET"}
    answer = await cluster.get("/x", method="OPTIONS", **asked, Access_Control_Request_Headers="authorization")
    assert (answer.status, answer.headers["Access-Control-Allow-Headers"]) == (204, "authorization")
    refused = await cluster.get("/x", Origin="https://x")
    assert (refused.status, refused.headers["Access-Control-Allow-Origin"]) == (401, "*")
