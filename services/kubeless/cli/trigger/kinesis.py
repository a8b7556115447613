"""
`kubeless trigger kinesis`: not supported, and says so.

The commands exist, so that a script which uses them ends with an answer instead of a guess at similar names.
"""

from typing import Any

import click

from kubeless.cli.commands import CONTEXT_SETTINGS
from kubeless.cli.failure import Fatal


class NoKinesis(Fatal):
    """
    Kinesis triggers are not supported. Bring the stream into Kafka or NATS (Kafka Connect and Benthos read Kinesis),
    then use 'kubeless trigger kafka create' or 'kubeless trigger nats create'
    """


@click.group(context_settings=CONTEXT_SETTINGS)
def group() -> None:
    """Not supported: bring the stream into Kafka or NATS, and use their triggers."""


def _refuse(**_: Any) -> None:
    raise NoKinesis(" ".join(str(NoKinesis.__doc__).split()))


def _add(name: str, *, hidden: bool = False) -> None:
    # Whatever flags a script gives it, the answer is the same.
    settings = CONTEXT_SETTINGS | {"ignore_unknown_options": True, "allow_extra_args": True}
    group.add_command(
        click.Command(
            name,
            callback=_refuse,
            params=[click.Argument(["words"], nargs=-1, type=click.UNPROCESSED)],
            help="Not supported.",
            context_settings=settings,
            hidden=hidden,
        )
    )


for _name in ("create", "update", "delete", "list", "create-stream", "publish"):
    _add(_name)
_add("ls", hidden=True)
