from prometheus_client.parser import text_string_to_metric_families

from kubeless.runtimes.python.kubeless_runtime.metrics import render
from kubeless.runtimes.python.kubeless_runtime.scoreboard import Scoreboard


def samples(board: Scoreboard) -> dict[tuple[str, str, str], float]:
    page = render(board.totals(), replacements=board.replacements)
    return {
        (sample.name, sample.labels.get("method", ""), sample.labels.get("le", "")): sample.value
        for family in text_string_to_metric_families(page)
        for sample in family.samples
    }


def test_calls_of_all_workers_are_added_up() -> None:
    board = Scoreboard(2)
    board.slot(0).count_call("GET", seconds=0.004, failed=False)
    board.slot(1).count_call("GET", seconds=0.3, failed=True)
    board.slot(1).count_call("POST", seconds=99.0, failed=False)

    found = samples(board)

    assert found["function_calls_total", "GET", ""] == 2.0
    assert found["function_failures_total", "GET", ""] == 1.0
    assert found["function_failures_total", "POST", ""] == 0.0
    assert found["function_duration_seconds_sum", "GET", ""] == 0.304
    assert found["function_duration_seconds_count", "POST", ""] == 1.0


def test_buckets_are_cumulative_and_include_their_bound() -> None:
    board = Scoreboard(1)
    for seconds in (0.005, 0.006, 10.0, 10.1):
        board.slot(0).count_call("GET", seconds=seconds, failed=False)

    found = samples(board)

    buckets = {le: value for (name, _, le), value in found.items() if name == "function_duration_seconds_bucket"}
    assert (buckets["0.005"], buckets["0.01"], buckets["7.5"], buckets["10.0"], buckets["+Inf"]) == (1, 2, 2, 3, 4)


def test_a_worker_that_takes_over_a_slot_counts_on() -> None:
    board = Scoreboard(1)
    board.slot(0).count_call("GET", seconds=1.0, failed=False)
    board.slot(0).count_call("GET", seconds=1.0, failed=False)

    assert samples(board)["function_calls_total", "GET", ""] == 2.0


def test_methods_that_clients_make_up_share_one_label() -> None:
    board = Scoreboard(1)
    for method in ("BREW", "FOO", "get"):
        board.slot(0).count_call(method, seconds=0.1, failed=False)

    assert samples(board)["function_calls_total", "OTHER", ""] == 3.0


def test_methods_that_were_not_called_are_left_out() -> None:
    assert samples(Scoreboard(1)) == {("function_workers_replaced_total", "", ""): 0.0}


def test_the_text_is_that_of_the_original_runtime() -> None:
    board = Scoreboard(1)
    board.slot(0).count_call("GET", seconds=0.5, failed=False)

    lines = render(board.totals(), replacements=0).splitlines()

    assert lines[:2] == [
        "# HELP function_duration_seconds Duration of user function in seconds",
        "# TYPE function_duration_seconds histogram",
    ]
    assert 'function_duration_seconds_bucket{le="0.75",method="GET"} 1.0' in lines
    assert 'function_calls_total{method="GET"} 1.0' in lines
