"""State outlives the process, however it ends."""

import asyncio
import os
import signal
import subprocess
import sys
from pathlib import Path

import orjson
import pytest
from aiohttp import ClientSession

from kubeless.core.jsontypes import JsonObject
from kubeless.core.ports import PortTaken
from kubeless.local.apiserver.server import ApiServer
from kubeless.local.apiserver.storage.database import DatabaseError

CONFIG_MAPS = "/api/v1/namespaces/default/configmaps"
SERVE = """
import asyncio, sys
from pathlib import Path
from kubeless.local.apiserver.server import ApiServer

async def serve() -> None:
    async with ApiServer(database=Path(sys.argv[1])) as server:
        print(server.url, flush=True)
        await asyncio.Event().wait()

asyncio.run(serve())
"""


async def create(session: ClientSession, url: str, name: str) -> JsonObject:
    body: JsonObject = {"metadata": {"name": name}}
    async with session.post(url + CONFIG_MAPS, json=body) as response:
        assert response.status == 201
        created: JsonObject = await response.json()
        return created


async def test_everything_that_was_confirmed_survives_kill_9(tmp_path: Path) -> None:
    database = tmp_path / "state.db"
    child = subprocess.Popen(  # noqa: ASYNC220 # starting it is quick, and it is killed, not awaited
        [sys.executable, "-c", SERVE, str(database)],
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)},
    )
    assert child.stdout is not None
    confirmed: list[JsonObject] = []
    try:
        url = (await asyncio.to_thread(child.stdout.readline)).decode().strip()
        async with ClientSession() as session:
            for batch in range(10):
                names = [f"n{batch}-{index}" for index in range(10)]
                confirmed += await asyncio.gather(*(create(session, url, name) for name in names))
            unconfirmed = [asyncio.ensure_future(create(session, url, f"late-{index}")) for index in range(20)]
            await asyncio.sleep(0)
            child.send_signal(signal.SIGKILL)
            await asyncio.gather(*unconfirmed, return_exceptions=True)
    finally:
        child.kill()
        child.wait()
        child.stdout.close()
    async with ApiServer(database=database) as server, ClientSession() as session:
        async with session.get(server.url + CONFIG_MAPS) as response:
            after = await response.json()
        stored = {item["metadata"]["name"]: item for item in after["items"]}
        for obj in confirmed:
            assert stored[obj["metadata"]["name"]] == obj
        newest = max(int(item["metadata"]["resourceVersion"]) for item in after["items"])
        assert int((await create(session, server.url, "new"))["metadata"]["resourceVersion"]) > newest


async def test_a_watch_from_before_the_restart_has_to_list_anew(tmp_path: Path) -> None:
    database = tmp_path / "state.db"
    async with ApiServer(database=database) as server, ClientSession() as session:
        version = (await create(session, server.url, "a"))["metadata"]["resourceVersion"]
    async with ApiServer(database=database) as server, ClientSession() as session:
        query = {"watch": "1", "resourceVersion": version}
        async with session.get(server.url + CONFIG_MAPS, params=query) as response:
            event = orjson.loads(await response.content.readline())
    assert (event["type"], event["object"]["code"], event["object"]["reason"]) == ("ERROR", 410, "Expired")


async def test_work_begun_before_the_restart_is_finished_after_it(tmp_path: Path) -> None:
    database = tmp_path / "state.db"
    async with ApiServer(database=database) as server, ClientSession() as session:
        owner = await create(session, server.url, "owner")
        reference = {"apiVersion": "v1", "kind": "ConfigMap", "name": "owner", "uid": owner["metadata"]["uid"]}
        body = {"metadata": {"name": "dependent", "ownerReferences": [reference]}}
        async with session.post(server.url + CONFIG_MAPS, json=body) as response:
            assert response.status == 201
        async with session.delete(f"{server.url}{CONFIG_MAPS}/owner") as response:
            assert response.status == 200
    async with ApiServer(database=database) as server, ClientSession() as session, asyncio.timeout(10):
        while True:
            async with session.get(f"{server.url}{CONFIG_MAPS}/dependent") as response:
                if response.status == 404:
                    break
            await asyncio.sleep(0.02)


async def test_a_taken_port_names_its_owner() -> None:
    async with ApiServer() as server:
        with pytest.raises(PortTaken, match=str(os.getpid())):
            async with ApiServer(port=server.port):
                pass


async def test_a_file_that_is_no_state_file_is_refused(tmp_path: Path) -> None:
    database = tmp_path / "state.db"
    database.write_text("this is not a database, but a longer text than SQLite's header")
    with pytest.raises(DatabaseError, match=r"state\.db"):
        async with ApiServer(database=database):
            pass
