"""Every way to log in, TLS, and credentials that change."""

import asyncio
import base64
from pathlib import Path

import nkeys
import pytest

from kubeless.kube.resources import SECRETS
from support.certificates import CertificateAuthority
from support.kafkaworld import until
from support.natsjwt import Operator
from support.natsworld import NAMESPACE, World, connected, make_stream, make_world, publish_all
from support.realnats import RealNats


def new_seed() -> tuple[str, str]:
    """Seed and public key of a new user."""
    seed = bytes(nkeys.encode_seed(b"\x07" * 32, nkeys.PREFIX_BYTE_USER))
    return seed.decode(), nkeys.from_seed(bytearray(seed)).public_key.decode()


async def reaches(world: World, **environment: str) -> None:
    """Prove that messages arrive with these settings."""
    await world.function()
    await world.trigger(topic="orders")
    async with world.service(**environment):
        await world.until_ready()


@pytest.mark.parametrize(
    ("authorization", "environment"),
    [
        ("user: shop, password: secret", {"NATS_USER": "shop", "NATS_PASSWORD": "secret"}),
        ("token: sesame", {"NATS_TOKEN": "sesame"}),
    ],
)
async def test_passwords_and_tokens_let_us_in(tmp_path: Path, authorization: str, environment: dict[str, str]) -> None:
    with RealNats(tmp_path, config=f"authorization {{ {authorization} }}") as server:
        async with make_world(server.url) as world:
            await reaches(world, **environment)


async def test_an_nkey_lets_us_in(tmp_path: Path) -> None:
    seed, public = new_seed()
    file = tmp_path / "user.nk"
    file.write_text(f"{seed}\n")
    with RealNats(tmp_path / "nats", config=f"authorization {{ users: [ {{ nkey: {public} }} ] }}") as server:
        async with make_world(server.url) as world:
            await reaches(world, NATS_NKEY_SEED=str(file))


async def test_credentials_of_an_operator_let_us_in_and_use_streams(tmp_path: Path) -> None:
    operator = Operator()
    file = tmp_path / "user.creds"
    file.write_text(operator.credentials())
    with RealNats(tmp_path / "nats", config=operator.config()) as server:
        async with make_world(server.url) as world, connected(server.url, user_credentials=str(file)) as client:
            await make_stream(client, "S", "s")
            ledger = await world.function()
            await world.trigger(topic="s", stream="S")
            async with world.service(NATS_CREDS=str(file)):
                await world.until_ready()
                await publish_all(client, "s", [b"signed"])
                await ledger.until_done(1)


async def test_credentials_that_the_server_does_not_know_are_told(tmp_path: Path) -> None:
    file = tmp_path / "user.creds"
    file.write_text(Operator().credentials())
    with RealNats(tmp_path / "nats", config=Operator().config()) as server:
        async with make_world(server.url) as world:
            await world.function()
            await world.trigger(topic="orders")
            async with world.service(NATS_CREDS=str(file)):
                await world.until_condition("BrokerReachable", "False", "BrokerUnavailable")
                assert "Authorization" in (await world.status())["lastError"]


async def test_a_refused_login_is_told_and_tried_again(tmp_path: Path) -> None:
    config = "authorization { user: shop, password: secret }"
    with RealNats(tmp_path, config=config, jetstream=False) as server:
        async with make_world(server.url) as world:
            await world.function()
            await world.trigger(topic="orders")
            async with world.service(NATS_USER="shop", NATS_PASSWORD="wrong"):
                await world.until_condition("BrokerReachable", "False", "BrokerUnavailable")
                assert "Authorization" in (await world.status())["lastError"]
                server.write_config("authorization { user: shop, password: wrong }")
                server.reload()
                await world.until_ready()


