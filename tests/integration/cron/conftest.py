"""A cluster for schedulers."""

from collections.abc import AsyncIterator

import pytest

from support.cronworld import CronWorld, make_cron_world


@pytest.fixture
async def world() -> AsyncIterator[CronWorld]:
    async with make_cron_world() as made:
        yield made
