"""The gateway beside nginx, beside a plain aiohttp proxy, and beside nothing at all."""

import asyncio
import statistics

from bench import cores, wrk
from bench.http import beside
from bench.processes import python, result_of
from bench.proxies import AIOHTTP, DIRECT, GATEWAY, NGINX, Proxy, all_of_them, gateway, trigger
from bench.report import Row
from bench.scene import Scene
from bench.upstream import LARGE
from kubeless.api.resource import HTTP_TRIGGERS

CONNECTIONS = 32
ROUNDS = 3
SECONDS = 2.0
ROUTES = 10_000
LOADS = (
    wrk.Load("GET", "/hello/x"),
    wrk.Load("GET, every head different", "/hello/x", numbered=True),
    wrk.Load("1 kB POST", "/hello/x", 1000),
    wrk.Load("100 kB POST", "/hello/x", 100_000),
)
_AT_ONCE = 50

Rates = dict[str, list[float]]
"""Requests per second, of each round."""


async def run(scene: Scene) -> None:
    """Rates, latency at half load, large bodies, memory, and many routes."""
    if not wrk.is_there():
        scene.report.skip("gateway: wrk is not on PATH")
        return
    await scene.world.client.create(HTTP_TRIGGERS, trigger("hello"))
    async with all_of_them(scene) as proxies:
        _idle_memory(scene, proxies)
        for load in LOADS:
            rates, efforts = await _rates(scene, proxies, load)
            _tell(scene, load, rates, efforts)
            if load is LOADS[0]:
                await _latencies(scene, proxies, statistics.median(rates[GATEWAY]) / 2)
        await _large_bodies(scene, proxies)
    await many_routes(scene)


async def many_routes(scene: Scene) -> None:
    """Whether a route costs more when there are many, to requests that are each looked up."""
    load = LOADS[1]
    async with gateway(scene) as one:
        few = await _repeat(scene, one, load)
        scene.report.step(f"making {ROUTES:,} routes")
        for first in range(1, ROUTES, _AT_ONCE):
            made = (trigger(f"r{number}") for number in range(first, min(first + _AT_ONCE, ROUTES)))
            await asyncio.gather(*(scene.world.client.create(HTTP_TRIGGERS, each) for each in made))
        await scene.until_answers(one.port, f"/r{ROUTES - 1}")
        await _settled(scene, one)
        many = await _repeat(scene, one, load)
        memory = cores.memory_mib(one.pid) if one.pid is not None else None
    row = beside(f"gateway, {load.name}, {ROUTES:,} routes, per CPU second", many, few, "1 route", at_least=0.95)
    scene.report.add(row)
    if memory is not None:
        scene.report.add(Row(f"gateway, memory with {ROUTES:,} routes", memory[0], "MiB", note="less is better"))


async def _rates(scene: Scene, proxies: list[Proxy], load: wrk.Load) -> tuple[Rates, Rates]:
    """
    Requests per second, and per second of CPU time, round by round, each proxy in turn: what disturbs the machine
    disturbs all of them.
    """
    rates: Rates = {proxy.name: [] for proxy in proxies}
    efforts: Rates = {proxy.name: [] for proxy in proxies}
    for number in range(ROUNDS):
        scene.report.step(f"{load.name}, {CONNECTIONS} connections, round {number + 1} of {ROUNDS}")
        for proxy in proxies:
            rate, effort = await _measure(scene, proxy, load)
            rates[proxy.name].append(rate)
            if effort:
                efforts[proxy.name].append(effort)
    return rates, efforts


async def _repeat(scene: Scene, proxy: Proxy, load: wrk.Load) -> list[float]:
    """Requests per second of CPU time where the system tells, else per second."""
    figures = [await _measure(scene, proxy, load) for _ in range(ROUNDS)]
    return [effort or rate for rate, effort in figures]


async def _measure(scene: Scene, proxy: Proxy, load: wrk.Load) -> tuple[float, float]:
    """Requests per second, and per second of CPU time; 0 where that is not known."""
    before = _cpu_seconds(proxy)
    rate = await wrk.rate(load, proxy.port, connections=CONNECTIONS, seconds=SECONDS, folder=scene.folder)
    used = _cpu_seconds(proxy) - before
    return rate, rate * SECONDS / used if used else 0.0


