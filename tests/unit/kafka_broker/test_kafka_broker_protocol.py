"""Requests from bytes, answers to bytes, whatever the version and whatever the bytes."""

import random
import struct

import pytest
from kio.index import load_request_schema
from kio.serial import entity_reader
from kio.serial.errors import SerialError

from kubeless.local.kafka.apis import API_VERSIONS, APIS
from kubeless.local.kafka.bounds import MAX_ELEMENTS, check
from kubeless.local.kafka.cluster import Client, Cluster
from kubeless.local.kafka.connection import answer_frame
from kubeless.local.kafka.malformed import Malformed
from kubeless.local.kafka.protocol import RequestHeader, Versions, read_body, read_header
from kubeless.local.kafka.settings import BrokerSettings

METADATA = 3
CLIENT = Client(client_id="", peer="127.0.0.1", host="127.0.0.1", port=9092, version=0)

EVERY_VERSION = [
    (key, version) for key, api in APIS.items() for version in range(api.versions.lowest, api.versions.highest + 1)
]


def frame(api: int, version: int, body: bytes = b"", *, client_id: bytes | None = b"test") -> bytes:
    length = -1 if client_id is None else len(client_id)
    return struct.pack(">hhih", api, version, 7, length) + (client_id or b"") + body


@pytest.fixture
async def cluster() -> Cluster:
    return Cluster(BrokerSettings())


def test_the_header_is_read_with_and_without_the_clients_name() -> None:
    assert read_header(frame(3, 1)) == RequestHeader(3, 1, 7, "test", 14)
    assert read_header(frame(3, 1, client_id=None)) == RequestHeader(3, 1, 7, "", 10)


@pytest.mark.parametrize("data", [b"", b"\0" * 9, frame(3, 1)[:-1], struct.pack(">hhih", 3, 1, 7, 32767)])
def test_a_header_that_is_not_whole_is_malformed(data: bytes) -> None:
    with pytest.raises(Malformed):
        read_header(data)


async def test_an_unknown_version_of_api_versions_is_answered_in_the_oldest(cluster: Cluster) -> None:
    answer = await answer_frame(cluster, frame(API_VERSIONS, 99), CLIENT)

    assert answer is not None
    length, correlation, error, count = struct.unpack_from(">iihi", answer)
    assert (length, correlation, error, count) == (len(answer) - 4, 7, 35, len(APIS))


@pytest.mark.parametrize(("api", "version"), [(0, 2), (1, 99), (999, 0), (-1, 0)])
async def test_what_was_not_offered_is_malformed(cluster: Cluster, api: int, version: int) -> None:
    with pytest.raises(Malformed):
        await answer_frame(cluster, frame(api, version), CLIENT)


@pytest.mark.parametrize(("version", "body"), [(1, struct.pack(">i", -1)), (9, b"\0\0\1\0\0\0"), (12, b"\0\0\1\0\0")])
async def test_each_version_of_metadata_is_answered(cluster: Cluster, version: int, body: bytes) -> None:
    cluster.topics.create("greetings")
    answer = await answer_frame(cluster, frame(METADATA, version, body), CLIENT)
    assert answer is not None
    assert b"127.0.0.1" in answer


@pytest.mark.parametrize(
    "body",
    [
        struct.pack(">i", 2**31 - 1),
        struct.pack(">i", 2) + b"\0\1a",
        struct.pack(">ih", 1, 2) + b"\xff\xfe",
        struct.pack(">ih", 1, 32767),
    ],
)
def test_a_body_that_promises_more_than_it_has_is_malformed(body: bytes) -> None:
    """kio alone would reserve memory for two billion topics, and abort the process."""
    data = frame(METADATA, 1, body)
    with pytest.raises(Malformed):
        read_body(data, read_header(data), Versions(1, 12))


def test_a_body_with_very_many_values_is_malformed() -> None:
    """Each would become an object: a request must not cost a thousand times its size."""
    count = MAX_ELEMENTS + 1
    data = frame(METADATA, 1, struct.pack(">i", count) + b"\0\1a" * count)
    with pytest.raises(Malformed):
        read_body(data, read_header(data), Versions(1, 12))


@pytest.mark.parametrize(("key", "version"), EVERY_VERSION)
def test_random_bodies_are_read_or_malformed_and_nothing_else(key: int, version: int) -> None:
    rng = random.Random(key * 100 + version)
    for _ in range(60):
        body = rng.choice((_few_values, _any_values))(rng)
        data = frame(key, version, body)
        try:
            read_body(data, read_header(data), APIS[key].versions)
        except Malformed:
            continue


@pytest.mark.parametrize(("key", "version"), EVERY_VERSION)
def test_the_bounds_end_where_the_reader_ends(key: int, version: int) -> None:
    """What checks the bytes must understand them exactly as what reads them does."""
    rng = random.Random(key * 100 + version)
    schema = load_request_schema(key, version)
    for _ in range(60):
        body = _few_values(rng)
        try:
            end = check(schema, body, 0)
        except Malformed:
            continue
        try:
            _, size = entity_reader(schema)(body, 0)
        except (SerialError, ValueError, LookupError):
            continue
        assert end == size


def _few_values(rng: random.Random) -> bytes:
    """Mostly small numbers, which make lengths that may fit."""
    return bytes(rng.choice((0, 0, 0, 1, 1, 2, 3, 97, 255)) for _ in range(rng.randrange(80)))


def _any_values(rng: random.Random) -> bytes:
    return rng.randbytes(rng.randrange(80))
