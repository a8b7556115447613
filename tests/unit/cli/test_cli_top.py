"""What `function top` makes of the metrics of functions."""

import pytest

from kubeless.cli.function.metrics import (
    NOT_EXPOSED,
    FunctionMetrics,
    UnreadableMetrics,
    objects,
    parse_metrics,
    rows,
)

TEXT = """\
# HELP function_calls_total Number of calls
# TYPE function_calls_total counter
function_calls_total{method="POST"} 4.0
function_calls_total{method="GET"} 1 1700000000000
function_failures_total{method="POST"} 1.0
function_duration_seconds_bucket{method="POST",le="0.005"} 3.0
function_duration_seconds_sum{method="POST"} 0.5
function_duration_seconds_count{method="POST"} 4.0
process_open_fds 7
"""


def test_each_method_is_a_row_with_its_average() -> None:
    assert rows([FunctionMetrics("bill", "team", parse_metrics(TEXT))]) == [
        ("bill", "team", "GET", "1", "0", "0", "0", ""),
        ("bill", "team", "POST", "4", "1", "0.5", "0.125", ""),
    ]


def test_a_function_that_was_never_called_is_one_row_of_zeros() -> None:
    never = FunctionMetrics("bill", "team", parse_metrics("# TYPE function_calls_total counter\n"))
    assert rows([never]) == [("bill", "team", "", "0", "0", "0", "0", "")]
    assert objects([never]) == [{"function": "bill", "namespace": "team"}]


def test_programs_get_numbers_and_no_empty_fields() -> None:
    post = objects([FunctionMetrics("bill", "team", parse_metrics(TEXT))])[1]
    assert post == {
        "function": "bill",
        "namespace": "team",
        "method": "POST",
        "total_calls": 4,
        "total_failures": 1,
        "total_duration_seconds": 0.5,
        "avg_duration_seconds": 0.125,
    }
    away = FunctionMetrics("bill", "team", message=NOT_EXPOSED)
    assert objects([away]) == [{"function": "bill", "namespace": "team", "message": NOT_EXPOSED}]


def test_metrics_without_methods_are_counted_together() -> None:
    counts = parse_metrics('function_calls_total 2\nfunction_calls_total{code="200"} 3\n')
    assert counts[""].calls == 5


def test_a_method_may_hold_what_the_format_escapes() -> None:
    assert list(parse_metrics(r'function_calls_total{a="x",method="he said \"GO\""} 1')) == ['he said "GO"']


@pytest.mark.parametrize("text", ["hello world\n", "<html>", "function_calls_total{} many", '{"a": 1}'])
def test_an_answer_of_the_function_itself_is_not_taken_for_metrics(text: str) -> None:
    with pytest.raises(UnreadableMetrics):
        parse_metrics(text)


def test_a_value_that_is_no_number_is_passed_over() -> None:
    assert parse_metrics("function_calls_total NaN\n") == {}
