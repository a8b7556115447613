"""Event and context: every field, and what stands there when it is missing."""

import json
from typing import Any

from runtimes.case import Table
from runtimes.languages import Language
from runtimes.server import Server

event = Table("event and context")

FIELDS = {
    "id": "K7pPWxO0Mus",
    "type": "application/json",
    "time": "2018-05-18T05:40:42Z",
    "namespace": "cli.kubeless.io",
}


async def described(server: Server, **headers: str) -> dict[str, dict[str, Any]]:
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    answer = await server.call("POST", "/some/path?q=a%20b", data="x", headers={"Content-Type": "text/plain", **names})
    assert answer.status == 200, answer.text
    result: dict[str, dict[str, Any]] = json.loads(answer.text)
    return result


def _add_field(field: str, value: str) -> None:
    @event.case("describe", f"event-{field}")
    async def _(server: Server, language: Language) -> None:
        assert (await described(server, **{f"event_{field}": value}))["event"][field] == value


for _field, _value in FIELDS.items():
    _add_field(_field, _value)


@event.case("describe", "missing fields are empty")
async def _(server: Server, language: Language) -> None:
    assert not any((await described(server))["event"].values())


@event.case("describe", "header names in any case")
async def _(server: Server, language: Language) -> None:
    assert (await described(server, **{"EVENT-ID": "1"}))["event"]["id"] == "1"


@event.case("describe", "CloudEvents attributes")
async def _(server: Server, language: Language) -> None:
    sent = {"ce-id": "7", "ce-source": "/here", "ce-type": "made", "ce-specversion": "1.0", "ce-kafkakey": "k"}
    found = (await described(server, **sent))["ce"]
    assert {name.lower(): value for name, value in found.items()} == sent


@event.case("describe", "function name")
async def _(server: Server, language: Language) -> None:
    assert (await described(server))["context"]["name"].lower() == "run"


@event.case("describe", "timeout")
async def _(server: Server, language: Language) -> None:
    assert float((await described(server))["context"]["timeout"]) == 10


@event.case("describe", "runtime")
async def _(server: Server, language: Language) -> None:
    assert (await described(server))["context"]["runtime"] == language.runtime


@event.case("describe", "memory limit")
async def _(server: Server, language: Language) -> None:
    assert (await described(server))["context"]["memory"] == "128Mi"


@event.case("describe", "method")
async def _(server: Server, language: Language) -> None:
    assert (await described(server))["request"]["method"] == "POST"


@event.case("describe", "path")
async def _(server: Server, language: Language) -> None:
    assert (await described(server))["request"]["path"] == "/some/path"


@event.case("describe", "query")
async def _(server: Server, language: Language) -> None:
    assert (await described(server))["request"]["query"] == "a b"


@event.case("describe", "request header")
async def _(server: Server, language: Language) -> None:
    assert (await described(server, x_test="there"))["request"]["header"] == "there"


@event.case("act", "variables of the function", OWN_SETTING="of the function")
async def _(server: Server, language: Language) -> None:
    assert (await server.post("env OWN_SETTING")).text == "of the function"
