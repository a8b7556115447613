"""What is counted goes when its route or function goes."""

from prometheus_client import CollectorRegistry, generate_latest

from kubeless.gateway.metrics import GatewayMetrics


def counted(metrics: GatewayMetrics, route: str, function: str) -> None:
    metrics.ended(route=route, function=function, method="GET", status=200, outcome="answered", seconds=0.01)


def test_series_of_a_route_and_of_a_function_can_be_forgotten() -> None:
    registry = CollectorRegistry()
    metrics = GatewayMetrics(registry)
    counted(metrics, "default/a", "default/f")
    counted(metrics, "default/b", "default/f")
    counted(metrics, "default/b", "default/g")
    metrics.forget_route("default/a")
    text = generate_latest(registry).decode()
    assert "default/a" not in text
    assert 'code="200",function="default/f",method="GET",outcome="answered",route="default/b"} 1.0' in text
    metrics.forget_function("default/f")
    assert "default/f" not in generate_latest(registry).decode()
    counted(metrics, "default/a", "default/f")
    assert 'outcome="answered",route="default/a"} 1.0' in generate_latest(registry).decode()


def test_a_client_that_got_no_answer_is_counted_as_such() -> None:
    registry = CollectorRegistry()
    GatewayMetrics(registry).ended(route="", function="", method="GET", status=0, outcome="client_gone", seconds=1)
    assert (
        'code="none",function="",method="GET",outcome="client_gone",route=""} 1.0' in generate_latest(registry).decode()
    )


def test_methods_that_clients_make_up_are_one_name() -> None:
    registry = CollectorRegistry()
    metrics = GatewayMetrics(registry)
    for method in ("BREW", "brew", "get"):
        metrics.ended(route="r", function="f", method=method, status=405, outcome="method_not_allowed", seconds=0)
    labels = {"route": "r", "function": "f", "method": "other", "code": "405", "outcome": "method_not_allowed"}
    assert registry.get_sample_value("kubeless_gateway_requests_total", labels) == 3


def test_durations_are_cumulated_as_prometheus_wants_them() -> None:
    registry = CollectorRegistry()
    metrics = GatewayMetrics(registry)
    for seconds in (0.001, 0.002, 7.0, 1000.0):
        metrics.ended(route="r", function="f", method="GET", status=200, outcome="answered", seconds=seconds)
    name, labels = "kubeless_gateway_request_duration_seconds", {"route": "r", "function": "f"}
    counts = [registry.get_sample_value(f"{name}_bucket", {**labels, "le": le}) for le in ("0.001", "0.0025", "10.0")]
    assert counts == [1, 2, 3]
    assert registry.get_sample_value(f"{name}_count", labels) == 4
    assert registry.get_sample_value(f"{name}_sum", labels) == 1007.003
