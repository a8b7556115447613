"""`kubeless autoscale create`."""

import asyncio

import click

from kubeless.cli import messages
from kubeless.cli.autoscale.rule import METRICS, Rule, new_autoscaler
from kubeless.cli.commands import Command
from kubeless.cli.livenames import complete_functions
from kubeless.cli.options import name_argument, namespace_option


@click.command(cls=Command)
@name_argument("function name", complete=complete_functions)
@click.option("--min", "least", type=int, default=1, show_default=True, metavar="NUMBER", help="Fewest pods.")
@click.option("--max", "most", type=int, default=1, show_default=True, metavar="NUMBER", help="Most pods.")
@click.option(
    "--metric", default="cpu", show_default=True, metavar="|".join(METRICS), help="What the load is measured by."
)
@click.option(
    "--value",
    required=True,
    metavar="NUMBER",
    help="Load to aim at: percent for cpu, calls per second and pod for qps.",
)
@namespace_option
def command(name: str, least: int, most: int, metric: str, value: str, namespace: str | None) -> None:
    """Scale a function by its load."""
    rule = Rule(min=least, max=most, metric=metric, value=value)
    rule.check()
    asyncio.run(_create(name, rule, namespace))


async def _create(name: str, rule: Rule, namespace: str | None) -> None:
    from kubeless.cli.autoscale.change import find_function, write_autoscaler
    from kubeless.cli.cluster import connect

    async with connect() as client:
        function = await find_function(client, name, namespace or client.namespace)
        messages.info("Adding autoscaling rule to the function...")
        await write_autoscaler(client, function, new_autoscaler(function, rule))
    messages.info(f"Autoscaling rule for {name} submitted for deployment")
