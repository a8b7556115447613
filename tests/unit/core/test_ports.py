"""A port that is taken is explained with its owner."""

import errno
import os
import socket
import sys

import pytest

from kubeless.core.ports import PortTaken, explain_bind_error, port_owner


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells who owns a port")
def test_the_owner_of_a_port_is_found() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        assert port_owner(port) == os.getpid()
    assert port_owner(port) is None


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells who owns a port")
def test_a_taken_port_names_the_process_and_the_remedy() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        error = explain_bind_error(
            OSError(errno.EADDRINUSE, "in use"), host="127.0.0.1", port=port, purpose="admin port"
        )
    assert isinstance(error, PortTaken)
    assert f"admin port 127.0.0.1:{port}: already taken by the process with PID {os.getpid()}" in str(error)
    assert "choose another port" in str(error)
