"""A service ends when it is told to, whether it has started or not."""

import asyncio
import logging
import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from kubeless.core.errors import KubelessError
from kubeless.core.lifecycle import main, run_service


def test_a_service_is_left_in_order_when_it_is_told_to_stop() -> None:
    steps: list[str] = []

    @asynccontextmanager
    async def serve() -> AsyncIterator[None]:
        steps.append("started")
        asyncio.get_running_loop().call_soon(os.kill, os.getpid(), signal.SIGTERM)
        yield
        steps.append("drained")

    assert run_service(serve) == 0
    assert steps == ["started", "drained"]


def test_a_service_that_cannot_start_yet_ends_when_it_is_told_to() -> None:
    @asynccontextmanager
    async def serve() -> AsyncIterator[None]:
        asyncio.get_running_loop().call_soon(os.kill, os.getpid(), signal.SIGTERM)
        await asyncio.Event().wait()
        yield

    assert run_service(serve) == 0


def test_an_error_that_a_person_can_mend_is_exit_code_one() -> None:
    @asynccontextmanager
    async def serve() -> AsyncIterator[None]:
        raise KubelessError("the port is taken")
        yield

    assert run_service(serve) == 1


def test_a_log_level_that_does_not_exist_is_told_and_nothing_starts(capsys: pytest.CaptureFixture[str]) -> None:
    @asynccontextmanager
    async def serve() -> AsyncIterator[None]:
        raise AssertionError("started")
        yield

    handlers, level = logging.getLogger().handlers, logging.getLogger().level
    try:
        assert main(serve, {"KUBELESS_LOG_LEVEL": "loud"}) == 1
    finally:
        logging.getLogger().handlers, logging.getLogger().level = handlers, level
    assert "KUBELESS_LOG_LEVEL" in capsys.readouterr().err
