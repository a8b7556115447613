"""Work that one replica of a service does at a time."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import AsyncExitStack, asynccontextmanager

from kubeless.kube.lease import Leadership


@asynccontextmanager
async def leading(
    leadership: Leadership | None, work: Callable[[], Coroutine[None, None, None]]
) -> AsyncIterator[None]:
    """Do `work` while the body runs, whenever this replica leads; without a leadership, always."""
    async with AsyncExitStack() as stack:
        if leadership is None:
            job = work()
        else:
            await stack.enter_async_context(leadership)
            job = leadership.lead(work)
        async with asyncio.TaskGroup() as group:
            task = group.create_task(job, name="work of the leader")
            yield
            task.cancel()
