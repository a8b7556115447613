"""`kubeless migrate`: old objects and manifests in the form of today."""

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from kubeless.cli import messages, output
from kubeless.cli.commands import Command
from kubeless.cli.failure import ERROR
from kubeless.cli.options import namespace_option

if TYPE_CHECKING:
    from kubeless.cli.migrate.modern import Modern


@click.command(cls=Command)
@click.option(
    "-f",
    "--filename",
    "places",
    multiple=True,
    type=click.Path(path_type=Path),
    metavar="FILE|FOLDER",
    help="Manifests to read; may be given several times.",
)
@click.option("--cluster", "from_cluster", is_flag=True, help="Read the objects of the cluster.")
@click.option("-A", "--all-namespaces", is_flag=True, help="With --cluster: those of all namespaces.")
@click.option(
    "--apply", "apply", is_flag=True, help="With --cluster: change them (default: only say what would change)."
)
@click.option(
    "-o",
    "--output",
    "folder",
    type=click.Path(path_type=Path),
    metavar="FOLDER",
    help="Write the modern manifests there (default: to stdout).",
)
@namespace_option
def command(
    places: tuple[Path, ...],
    from_cluster: bool,
    all_namespaces: bool,
    apply: bool,
    folder: Path | None,
    namespace: str | None,
) -> int:
    """
    Turn old manifests and objects into the form of today.

    Says on stderr what changes and what a person has to decide; the modern manifests go to stdout or a folder. The
    exit code is 1 if a file could not be read.
    """
    if from_cluster == bool(places):
        raise click.UsageError("give either --filename or --cluster")
    if not from_cluster and (apply or all_namespaces):
        raise click.UsageError("--apply and --all-namespaces are for --cluster")
    if all_namespaces and namespace:
        raise click.UsageError("give either --namespace or --all-namespaces")
    if from_cluster:
        asyncio.run(_migrate_cluster(folder, namespace, all_namespaces=all_namespaces, apply=apply))
        return 0
    return _migrate_files(places, folder)


def _migrate_files(places: Sequence[Path], folder: Path | None) -> int:
    from kubeless.cli.migrate.manifests import read_manifests, stream_text, write_manifest
    from kubeless.cli.migrate.modern import modernise, portable

    unread = 0
    for manifest in (each for place in places for each in read_manifests(place)):
        if manifest.problem:
            unread += 1
            messages.error(f"{manifest.place}: {manifest.problem}")
            continue
        modern = [modernise(obj) for obj in manifest.objects]
        _tell(modern, where=f"{manifest.place}: ")
        objects = [portable(each.new) for each in modern if each.new is not None]
        if folder is None:
            output.write(stream_text(objects))
        elif objects:
            write_manifest(folder, manifest.place, objects)
    return ERROR if unread else 0


async def _migrate_cluster(folder: Path | None, namespace: str | None, *, all_namespaces: bool, apply: bool) -> None:
    from kubeless.cli.cluster import connect
    from kubeless.cli.migrate.cluster import place_of, read_objects, write_changes
    from kubeless.cli.migrate.manifests import stream_text, write_manifest
    from kubeless.cli.migrate.modern import modernise, portable

    async with connect() as client:
        scope = None if all_namespaces else namespace or client.namespace
        modern = [modernise(obj) for obj in await read_objects(client, scope)]
        _tell(modern, where="")
        for each in modern:
            if folder is not None and each.new is not None:
                await asyncio.to_thread(write_manifest, folder, place_of(each.new), [portable(each.new)])
        if folder is None and not apply:
            output.write(stream_text([portable(each.new) for each in modern if each.new is not None and each.changes]))
        if apply:
            count = await write_changes(client, modern)
            messages.info(f"Changed {count} objects")
        elif any(each.changes for each in modern):
            messages.info("Nothing was changed in the cluster; --apply does it")


def _tell(objects: "Sequence[Modern]", *, where: str) -> None:
    for each in objects:
        for text in each.changes:
            messages.info(f"{where}{each.subject}: {text}")
        for text in each.warnings:
            messages.warn(f"{where}{each.subject}: {text}")
