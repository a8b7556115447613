"""Catalog and Dockerfiles speak of the same images, and of the same commands in them."""

import json
import re
from pathlib import Path

import pytest

from kubeless.runtimes.languages import java
from kubeless.runtimes.languages.all import LANGUAGES

_FOLDER = Path(__file__).parents[3] / "docker" / "runtimes"
_OF_OLD = {"vertx", "vertx-init", "ballerina", "ballerina-init"}
"""Runtimes that have no server here: whoever uses them brings images."""


def _command(kind: str) -> list[str]:
    text = (_FOLDER / f"{kind}.Dockerfile").read_text().replace("\\\n", "")
    words: list[str] = json.loads(re.findall(r"^CMD (.*)$", text, re.MULTILINE)[-1])
    return words


def test_each_image_of_a_runtime_has_a_dockerfile() -> None:
    runtimes = [runtime for language in LANGUAGES for runtime in language.runtimes("registry")]
    phases = [phase for each in runtimes for phase in (each.install, each.compile, each.run) if phase is not None]
    ours = {phase.image.removeprefix("registry/") for phase in phases if phase.image.startswith("registry/")}
    made = {file.name.removesuffix(".Dockerfile") for file in _FOLDER.glob("*.Dockerfile")}
    assert {name.partition(":")[0] for name in ours} - _OF_OLD <= made


@pytest.mark.parametrize("kind", ["java", "jvm"])
def test_java_has_the_same_options_in_a_cluster_and_on_a_laptop(kind: str) -> None:
    class_path = java.CLASS_PATH[kind].format(volume="/kubeless")
    assert _command(kind)[2:] == ["java", *java.OPTIONS, "-cp", class_path, "io.kubeless.server.Main"]
