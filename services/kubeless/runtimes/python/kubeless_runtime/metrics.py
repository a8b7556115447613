"""The scoreboard in Prometheus' text format, with the names and labels of the original runtime."""

from __future__ import annotations

from .scoreboard import BUCKETS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .scoreboard import Totals

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


def render(totals: dict[str, Totals], *, replacements: int) -> str:
    """The page for `GET /metrics`; `totals` by HTTP method."""
    lines = _histogram(totals)
    lines += _family("function_calls_total", "counter", "Number of calls to user function")
    lines += ['function_calls_total{method="%s"} %r' % (method, float(one.calls)) for method, one in totals.items()]
    lines += _family("function_failures_total", "counter", "Number of exceptions in user function")
    lines += [
        'function_failures_total{method="%s"} %r' % (method, float(one.failures)) for method, one in totals.items()
    ]
    lines += _family("function_workers_replaced_total", "counter", "Number of worker processes that ended unasked")
    lines.append("function_workers_replaced_total %r" % float(replacements))
    return "\n".join(lines) + "\n"


def _histogram(totals: dict[str, Totals]) -> list[str]:
    name = "function_duration_seconds"
    lines = _family(name, "histogram", "Duration of user function in seconds")
    bounds = [repr(bound) for bound in BUCKETS] + ["+Inf"]
    for method, one in totals.items():
        count = 0
        for bound, calls in zip(bounds, one.buckets):
            count += calls
            lines.append('%s_bucket{le="%s",method="%s"} %r' % (name, bound, method, float(count)))
        lines.append('%s_count{method="%s"} %r' % (name, method, float(count)))
        lines.append('%s_sum{method="%s"} %r' % (name, method, one.seconds))
    return lines


def _family(name: str, kind: str, text: str) -> list[str]:
    return ["# HELP %s %s" % (name, text), "# TYPE %s %s" % (name, kind)]
