"""Who is let in by an htpasswd file."""

import asyncio
import base64
import threading

import bcrypt
import pytest
from passlib.hash import apr_md5_crypt

from kubeless.gateway.apr1 import apr1
from kubeless.gateway.basicauth import PasswordCheck, read_credentials
from kubeless.gateway.comparisons import WAITING_PER_ROUTE
from kubeless.gateway.htpasswd import Htpasswd, matches, read_htpasswd
from kubeless.gateway.problem import Problem
from kubeless.gateway.refusal import Refusal
from kubeless.gateway.secretwatch import Secret

BCRYPT = bcrypt.hashpw(b"password", bcrypt.gensalt(4))
# From `openssl passwd -apr1 -salt xxxxxxxx password` and `htpasswd -s`.
APR1 = b"$apr1$xxxxxxxx$dxHfLAsjHkDRmG83UXe8K0"
SHA1 = b"{SHA}W6ph5Mm5Pz8GgiULbPgzG37mj9g="


def users(auth: bytes) -> Htpasswd:
    read = read_htpasswd(Secret("Opaque", {"auth": auth}))
    assert isinstance(read, Htpasswd)
    return read


def header(text: bytes) -> tuple[tuple[bytes, bytes], ...]:
    return ((b"Authorization", b"Basic " + base64.b64encode(text)),)


@pytest.mark.parametrize("hashed", [BCRYPT, BCRYPT.replace(b"$2b$", b"$2y$"), APR1, SHA1])
def test_the_kinds_that_htpasswd_writes_are_known(hashed: bytes) -> None:
    assert users(b"ann:" + hashed).hashes == {b"ann": hashed}
    assert matches(hashed, b"password")
    for wrong in (b"Password", b"", b"password\0", b"\0", b"\xff\xfe"):
        assert not matches(hashed, wrong)


def test_a_long_password_counts_as_far_as_htpasswd_took_it() -> None:
    hashed = bcrypt.hashpw(b"x" * 72, bcrypt.gensalt(4))
    assert matches(hashed, b"x" * 100)
    assert not matches(hashed, b"x" * 71)


@pytest.mark.parametrize(
    "hashed",
    [
        b"",
        b"password",
        b"{PLAIN}password",
        b"rqXexS6ZhobKA",
        b"$2y$31$" + b"x" * 53,
        b"$2y$03$" + b"x" * 53,
        b"{SHA}",
        b"$apr1$",
    ],
)
def test_a_line_of_another_kind_lets_nobody_in_and_is_named(hashed: bytes) -> None:
    read = users(b"# users\nann:" + SHA1 + b"\nbob:" + hashed + b"\n")
    assert list(read.hashes) == [b"ann"]
    assert read.problem is not None
    assert "line 3" in read.problem.message


@pytest.mark.parametrize("auth", [b"", b"\n\n", b"ann", b":" + SHA1, b"ann:password", b"\xff\xfe\0"])
def test_without_a_usable_line_nobody_is_let_in(auth: bytes) -> None:
    problem = read_htpasswd(Secret("Opaque", {"auth": auth}))
    assert isinstance(problem, Problem)
    assert problem.reason == "BasicAuthUnusable"


def test_the_first_line_of_a_user_counts() -> None:
    assert users(b"ann:" + SHA1 + b"\r\nann:" + BCRYPT).hashes == {b"ann": SHA1}


def test_a_stranger_costs_as_much_as_the_costliest_user() -> None:
    assert users(b"a:" + SHA1 + b"\nb:" + BCRYPT + b"\nc:" + APR1).stranger == BCRYPT


def test_a_secret_is_not_shown_by_accident() -> None:
    assert b"password".hex() not in repr(users(b"ann:" + SHA1))
    assert "W6ph5" not in repr(users(b"ann:" + SHA1)) + repr(Secret("Opaque", {"auth": SHA1}))


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (b"Basic YW5uOnB3", (b"ann", b"pw")),
        (b"bASIC  YW5uOnB3 ", (b"ann", b"pw")),
        (b"Basic " + base64.b64encode(b"ann:a:b"), (b"ann", b"a:b")),
        (b"Basic " + base64.b64encode(b"ann"), None),
        (b"Basic !!!", None),
        (b"Basic", None),
        (b"Bearer YW5uOnB3", None),
        (b"", None),
    ],
)
def test_credentials_are_read_or_there_are_none(value: bytes, expected: tuple[bytes, bytes] | None) -> None:
    assert read_credentials(((b"authorization", value),)) == expected


def test_of_two_credentials_neither_counts() -> None:
    assert read_credentials(header(b"ann:pw") * 2) is None


