"""The nats-server of the local platform."""

import asyncio
import os
import signal
import sys
from pathlib import Path

import pytest

from kubeless.local.nats.server import NatsServer, NatsServerFailed, NatsServerMissing, find_program
from support.kafkaworld import until
from support.natsworld import connected, make_stream, publish_all

_PLATFORM = """
import asyncio, sys
from pathlib import Path
from kubeless.local.nats.server import NatsServer

async def main():
    async with NatsServer(Path(sys.argv[1]), port=0) as server:
        sys.stderr.write(f"port {server.port}\\n")
        await asyncio.sleep(60)

asyncio.run(main())
"""


async def test_streams_are_there_again_after_a_restart(tmp_path: Path) -> None:
    async with NatsServer(tmp_path, port=0) as server, connected(server.url) as client:
        await make_stream(client, "S", "s")
        await publish_all(client, "s", [b"kept"])
    async with NatsServer(tmp_path, port=0) as server, connected(server.url) as client:
        assert (await client.jetstream().get_last_msg("S", "s")).data == b"kept"


async def test_a_port_that_is_taken_is_told(tmp_path: Path) -> None:
    async with NatsServer(tmp_path / "a", port=0) as server:
        with pytest.raises(NatsServerFailed, match="address already in use"):
            async with NatsServer(tmp_path / "b", port=server.port):
                pass


async def test_the_server_goes_when_the_platform_is_killed(tmp_path: Path) -> None:
    platform = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", _PLATFORM, str(tmp_path)),
        env=os.environ | {"PYTHONPATH": "services"},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    assert platform.stderr is not None
    port = 0
    while not port:
        line = await asyncio.wait_for(platform.stderr.readline(), 20)
        port = int(line.split()[1]) if line.startswith(b"port ") else 0
    platform.send_signal(signal.SIGKILL)
    await platform.communicate()

    async def gone() -> bool:
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", port)
        except OSError:
            return True
        writer.close()
        return False

    await until(gone)


def test_a_missing_server_is_told_with_what_to_do() -> None:
    with pytest.raises(NatsServerMissing, match="KUBELESS_NATS_SERVER: nowhere"):
        find_program({"KUBELESS_NATS_SERVER": "nowhere"})
