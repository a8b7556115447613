"""The tracker commits exactly what is done, whatever the order."""

from hypothesis import given
from hypothesis import strategies as st

from kubeless.kafka_consumer.progress import Progress


def make(*offsets: int, start: int = 0, limit: int = 100) -> Progress:
    progress = Progress(start, limit=limit)
    for offset in offsets:
        assert progress.take(offset)
    return progress


def test_nothing_is_committable_before_the_first_is_done() -> None:
    progress = make(5, 6, start=5)
    assert progress.committable == progress.committed == 5


def test_a_gap_holds_back_what_is_done_above_it() -> None:
    progress = make(0, 1, 2)
    assert not progress.done(2)
    assert not progress.done(1)
    assert progress.committable == 0
    assert progress.done(0)
    assert progress.committable == 3


def test_offsets_that_do_not_exist_are_passed_over() -> None:
    progress = make(3, 9)
    progress.done(3)
    assert progress.committable == 9
    progress.done(9)
    assert progress.committable == 10


def test_the_bound_counts_what_is_done_behind_a_gap() -> None:
    progress = make(0, 1, 2, limit=3)
    progress.done(1)
    progress.done(2)
    assert progress.room == 0
    progress.done(0)
    assert progress.room == 3


def test_done_twice_or_for_an_unknown_offset_changes_nothing() -> None:
    progress = make(0)
    progress.done(0)
    assert not progress.done(0)
    assert not progress.done(7)
    assert progress.committable == 1


def test_after_rewinding_what_is_done_above_the_gap_is_not_taken_again() -> None:
    progress = make(0, 1, 2, 3)
    progress.done(1)
    progress.done(3)
    progress.rewind()
    assert (progress.position, progress.committable, progress.pending) == (0, 0, 0)
    assert [offset for offset in range(5) if progress.take(offset)] == [0, 2, 4]
    for offset in (0, 2, 4):
        progress.done(offset)
    assert progress.committable == 5


def test_it_continues_only_where_nobody_has_gone_further() -> None:
    progress = make(0, 1, 2)
    progress.done(0)
    progress.commit(1)
    assert progress.continues(1)
    assert not progress.continues(0)
    assert not progress.continues(2)


@given(st.data())
def test_committable_is_always_the_lowest_offset_that_is_not_done(data: st.DataObject) -> None:
    """Against a model that is too slow to use: takes, ends and rewinds in any order, with gaps in the log."""
    log = sorted(data.draw(st.sets(st.integers(0, 40), max_size=25)))
    progress = Progress(0, limit=1000)
    reading, done, pending = 0, set[int](), set[int]()
    for _ in range(data.draw(st.integers(0, 60))):
        step = data.draw(st.sampled_from(["take", "done", "rewind"]))
        if step == "take" and reading < len(log):
            offset = log[reading]
            reading += 1
            assert progress.take(offset) == (offset not in done)
            if offset not in done:
                pending.add(offset)
        elif step == "done" and pending:
            offset = data.draw(st.sampled_from(sorted(pending)))
            pending.discard(offset)
            done.add(offset)
            progress.done(offset)
        elif step == "rewind":
            pending.clear()
            progress.rewind()
            reading = next((index for index, offset in enumerate(log) if offset >= progress.position), len(log))
        undone = [offset for offset in log if offset not in done]
        assert not undone or progress.committable <= undone[0]
        assert all(offset in done for offset in log if offset < progress.committable)
        assert progress.pending == len(pending)
    # Nothing is held back for ever: once all is read and done, all is committable.
    for offset in log[reading:]:
        progress.take(offset)
    for offset in log:
        progress.done(offset)
    assert not log or progress.committable == log[-1] + 1 or reading == 0
