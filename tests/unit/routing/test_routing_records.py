from typing import Any

import pytest

from kubeless.core.jsontypes import JsonObject
from kubeless.routing.endpoints import Endpoint, SliceRecord, is_usable, merge, record_slice
from kubeless.routing.functions import FunctionRecord, record_function


def make_function(**spec: Any) -> JsonObject:
    return {"metadata": {"namespace": "default", "name": "hello"}, "spec": spec}


def test_a_function_is_reduced_to_what_routing_needs() -> None:
    obj = {
        "metadata": {"namespace": "shop", "name": "bill", "labels": {"function": "bill"}, "generation": 4},
        "spec": {
            "timeout": "20",
            "function": "x" * 1000,
            "service": {"ports": [{"name": "http-function-port", "port": 9000, "targetPort": 8080}]},
        },
    }
    assert record_function(obj) == FunctionRecord("shop", "bill", {"function": "bill"}, 20.0, 9000, 4)


@pytest.mark.parametrize("timeout", [None, "", "soon", "-1", "0", "nan", "inf", [], {}])
def test_a_timeout_that_is_none_gives_the_default(timeout: Any) -> None:
    assert record_function(make_function(timeout=timeout)).timeout == 180.0


@pytest.mark.parametrize(
    "service",
    [None, "x", {}, {"ports": None}, {"ports": []}, {"ports": [None]}, {"ports": [{"port": 70000}]}],
)
def test_a_port_that_is_none_gives_the_default(service: Any) -> None:
    assert record_function(make_function(service=service)).port == 8080


@pytest.mark.parametrize("spec", [None, [], "x"])
def test_a_spec_that_is_no_object_does_not_stop_routing(spec: Any) -> None:
    assert record_function({"metadata": {"name": "hello", "labels": None}, "spec": spec}).timeout == 180.0


def make_slice(**changes: Any) -> JsonObject:
    return {
        "metadata": {"namespace": "default", "name": "hello-x", "labels": {"kubernetes.io/service-name": "hello"}},
        "addressType": "IPv4",
        "ports": [{"name": "http-function-port", "port": 8081, "protocol": "TCP"}],
        "endpoints": [{"addresses": ["10.0.0.1"], "conditions": {"ready": True}}],
        **changes,
    }


def endpoints_of(obj: JsonObject) -> tuple[Endpoint, ...]:
    record = record_slice(obj)
    assert record is not None
    return record.endpoints


def test_a_slice_is_reduced_to_its_usable_addresses() -> None:
    assert record_slice(make_slice()) == SliceRecord("default", "hello", "IPv4", (Endpoint("10.0.0.1", 8081),))


@pytest.mark.parametrize(
    ("conditions", "usable"),
    [
        ({}, True),
        ({"ready": None}, True),
        ({"ready": True, "terminating": False}, True),
        ({"ready": False}, False),
        ({"ready": False, "serving": True, "terminating": True}, False),
        ({"ready": True, "terminating": True}, False),
    ],
)
def test_only_ready_endpoints_that_stay_are_used(conditions: JsonObject, usable: bool) -> None:
    assert is_usable(conditions) is usable


def test_our_port_is_preferred_to_the_first_one() -> None:
    ports = [{"name": "metrics", "port": 1}, {"name": "http-function-port", "port": 2}]
    assert endpoints_of(make_slice(ports=ports)) == (Endpoint("10.0.0.1", 2),)
    ports = [{"name": "dns", "port": 53, "protocol": "UDP"}, {"name": "web", "port": 3}, {"name": "more", "port": 4}]
    assert endpoints_of(make_slice(ports=ports)) == (Endpoint("10.0.0.1", 3),)


@pytest.mark.parametrize(
    "changes",
    [
        {"metadata": {"namespace": "default", "name": "x", "labels": None}},
        {"ports": None},
        {"ports": [{"name": "", "port": None}]},
        {"addressType": "FQDN"},
    ],
)
def test_a_slice_that_leads_nowhere_is_dropped(changes: JsonObject) -> None:
    assert record_slice(make_slice(**changes)) is None


def test_a_slice_without_endpoints_is_known_to_be_empty() -> None:
    assert endpoints_of(make_slice(endpoints=None)) == ()


def test_an_endpoint_in_two_slices_counts_once_and_one_family_is_chosen() -> None:
    one, two, six = Endpoint("10.0.0.1", 1), Endpoint("10.0.0.2", 1), Endpoint("fd00::1", 1)
    slices = [
        SliceRecord("default", "hello", "IPv6", (six,)),
        SliceRecord("default", "hello", "IPv4", (one,)),
        SliceRecord("default", "hello", "IPv4", (one, two)),
    ]
    assert merge(slices) == (one, two)
    assert merge(slices[:1]) == (six,)
    assert merge([]) == ()
