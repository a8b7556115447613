"""JetStream streams: list, create, delete. `kubeless stream` comes here through the API server's service proxy."""

from collections.abc import AsyncGenerator

from aiohttp import web

from kubeless.core.errors import shorten
from kubeless.core.jsontypes import JsonObject
from kubeless.delivery.admin.answers import read_object, stream_lines, whole_number
from kubeless.delivery.admin.errors import AdminError
from kubeless.manage.natsnames import check_stream, check_subject
from kubeless.nats_subscriber.admin_clients import Clients
from kubeless.nats_subscriber.admin_errors import explain
from kubeless.nats_subscriber.jetstream import STREAM_NOT_FOUND, JetStream, JetStreamRefused

_MAX_SUBJECTS = 1000
_MAX_REPLICAS = 5
"""More than that no server takes."""

NAME_IN_USE = 10058
SUBJECTS_OVERLAP = 10065


class StreamRoutes:
    """The operations over HTTP."""

    def __init__(self, clients: Clients) -> None:
        self._clients = clients

    async def list(self, request: web.Request) -> web.StreamResponse:
        """`GET /streams`: `{"name", "subjects", "messages", "bytes", "replicas"}` a line, by name."""
        return await stream_lines(request, _lines(self._clients.jetstream()), explain)

    async def create(self, request: web.Request) -> web.StreamResponse:
        """
        `POST /streams` of `{"name", "subjects", "replicas"?: 1}`: 201. It keeps messages in files, without a limit.
        """
        config = read_stream(await read_object(request))
        name = config["name"]
        try:
            await self._clients.jetstream().request(f"STREAM.CREATE.{name}", config)
        except JetStreamRefused as error:
            if error.code == NAME_IN_USE:
                raise AdminError(
                    409, "AlreadyExists", f"stream {shorten(name)}: there is one like it already"
                ) from error
            if error.code == SUBJECTS_OVERLAP:
                message = f"stream {shorten(name)}: another stream takes some of its subjects; choose others"
                raise AdminError(409, "SubjectsOverlap", message) from error
            raise
        return web.json_response(_told(config), status=201)

    async def delete(self, request: web.Request) -> web.StreamResponse:
        """`DELETE /streams/<name>`."""
        name = check_stream(request.match_info["stream"])
        try:
            await self._clients.jetstream().request(f"STREAM.DELETE.{name}")
        except JetStreamRefused as error:
            if error.code == STREAM_NOT_FOUND:
                raise AdminError(404, "NoStream", f"stream {shorten(name)}: there is none") from error
            raise
        return web.json_response({"name": name})


def read_stream(body: JsonObject) -> JsonObject:
    """The configuration of the stream that a request asks for; raises AdminError or InvalidField."""
    unknown = body.keys() - {"name", "subjects", "replicas"}
    if unknown:
        raise AdminError(400, "Invalid", f"{shorten(min(unknown))}: is unknown; use name, subjects and replicas")
    name, subjects = body.get("name"), body.get("subjects")
    if not isinstance(subjects, list) or not 0 < len(subjects) <= _MAX_SUBJECTS:
        raise AdminError(400, "Invalid", f"subjects: is no list of 1 to {_MAX_SUBJECTS} subjects; name what it takes")
    return {
        "name": check_stream(name if isinstance(name, str) else ""),
        "subjects": [check_subject(str(subject), wildcards=True, field="subjects") for subject in subjects],
        "num_replicas": whole_number(body.get("replicas"), "replicas", low=1, high=_MAX_REPLICAS, default=1),
        "storage": "file",
        "retention": "limits",
    }


async def _lines(jetstream: JetStream) -> AsyncGenerator[JsonObject]:
    offset = 0
    while True:
        page = await jetstream.request("STREAM.LIST", {"offset": offset})
        streams = page.get("streams") or []
        for stream in streams:
            state = stream.get("state") or {}
            yield _told(stream.get("config") or {}) | {
                "messages": int(state.get("messages") or 0),
                "bytes": int(state.get("bytes") or 0),
            }
        offset += len(streams)
        if not streams or offset >= int(page.get("total") or 0):
            return


def _told(config: JsonObject) -> JsonObject:
    return {
        "name": config["name"],
        "subjects": config.get("subjects") or [],
        "replicas": config.get("num_replicas") or 1,
    }
