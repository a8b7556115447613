import os
from pathlib import Path

import pytest

from kubeless.runtimes.python.kubeless_runtime.backoff import Backoff
from kubeless.runtimes.python.kubeless_runtime.overdue import Overdue
from kubeless.runtimes.python.kubeless_runtime.paths import order
from kubeless.runtimes.python.kubeless_runtime.scoreboard import Scoreboard
from kubeless.runtimes.python.kubeless_runtime.settings import SettingError, load

NAMED = {"MOD_NAME": "hello", "FUNC_HANDLER": "run"}


def test_everything_but_the_functions_name_has_a_default() -> None:
    settings = load({**NAMED, "FUNC_PORT": "", "FUNC_TIMEOUT": ""})

    assert (settings.port, settings.timeout, settings.volume) == (8080, 180.0, "/kubeless")
    assert (settings.max_body, settings.shutdown_timeout) == (104857600, 10.0)
    assert settings.workers >= 1


def test_body_limit_may_be_given_in_megabytes_or_bytes() -> None:
    assert load({**NAMED, "REQ_MB_LIMIT": "2"}).max_body == 2 * 1024 * 1024
    assert load({**NAMED, "FUNC_MEMFILE_MAX": "5"}).max_body == 5


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("MOD_NAME", ""),
        ("MOD_NAME", "../etc/passwd"),
        ("MOD_NAME", "a\0b"),
        ("MOD_NAME", "a\\b"),
        ("MOD_NAME", ".."),
        ("FUNC_HANDLER", ""),
        ("FUNC_HANDLER", "a.b"),
        ("FUNC_PORT", "0"),
        ("FUNC_PORT", "65536"),
        ("FUNC_PORT", "9" * 5000),
        ("FUNC_PORT", "http"),
        ("FUNC_TIMEOUT", "0"),
        ("FUNC_TIMEOUT", "-1"),
        ("FUNC_TIMEOUT", "nan"),
        ("FUNC_TIMEOUT", "inf"),
        ("FUNC_TIMEOUT", "3m"),
        ("FUNC_WORKERS", "0"),
        ("FUNC_THREADS", "²"),
        ("REQ_MB_LIMIT", "x"),
        ("SHUTDOWN_TIMEOUT", "soon"),
    ],
)
def test_unusable_values_are_named_with_a_remedy(name: str, value: str) -> None:
    with pytest.raises(SettingError, match=f"{name}=.* cannot be used: give "):
        load({**NAMED, name: value})


def test_the_functions_files_come_behind_the_standard_library() -> None:
    library = str(Path(os.__file__).parent)

    ordered = order(["/f/lib/x", "/f", "/other", library, "/site-packages"], volume="/f")

    assert ordered[:4] == ["/other", library, "/f/lib/x", "/f"]
    assert ordered[-1] == "/site-packages"
    assert order([library], volume="/f")[-1] == "/f"


def test_a_folder_whose_name_only_begins_like_the_volume_stays() -> None:
    assert order(["/functions"], volume="/f")[-1] == "/functions"


def test_the_first_worker_that_dies_is_replaced_at_once_the_next_ones_later() -> None:
    backoff = Backoff()
    pauses = []
    for now in (100.0, 200.0, 300.0, 400.0):
        backoff.fail(now)
        pauses.append(max(0.0, backoff.until - now))

    assert pauses == [0.0, pytest.approx(0.1), pytest.approx(0.2), pytest.approx(0.4)]
    assert backoff.exhausted


def test_a_worker_that_served_for_a_while_ends_the_backoff() -> None:
    backoff = Backoff()
    backoff.fail(1.0)
    backoff.fail(2.0)
    backoff.settle(60.0)
    backoff.fail(3.0)

    assert backoff.until <= 3.0


def test_a_worker_is_overdue_when_it_does_not_see_to_its_deadline() -> None:
    overdue = Overdue(timeout=10.0, tick=1.0)
    slot = Scoreboard(1).slot(0)
    slot.beat, slot.deadline = 100.0, 105.0

    assert overdue.judge(slot, 107.9) is None
    assert "over its timeout" in (overdue.judge(slot, 108.1) or "")


def test_a_worker_is_overdue_when_its_interpreter_stands_still() -> None:
    overdue = Overdue(timeout=10.0, tick=1.0)
    slot = Scoreboard(1).slot(0)
    assert overdue.judge(slot, 1000.0) is None, "it has not begun yet"
    slot.beat = 100.0

    assert overdue.judge(slot, 139.0) is None
    assert "has not run" in (overdue.judge(slot, 141.0) or "")


def test_nothing_is_judged_right_after_the_whole_container_was_paused() -> None:
    overdue = Overdue(timeout=10.0, tick=1.0)

    due = [overdue.is_due(now) for now in (1.0, 2.0, 2.5, 3.0, 500.0, 501.0)]

    assert due == [False, True, False, True, False, True]
