"""
One client's connection: its requests, one after the other, as Kafka handles them.

A request that waits (a fetch, a join) holds up those behind it; clients know and use several connections. So one answer
at a time is all that a slow reader can make us keep.
"""

import asyncio
from dataclasses import replace

import structlog

from kubeless.local.kafka.apis import API_VERSIONS, APIS, api_versions
from kubeless.local.kafka.cluster import Client, Cluster
from kubeless.local.kafka.malformed import Malformed
from kubeless.local.kafka.protocol import LENGTH, RequestHeader, read_body, read_header, write_answer

log = structlog.get_logger(__name__)


async def serve(cluster: Cluster, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Answer until the client goes, or sends what is not the protocol."""
    peer = writer.get_extra_info("peername")
    host, port = writer.get_extra_info("sockname")[:2]
    client = Client(client_id="", peer=str(peer[0]) if peer else "", host=host, port=port, version=0)
    try:
        while True:
            frame = await _read_frame(reader, cluster.settings.request_bytes)
            answer = await answer_frame(cluster, frame, client)
            if answer is not None:
                writer.write(answer)
                await writer.drain()
    except (asyncio.IncompleteReadError, ConnectionError):
        pass  # the client has gone
    except asyncio.CancelledError:
        writer.transport.abort()  # a client that reads no more must not hold up the end
        raise
    except Malformed as error:
        log.warning("connection closed", peer=peer, error=str(error))
    finally:
        writer.close()


async def answer_frame(cluster: Cluster, frame: bytes, client: Client) -> bytes | None:
    """
    The answer to the request in `frame`, itself with its length; None if it wants none.

    Raises:
        Malformed: it is not a request, or in a version that we have not offered.
    """
    header = read_header(frame)
    client = replace(client, client_id=header.client_id, version=header.version)
    api = APIS.get(header.api)
    if api is None or header.version not in api.versions:
        return await _answer_unknown(cluster, header, client)
    request = read_body(frame, header, api.versions)
    answer = await api.handle(cluster, request, client)
    return None if answer is None else write_answer(header, answer)


async def _answer_unknown(cluster: Cluster, header: RequestHeader, client: Client) -> bytes:
    if header.api != API_VERSIONS:
        raise Malformed(f"API {header.api} version {header.version} is not one that we offer")
    return write_answer(replace(header, version=0), await api_versions(cluster, None, client))


async def _read_frame(reader: asyncio.StreamReader, max_bytes: int) -> bytes:
    (length,) = LENGTH.unpack(await reader.readexactly(LENGTH.size))
    if not 0 < length <= max_bytes:
        raise Malformed(f"a request of {length} bytes; at most {max_bytes} are taken")
    return await reader.readexactly(length)
