"""
`kubeless manifests`: what the charts install, for those without Helm, as in `kubeless manifests | kubectl apply -f -`.

The charts are the one source: they are rendered here by Helm's own engine, from a wheel that only this command needs.
"""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from kubeless.cli import output
from kubeless.cli.commands import Command
from kubeless.cli.failure import Fatal
from kubeless.core.errors import InvalidField

if TYPE_CHECKING:
    from helm_python import Chart

RELEASE = "kubeless"

_PACKAGED = Path(__file__).parents[1] / "charts"
_CHECKED_OUT = Path(__file__).parents[3] / "charts"
_HOOK = "helm.sh/hook"


class NoEngine(Fatal):
    """The library that renders charts is not installed."""


@click.command(cls=Command)
@click.option(
    "--values",
    "-f",
    "files",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    multiple=True,
    metavar="FILE",
    help="A file of values, as for Helm. Of several files, the last one counts",
)
@click.option("--namespace", "-n", default="kubeless", show_default=True, help="Namespace that the services live in")
@click.option("--crds/--no-crds", default=True, show_default=True, help="Print the custom resource definitions as well")
def command(files: tuple[Path, ...], namespace: str, crds: bool) -> None:
    """Print everything that a cluster needs as YAML."""
    values = merged([_read(file) for file in files])
    charts = ("kubeless-crds", "kubeless") if crds else ("kubeless",)
    documents = [_namespace(namespace)]
    for chart in charts:
        documents += render(chart, values if chart == "kubeless" else {}, namespace=namespace)
    output.write("".join(f"---\n{output.to_yaml(document)}" for document in documents))


def render(chart: str, values: dict[str, Any], *, namespace: str) -> list[dict[str, Any]]:
    """
    The objects of a chart, without those that only Helm knows what to do with.

    Raises:
        NoEngine: the library is not installed.
        InvalidField: values that the chart does not take.
    """
    with _load(chart) as loaded:
        from helm_python import HelmError

        try:
            loaded.validate_schema(values)
            files = loaded.render(values=values, name=RELEASE, namespace=namespace)
        except HelmError as error:
            remedy = "see values.yaml of the chart for what there is"
            raise InvalidField("--values", values, problem=f"cannot be used: {error}", remedy=remedy) from error
    return _objects(files)


def merged(layers: list[dict[str, Any]]) -> dict[str, Any]:
    """Values of several files: objects are united, of anything else the last one counts."""
    result: dict[str, Any] = {}
    for layer in layers:
        for key, value in layer.items():
            before = result.get(key)
            unites = isinstance(before, dict) and isinstance(value, dict)
            result[key] = merged([before or {}, value]) if unites else value
    return result


def _load(chart: str) -> "Chart":
    try:
        from helm_python import Chart
    except ImportError as error:
        raise NoEngine("charts cannot be rendered here; run: pip install 'kubeless[manifests]'") from error
    folder = _PACKAGED if _PACKAGED.exists() else _CHECKED_OUT
    return Chart.load(folder / chart)


def _objects(files: dict[str, str]) -> list[dict[str, Any]]:
    import yaml

    texts = [text for name, text in sorted(files.items()) if name.endswith(".yaml")]
    documents = [document for text in texts for document in yaml.safe_load_all(text) if document]
    return [one for one in documents if _HOOK not in (one["metadata"].get("annotations") or {})]


def _namespace(name: str) -> dict[str, Any]:
    # The services pass the strictest level, and so does everything else that has a place there.
    labels = {"pod-security.kubernetes.io/enforce": "restricted"}
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": labels}}


def _read(file: Path) -> dict[str, Any]:
    import yaml

    try:
        values = yaml.safe_load(file.read_text()) or {}
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise InvalidField("--values", str(file), problem=f"is not YAML: {error}", remedy="correct the file") from error
    if not isinstance(values, dict):
        raise InvalidField("--values", str(file), problem="is not a mapping", remedy="write KEY: value")
    return values
