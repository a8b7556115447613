"""Our transport beside aiohttp's client."""

import statistics

from bench import cores
from bench.processes import python, result_of
from bench.report import Row
from bench.scene import Scene
from kubeless.core.jsontypes import JsonObject

SECONDS = 2.0
ROUNDS = 3
IN_FLIGHT = 64


async def transport(scene: Scene) -> None:
    """200-byte POST: requests/s, and the same per second of CPU time."""
    found: dict[str, list[JsonObject]] = {"transport": [], "aiohttp": []}
    for number in range(ROUNDS):
        for kind, results in found.items():
            scene.report.step(f"{kind}: POST, {IN_FLIGHT} in flight, round {number + 1} of {ROUNDS}")
            command = python("bench.clients", kind, scene.upstream, IN_FLIGHT, SECONDS)
            results.append(await result_of(*command, role=cores.MEASURED, log=scene.log))
    what = f"transport, 200-byte POST, {IN_FLIGHT} in flight"
    for name, per in ((what, "seconds"), (f"{what}, per CPU second", "cpu")):
        ours, other = ([each["requests"] / each[per] for each in found[kind]] for kind in found)
        scene.report.add(beside(name, ours, other, "aiohttp's client", at_least=5))
    bars = {kind: statistics.median(each["requests"] / each["seconds"] for each in found[kind]) for kind in found}
    scene.report.chart(f"Clients: 200-byte POST, {IN_FLIGHT} in flight, requests/s", bars)


def beside(what: str, ours: list[float], other: list[float], name: str, *, at_least: float | None = None) -> Row:
    """A row of medians, with the spread of ours."""
    own, their = statistics.median(ours), statistics.median(other)
    budget, met = (f">= {at_least:g}x", own >= at_least * their) if at_least is not None else ("", None)
    return Row(what, own, "requests/s", their, name, budget, met, f"{min(ours):,.0f} to {max(ours):,.0f}")
