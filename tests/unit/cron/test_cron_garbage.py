"""When there is time to look for garbage."""

from kubeless.cron_scheduler.garbage import EVERY, MARGIN, QuietCollector


class Collections:
    """Collections that take a while, on a clock of their own."""

    def __init__(self, takes: float) -> None:
        self.now = 100.0
        self.count = 0
        self._takes = takes

    def collect(self) -> None:
        self.count += 1
        self.now += self._takes


def test_what_is_known_at_the_start_is_looked_at_at_once() -> None:
    made = Collections(0.25)
    QuietCollector(collect=made.collect, clock=lambda: made.now)
    assert made.count == 1


def test_there_is_a_collection_now_and_then_and_only_where_it_fits() -> None:
    made = Collections(0.25)
    collector = QuietCollector(collect=made.collect, clock=lambda: made.now)
    collector.quiet(1.0)
    assert made.count == 1
    made.now += EVERY
    collector.quiet(0.25 * MARGIN - 0.01)
    assert made.count == 1
    collector.quiet(0.25 * MARGIN + 0.01)
    assert made.count == 2
    collector.quiet(1.0)
    assert made.count == 2