async def test_what_was_right_is_remembered_until_the_hash_changes() -> None:
    async with PasswordCheck() as passwords:
        before, after = users(b"ann:" + SHA1), users(b"ann:" + APR1)
        await passwords.check(before, header(b"ann:password"), realm="r")
        assert passwords.remembers(before, header(b"ann:password"))
        assert not passwords.remembers(before, header(b"bob:password"))
        assert not passwords.remembers(before, header(b"ann:other"))
        assert not passwords.remembers(after, header(b"ann:password"))


@pytest.mark.parametrize("text", [b"ann:wrong", b"bob:password", b":", b"ann:"])
async def test_what_was_wrong_is_never_remembered(text: bytes) -> None:
    async with PasswordCheck() as passwords:
        read = users(b"ann:" + SHA1)
        for _ in range(2):
            with pytest.raises(Refusal) as caught:
                await passwords.check(read, header(text), realm="default/web")
            assert caught.value.status == 401
            assert caught.value.headers == ((b"WWW-Authenticate", b'Basic realm="default/web", charset="UTF-8"'),)
            assert not passwords.remembers(read, header(text))


async def test_equal_requests_share_a_comparison_and_a_flood_of_others_is_refused() -> None:
    compared = list[bytes]()
    release = threading.Event()

    def slow(hashed: bytes, password: bytes) -> bool:
        compared.append(password)
        release.wait(5)
        return password == b"password"

    async with PasswordCheck(compare=slow, threads=2) as passwords, asyncio.TaskGroup() as group:
        read = users(b"ann:" + SHA1)
        same = [group.create_task(passwords.check(read, header(b"ann:password"), realm="r")) for _ in range(5)]
        await asyncio.sleep(0)
        same[0].cancel()  # one client that goes away does not end what others wait for
        flood = [asyncio.create_task(passwords.check(read, header(b"ann:%d" % n), realm="r")) for n in range(100)]
        await asyncio.sleep(0)
        release.set()
        results = await asyncio.gather(*flood, return_exceptions=True)
    assert compared.count(b"password") == 1
    statuses = [result.status for result in results if isinstance(result, Refusal)]
    assert (statuses.count(401), statuses.count(503)) == (1 + WAITING_PER_ROUTE, 99 - WAITING_PER_ROUTE), "one runs"


async def test_a_login_elsewhere_does_not_wait_for_a_flood() -> None:
    compared = list[bytes]()
    release = threading.Event()

    def slow(hashed: bytes, password: bytes) -> bool:
        release.wait(5)
        compared.append(password)
        return password == b"password"

    async with PasswordCheck(compare=slow, threads=1) as passwords:
        read = users(b"ann:" + SHA1)
        flood = [asyncio.create_task(passwords.check(read, header(b"ann:%d" % n), realm="a")) for n in range(100)]
        await asyncio.sleep(0)
        login = asyncio.create_task(passwords.check(read, header(b"ann:password"), realm="b"))
        await asyncio.sleep(0)
        release.set()
        await login
        await asyncio.gather(*flood, return_exceptions=True)
    assert compared.index(b"password") <= 2, "only what was under way, and one turn of the other route, came before"


async def test_a_comparison_that_breaks_lets_nobody_in_and_the_next_one_runs() -> None:
    def breaking(hashed: bytes, password: bytes) -> bool:
        if password == b"bad":
            raise ValueError("broken")
        return True

    async with PasswordCheck(compare=breaking, threads=1) as passwords:
        read = users(b"ann:" + SHA1)
        with pytest.raises(ValueError, match="broken"):
            await passwords.check(read, header(b"ann:bad"), realm="r")
        await passwords.check(read, header(b"ann:good"), realm="r")


async def test_what_waits_ends_with_the_gateway() -> None:
    release = threading.Event()
    async with PasswordCheck(compare=lambda *_: release.wait(5), threads=1) as passwords:
        read = users(b"ann:" + SHA1)
        waiting = [asyncio.create_task(passwords.check(read, header(b"ann:%d" % n), realm="r")) for n in range(3)]
        await asyncio.sleep(0)
    release.set()
    results = await asyncio.gather(*waiting[1:], return_exceptions=True)
    assert all(isinstance(result, asyncio.CancelledError) for result in results)


@pytest.mark.parametrize("length", [0, 1, 15, 16, 17, 31, 33, 255, 256])
def test_apr1_is_what_others_make_of_it_and_rests_in_between(length: int) -> None:
    password = bytes(1 + number % 255 for number in range(length))
    rests = list[None]()
    made = apr1(password, b"saltsalt", rest=lambda: rests.append(None))
    assert made.decode() == apr_md5_crypt.using(salt="saltsalt").hash(password)
    assert len(rests) == 10
    assert matches(made, password)


def test_a_password_longer_than_apache_takes_is_wrong_and_costs_nothing() -> None:
    endless = b"x" * 16_000
    made = apr1(endless[:256], b"saltsalt", rest=lambda: None)
    assert not matches(made, endless)
