"""What the benchmark makes of what it is told."""

import pytest

from bench.processes import Failed
from bench.runtimerows import OLD, Figures, rows
from bench.wrk import Measured, read

_TOLD = """\
Running 1s test @ http://127.0.0.1:1/
  1 threads and 2 connections
  Thread Stats   Avg      Stdev     Max   +/- Stdev
    Latency     1.70ms    3.68ms  35.85ms   92.74%
    Req/Sec     2.46k   574.95     3.73k    99.00%
  Latency Distribution
     50%  464.00us
     99%   19.77ms
  2696 requests in 1.10s, 0.92MB read
{failed}Requests/sec:   2450.70
"""


def _figures(rate: float, start: float = 0.1) -> Figures:
    return Figures(Measured(rate, 0.002), Measured(rate, 0.002), start, 30.0)


@pytest.mark.parametrize(
    ("told", "seconds"), [("464.00us", 464e-6), ("19.77ms", 0.01977), ("1.20s", 1.2), ("2.00m", 120)]
)
def test_latency_is_read_in_each_unit(told: str, seconds: float) -> None:
    found = read(_TOLD.format(failed="").replace("19.77ms", told), "hello")
    assert found.rate == 2450.7
    assert found.p99 == pytest.approx(seconds)


@pytest.mark.parametrize("failed", ["  Non-2xx or 3xx responses: 3\n", "  Socket errors: connect 0, read 2\n"])
def test_a_rate_of_failures_is_worth_nothing(failed: str) -> None:
    with pytest.raises(Failed, match="wrk on hello"):
        read(_TOLD.format(failed=failed), "hello")


def test_the_old_way_stands_beside_python_only() -> None:
    lines = rows({"python": _figures(9000), OLD: _figures(450, 0.2), "go": _figures(40_000)})
    assert [line.what.split(",")[0] for line in lines] == ["runtime python"] * 4 + ["runtime go"] * 4
    assert [line.other for line in lines] == [450, 450, 200, 30, None, None, None, None]
    assert lines[0].note == "p99 2.0 ms (2.0 ms)"


def test_budgets_are_those_of_the_language() -> None:
    lines = rows({"python": _figures(9000), "nodejs": _figures(9000, 0.2), "go": _figures(1)})
    met = {line.what: line.met for line in lines if line.met is not None}
    assert met == {
        "runtime python, hello": True,
        "runtime python, cold start": True,
        "runtime nodejs, hello": False,
        "runtime nodejs, cold start": False,
    }
