"""Counts the calls of its worker: what a module keeps lives on between calls."""

import asyncio

calls = 0


async def count(event, context):
    global calls
    calls += 1
    await asyncio.sleep(0)
    return {"calls": calls, "function": context["function-name"]}
