"""What is counted goes when its route or function goes."""

from prometheus_client import CollectorRegistry, generate_latest

from kubeless.gateway.metrics import GatewayMetrics


def counted(metrics: GatewayMetrics, route: str, function: str) -> None:
    metrics.ended(route=route, function=function, status=200, outcome="answered", seconds=0.01)


def test_series_of_a_route_and_of_a_function_can_be_forgotten() -> None:
    registry = CollectorRegistry()
    metrics = GatewayMetrics(registry)
    counted(metrics, "default/a", "default/f")
    counted(metrics, "default/b", "default/f")
    counted(metrics, "default/b", "default/g")
    metrics.forget_route("default/a")
    text = generate_latest(registry).decode()
    assert "default/a" not in text
    assert 'function="default/f",outcome="answered",route="default/b",status="2xx"} 1.0' in text
    metrics.forget_function("default/f")
    assert "default/f" not in generate_latest(registry).decode()
    counted(metrics, "default/a", "default/f")
    assert 'route="default/a",status="2xx"} 1.0' in generate_latest(registry).decode()


def test_a_client_that_got_no_answer_is_counted_as_such() -> None:
    registry = CollectorRegistry()
    GatewayMetrics(registry).ended(route="", function="", status=0, outcome="client_gone", seconds=1)
    assert 'outcome="client_gone",route="",status="none"} 1.0' in generate_latest(registry).decode()
