"""Loopback addresses for pods."""

import socket
import sys
from pathlib import Path

import pytest

from kubeless.local.node.addresses import AddressPool, NoAddress

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="elsewhere pods share 127.0.0.1")


def test_each_pod_has_an_address_of_its_own_and_keeps_it_over_a_restart(tmp_path: Path) -> None:
    pool = AddressPool(data_dir=tmp_path, own_addresses=True)
    first, second = pool.take("a", [8080]), pool.take("b", [8080])
    assert first.host != second.host
    again = AddressPool(data_dir=tmp_path, own_addresses=True)
    assert again.take("b", [8080], wanted=second.host) == second


def test_an_address_whose_port_is_taken_is_not_given_out(tmp_path: Path) -> None:
    pool = AddressPool(data_dir=tmp_path, subnet="127.203.0.0/30", own_addresses=True)
    with socket.socket() as other:
        other.bind(("127.203.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        assert pool.take("a", [port]).host == "127.203.0.2"
        with pytest.raises(NoAddress):
            pool.take("b", [port])
    pool.give_back("a")
    assert pool.take("b", [port])


def test_a_subnet_that_is_not_loopback_is_refused(tmp_path: Path) -> None:
    with pytest.raises(NoAddress, match=r"127\.0\.0\.0/8"):
        AddressPool(data_dir=tmp_path, subnet="10.0.0.0/24")
