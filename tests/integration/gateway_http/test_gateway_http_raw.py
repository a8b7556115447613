"""Every raw request of the table gets its status, and reaches a function only if it is one unambiguous request."""

import pytest

from support.rawcases import CASES, Case
from support.rawhttp import Recorder, gateway, statuses, talk


def test_the_table_is_as_long_as_promised() -> None:
    assert len({case.raw for case in CASES}) >= 150


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name[:60].encode("unicode_escape").decode())
async def test_a_raw_request_is_answered_and_forwarded_as_the_table_says(case: Case) -> None:
    recorder = Recorder()
    async with gateway(recorder.serve) as world:
        answer = await talk(world.port, case.raw)
    assert statuses(answer) == case.statuses, answer
    assert recorder.errors == []
    assert sum(request.complete for request in recorder.requests) <= case.forwarded
    if set(case.statuses) == {200}:
        assert sum(request.complete for request in recorder.requests) == case.forwarded or b"OPTIONS *" in case.raw
    assert b"/smuggled" not in b"".join(request.target for request in recorder.requests) or case.name == "0.CL"