def _cpu_seconds(proxy: Proxy) -> float:
    return (cores.cpu_seconds(proxy.pid) or 0.0) if proxy.pid is not None else 0.0


def _tell(scene: Scene, load: wrk.Load, rates: Rates, efforts: Rates) -> None:
    what = f"gateway, {load.name}, {CONNECTIONS} connections"
    budgeted = not load.numbered and (load.body is None or load.body <= 1000)
    for name, budget in ((NGINX, 0.6), (AIOHTTP, 3.0), (DIRECT, None)):
        if name in rates:
            at_least = budget if budgeted else None
            scene.report.add(beside(what, rates[GATEWAY], rates[name], name, at_least=at_least))
        if efforts.get(name):
            scene.report.add(beside(f"{what}, per CPU second", efforts[GATEWAY], efforts[name], name))
    scene.report.chart(f"{what}, requests/s", {name: statistics.median(each) for name, each in rates.items()})


async def _latencies(scene: Scene, proxies: list[Proxy], rate: float) -> None:
    found = {}
    for proxy in proxies:
        scene.report.step(f"{proxy.name}: latency at {rate:,.0f} requests/s")
        command = python("bench.openloop", proxy.port, LOADS[0].path, CONNECTIONS, rate, SECONDS)
        found[proxy.name] = await result_of(*command, role=cores.LOAD, log=scene.log)
    ours = found[GATEWAY]
    for name in (NGINX, AIOHTTP):
        for part in ("p50", "p99") if name in found else ():
            own, their = ours[part] * 1000, found[name][part] * 1000
            budget, met = ("<= 2x", own <= 2 * their) if part == "p99" and name == NGINX else ("", None)
            what = f"gateway, latency at half load ({rate:,.0f}/s), {part}"
            scene.report.add(Row(what, own, "ms", their, name, budget, met, "less is better"))


async def _large_bodies(scene: Scene, proxies: list[Proxy]) -> None:
    for way, path in (("upload", "/hello/x"), ("download", "/hello/large")):
        seconds, extra = {}, {}
        for proxy in proxies:
            scene.report.step(f"{proxy.name}: {LARGE // 2**20} MiB {way}")
            if proxy.pid is not None:
                cores.forget_highest(proxy.pid)
            before = cores.memory_mib(proxy.pid) if proxy.pid is not None else None
            command = python("bench.bulk", way, proxy.port, path, LARGE)
            seconds[proxy.name] = (await result_of(*command, role=cores.LOAD, log=scene.log))["seconds"]
            after = cores.memory_mib(proxy.pid) if proxy.pid is not None else None
            if before is not None and after is not None:
                extra[proxy.name] = max(0.0, after[1] - before[0])
        speeds = {name: LARGE / 2**20 / each for name, each in seconds.items()}
        for name in (NGINX, AIOHTTP):
            if name in speeds:
                what = f"gateway, {LARGE // 2**20} MiB {way}"
                scene.report.add(Row(what, speeds[GATEWAY], "MiB/s", speeds[name], name))
        if GATEWAY in extra:
            row = Row(
                f"gateway, {way}, extra memory", extra[GATEWAY], "MiB", budget="<= 20 MiB", met=extra[GATEWAY] <= 20
            )
            scene.report.add(row)


def _idle_memory(scene: Scene, proxies: list[Proxy]) -> None:
    pid = next(proxy.pid for proxy in proxies if proxy.name == GATEWAY)
    memory = cores.memory_mib(pid) if pid is not None else None
    if memory is not None:
        scene.report.add(Row("gateway, idle memory", memory[0], "MiB", budget="<= 80 MiB", met=memory[0] <= 80))


async def _settled(scene: Scene, proxy: Proxy) -> None:
    """Wait until the gateway has taken in all routes and written their status: until it is idle."""
    if proxy.pid is None:
        return
    for _ in range(60):
        before = cores.cpu_seconds(proxy.pid)
        await asyncio.sleep(1.0)
        after = cores.cpu_seconds(proxy.pid)
        if before is None or after is None or after - before < 0.05:
            return
    scene.report.skip("the gateway was not idle 60 s after the last route was made")