@pytest.mark.parametrize("kind", ["token", "nkey", "creds"])
async def test_what_a_secret_holds_lets_us_in(tmp_path: Path, kind: str) -> None:
    operator, (seed, public) = Operator(), new_seed()
    file = tmp_path / "user.creds"
    file.write_text(operator.credentials())
    config, held, options = {
        "token": ("authorization { token: sesame }", "sesame", {"token": "sesame"}),
        "nkey": (f"authorization {{ users: [ {{ nkey: {public} }} ] }}", seed, {"nkeys_seed_str": seed}),
        "creds": (operator.config(), file.read_text(), {"user_credentials": str(file)}),
    }[kind]
    encoded = base64.b64encode(held.encode()).decode()
    secret = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "nats", "namespace": NAMESPACE}}
    with RealNats(tmp_path / "nats", config=config) as server:
        async with make_world(server.url) as world, connected(server.url, **options) as client:
            ledger = await world.function()
            await world.trigger(topic="orders")
            async with world.service(NATS_SECRET="nats"):
                await world.until_condition("BrokerReachable", "False")
                await world.client.create(SECRETS, secret | {"data": {kind: encoded}})
                await world.until_ready()
                await client.publish("orders", b"let in")
                await ledger.until_done(1)
    assert ledger.bodies == [b"let in"]


async def test_a_secret_that_changes_holds_without_a_restart_and_without_a_gap(tmp_path: Path) -> None:
    users = 'authorization { users: [ {user: a, password: "1"}, {user: b, password: "2"} ] }'

    def data(user: str, password: str) -> dict[str, str]:
        pairs = {"username": user, "password": password}
        return {name: base64.b64encode(text.encode()).decode() for name, text in pairs.items()}

    with RealNats(tmp_path, config=users) as server:
        async with make_world(server.url) as world, connected(server.url, user="b", password="2") as client:
            ledger = await world.function()
            await world.trigger(topic="orders")
            secret = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "nats", "namespace": NAMESPACE}}
            await world.client.create(SECRETS, secret | {"data": data("a", "1")})
            async with world.service(NATS_SECRET="nats") as service:
                await world.until_ready()
                before = service.connection.client()
                sent = 0

                async def moved() -> bool:
                    nonlocal sent
                    sent += 1
                    await client.publish("orders", b"%d" % sent)
                    await client.flush()
                    return service.connection.client() is not before

                await world.client.patch(SECRETS, "nats", {"data": data("b", "2")}, namespace=NAMESPACE)
                await until(moved)
                server.write_config('authorization { users: [ {user: b, password: "2"} ] }')
                await asyncio.sleep(0)
                await ledger.until_done(sent)
            assert sorted(map(int, ledger.bodies)) == list(range(1, sent + 1))


async def test_tls_with_certificates_on_both_sides(tmp_path: Path) -> None:
    authority = CertificateAuthority(tmp_path / "ca")
    server_files, ours = authority.sign("server"), authority.sign("client")
    config = (
        f'tls {{ cert_file: "{server_files.certificate}", key_file: "{server_files.key}",'
        f' ca_file: "{authority.certificate}", verify: true }}'
    )
    with RealNats(tmp_path / "nats", config=config) as server:
        async with make_world(server.url) as world:
            await reaches(
                world, NATS_CA=str(authority.certificate), NATS_CERT=str(ours.certificate), NATS_KEY=str(ours.key)
            )


async def test_nothing_is_told_to_a_server_without_tls_where_it_is_asked_for(tmp_path: Path) -> None:
    with RealNats(tmp_path) as server:
        async with make_world(server.url.replace("nats://", "tls://")) as world:
            await world.function()
            await world.trigger(topic="orders")
            async with world.service(NATS_USER="shop", NATS_PASSWORD="secret"):
                await world.until_condition("BrokerReachable", "False", "BrokerUnavailable")
                assert "TLS" in (await world.status())["lastError"]


async def test_a_subject_that_we_may_not_have_is_told(tmp_path: Path) -> None:
    rights = 'permissions: { subscribe: { deny: "orders" } }'
    config = f"authorization {{ users: [ {{ user: shop, password: secret, {rights} }} ] }}"
    with RealNats(tmp_path, config=config) as server:
        async with make_world(server.url) as world:
            await world.function()
            await world.trigger(topic="orders")
            async with world.service(NATS_USER="shop", NATS_PASSWORD="secret"):
                await world.until_condition("Ready", "False", "PermissionDenied")


async def test_one_server_of_the_list_is_enough(tmp_path: Path) -> None:
    with RealNats(tmp_path) as server:
        async with make_world(f"nats://127.0.0.1:1,{server.url}") as world:
            await reaches(world)
