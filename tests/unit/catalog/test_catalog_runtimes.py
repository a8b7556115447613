"""Runtimes resolve by id, and the configuration replaces and extends them."""

import json

import pytest

from kubeless.core.errors import InvalidField
from kubeless.runtimes.catalog import built_in, catalog_from_config, resolve, runtime_ids
from kubeless.runtimes.runtime import Phase, UnknownRuntime


def test_the_ids_of_old_articles_and_of_today_are_known() -> None:
    assert {"python2.7", "python3.4", "python3.6", "python3.8", "python3.11", "python3.14"} <= set(runtime_ids())


def test_a_python_runtime_installs_into_the_volume_and_looks_there() -> None:
    runtime = resolve("python3.11")
    assert (runtime.dep_name, runtime.suffix, runtime.run.image) == ("requirements.txt", ".py", "kubeless/python:3.11")
    assert runtime.install is not None
    assert '--prefix="$KUBELESS_INSTALL_VOLUME" -r "$KUBELESS_DEPS_FILE"' in runtime.install.command
    assert runtime.run.env == {
        "PYTHONPATH": "$(KUBELESS_INSTALL_VOLUME)/lib/python3.11/site-packages:$(KUBELESS_INSTALL_VOLUME)"
    }


@pytest.mark.parametrize("runtime_id", ["cobol", "python", "python3.11 ", "3.11", "", "Python3.11", "x" * 10_000])
def test_an_unknown_id_is_answered_with_the_known_ones(runtime_id: str) -> None:
    with pytest.raises(UnknownRuntime, match=r"^Invalid runtime: .*\. Supported runtimes are: python2\.7, ") as caught:
        resolve(runtime_id)
    assert len(str(caught.value)) < 400


def test_images_come_from_the_registry_that_is_set() -> None:
    assert built_in("example.com/team").resolve("python3.12").run.image == "example.com/team/python:3.12"


def test_a_variable_of_the_environment_replaces_an_image() -> None:
    catalog = built_in().with_images({"PYTHON3.11_RUNTIME": "mine:1", "PYTHON3.12_RUNTIME": ""})
    assert catalog.resolve("python3.11").run.image == "mine:1"
    assert catalog.resolve("python3.12").run.image == "kubeless/python:3.12"


CONFIGURED = """
- id: python
  depName: requirements.txt
  fileNameSuffix: .py
  livenessProbeInfo: {exec: {command: ["true"]}}
  versions:
  - name: ours
    version: "3.11"
    imagePullSecrets: [{ImageSecret: pull}]
    images:
    - {phase: installation, image: "pip:1", command: install, env: {A: 1}, secrets: [{name: index}]}
    - {Phase: runtime, Image: "run:1"}
- ID: cobol
  versions:
  - {version: "85", images: [{phase: runtime, image: "cobol:85"}]}
"""


def test_the_configuration_replaces_and_extends_the_built_in_runtimes() -> None:
    catalog = catalog_from_config(CONFIGURED)
    ours = catalog.resolve("python3.11")
    assert ours.run == Phase(image="run:1")
    assert ours.install == Phase(image="pip:1", command="install", env={"A": "1"}, secrets=("index",))
    assert ours.image_pull_secrets == ("pull",)
    assert ours.liveness_probe == {"exec": {"command": ["true"]}}
    assert catalog.resolve("cobol85").dep_name == ""
    assert catalog.resolve("python3.10").run.image == "kubeless/python:3.10"


def test_the_configuration_may_be_json_and_may_be_empty() -> None:
    assert catalog_from_config("").ids() == runtime_ids()
    entry = {"ID": "go", "versions": [{"version": "1.22", "images": [{"phase": "runtime", "image": "go"}]}]}
    assert catalog_from_config(json.dumps([entry])).resolve("go1.22").language == "go"


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("{", "runtime-images"),
        ("a: b", "runtime-images"),
        ("[1]", "runtime-images[0]"),
        ("[{versions: []}]", "runtime-images[0].ID"),
        ("[{ID: a b}]", "runtime-images[0].ID"),
        ("[{ID: a, versions: [{version: 3.8}]}]", "runtime-images[0].versions[0].version"),
        ("[{ID: a, versions: [{version: '3.'}]}]", "runtime-images[0].versions[0].version"),
        ("[{ID: a, versions: [{version: '1'}]}]", "runtime-images[0].versions[0].images"),
        (
            "[{ID: a, versions: [{version: '1', images: [{phase: run, image: x}]}]}]",
            "runtime-images[0].versions[0].images[0].phase",
        ),
    ],
)
def test_a_mistake_in_the_configuration_names_its_place(text: str, place: str) -> None:
    with pytest.raises(InvalidField) as caught:
        catalog_from_config(text)
    assert caught.value.field == place
