"""Runtimes resolve by id, and the configuration replaces and extends them."""

import json
from datetime import date, timedelta

import pytest

from kubeless.core.errors import InvalidField
from kubeless.runtimes.catalog import built_in, catalog_from_config, resolve, runtime_ids
from kubeless.runtimes.runtime import Phase, UnknownRuntime


def test_the_ids_of_old_articles_and_of_today_are_known() -> None:
    python = ["python2.7", "python3.4", *(f"python3.{minor}" for minor in range(6, 15))]
    nodejs = [f"nodejs{major}" for major in (6, 8, 10, 12, 14, *range(18, 25))]
    variants = ["nodejs_distroless8", "nodejsCE8"]
    ruby = [f"ruby{version}" for version in ("2.3", "2.4", "2.5", "2.6", "3.1", "3.2", "3.3", "3.4")]
    php = [f"php{version}" for version in ("7.2", "7.3", "7.4", "8.1", "8.2", "8.3", "8.4")]
    go = [f"go1.{minor}" for minor in (10, 13, 14, *range(22, 27))]
    dotnet = ["dotnetcore2.0", "dotnetcore2.1", "dotnetcore2.2", "dotnetcore3.1", "dotnet8"]
    java = [f"{language}{version}" for language in ("java", "jvm") for version in ("1.8", 11, 17, 21, 25)]
    rest = ["vertx1.8", "ballerina0.981.0", "ballerina2201"]
    assert {*python, *nodejs, *variants, *ruby, *php, *go, *dotnet, *java, *rest} <= set(runtime_ids())


@pytest.mark.parametrize(
    ("runtime_id", "ended"), [("python2.7", True), ("nodejs8", True), ("python3.14", False), ("ballerina2201", False)]
)
def test_a_version_that_nobody_mends_any_more_is_marked(runtime_id: str, ended: bool) -> None:
    assert resolve(runtime_id).has_ended(date(2026, 1, 1)) is ended


def test_the_last_day_of_a_version_is_not_after_its_end() -> None:
    runtime = resolve("python3.11")
    assert runtime.end_of_life is not None
    assert not runtime.has_ended(runtime.end_of_life)
    assert runtime.has_ended(runtime.end_of_life + timedelta(days=1))


def test_variants_of_nodejs_differ_by_image_or_event_alone() -> None:
    plain, distroless, events = resolve("nodejs20"), resolve("nodejs_distroless20"), resolve("nodejsCE20")
    assert distroless.run.image == "kubeless/nodejs-distroless:20"
    assert (plain.install, plain.run.env) == (distroless.install, distroless.run.env)
    assert events.run.env == {**plain.run.env, "FUNC_EVENT_FORMAT": "cloudevents"}
    assert resolve("nodejs6").run.image == "kubeless/nodejs:12", "the oldest that the server runs on"


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
    assert len(str(caught.value)) < 1200


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
