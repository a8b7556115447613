"""
Functions that are compiled in one image and run in another. The base has neither Go nor Java: this machine's are
mounted, to compile with and, for Java, to run with.
"""

import shutil
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from support.images import ROOT, Builder, NoBase, missing

pytestmark = [
    pytest.mark.skipif(bool(missing()), reason=f"images cannot be built: {missing()}"),
    pytest.mark.timeout(900),
]

_GO = """\
package kubeless

import "github.com/kubeless/kubeless/pkg/functions"

func Run(event functions.Event, context functions.Context) (string, error) {
	return "hello from " + event.Data, nil
}
"""
_JAVA = """\
package io.kubeless;

public class Hello {
    public String run(Event event, Context context) {
        return "hello from " + event.Data;
    }
}
"""


@pytest.fixture(scope="module")
def builder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Builder]:
    built = Builder(tmp_path_factory.mktemp("images"))
    try:
        built.load_base()
    except NoBase as error:
        pytest.skip(str(error))
    yield built
    built.remove_everything()


@dataclass(frozen=True)
class Installed:
    """A toolchain of this machine, at the same place in a container."""

    program: Path
    folders: Sequence[Path]

    @property
    def options(self) -> list[str]:
        volumes = [word for folder in self.folders for word in ("--volume", f"{folder}:{folder}:ro")]
        return [*volumes, "--env", f"PATH={self.program.parent}:/usr/bin:/bin"]


def installed(name: str, *more: Path) -> Installed:
    found = shutil.which(name)
    if found is None:
        pytest.skip(f"{name} is not installed")
    program = Path(found).resolve()
    return Installed(program, [program.parents[1], *more])


def compiled(builder: Builder, folder: Path, kind: str, tools: Installed) -> str:
    """The image that runs what the image for compiling made in the folder."""
    images = [f"localhost/kubeless/{name}:tests" for name in (f"{kind}-init", kind)]
    for image, name in zip(images, (f"{kind}-init", kind), strict=True):
        builder.build(f"docker/runtimes/{name}.Dockerfile", image)
        assert builder.inspect(image)["User"] == "1000:1000"
    folder.chmod(0o777)
    options = ["--volume", f"{folder}:/kubeless", "--env", "GOCACHE=/kubeless/.cache", *tools.options]
    result = builder.run(images[0], "/compile-function.sh", options=options)
    assert result.returncode == 0, result.stdout + result.stderr
    return images[1]


def test_go_needs_no_go_to_run(builder: Builder, tmp_path: Path) -> None:
    (tmp_path / "hello.go").write_text(_GO)
    image = compiled(builder, tmp_path, "go", installed("go"))
    assert builder.answer(image, tmp_path, MOD_NAME="hello", FUNC_HANDLER="Run") == "hello from inside"


def test_java_is_compiled_in_one_image_and_run_in_another(builder: Builder, tmp_path: Path) -> None:
    (tmp_path / "Hello.java").write_text(_JAVA)
    tools = installed("javac", *Path("/etc").glob("java-*"))
    image = compiled(builder, tmp_path, "java", tools)
    said = builder.answer(image, tmp_path, options=tools.options, MOD_NAME="Hello", FUNC_HANDLER="run")
    assert said == "hello from inside"


def test_a_jar_is_run_as_it_is(builder: Builder, tmp_path: Path) -> None:
    tools = installed("javac", *Path("/etc").glob("java-*"))
    (tmp_path / "Hello.java").write_text(_JAVA)
    params = ROOT / "services/kubeless/runtimes/java/params"
    classes = tmp_path / "classes"
    subprocess.run(["javac", "-sourcepath", params, "-d", classes, tmp_path / "Hello.java"], check=True)
    folder = tmp_path / "function"
    folder.mkdir()
    subprocess.run(["jar", "cf", folder / "hello.jar", "-C", classes, "."], check=True)
    image = compiled(builder, folder, "jvm", tools)
    settings = {"MOD_NAME": "io_kubeless_Hello", "FUNC_HANDLER": "run"}
    assert builder.answer(image, folder, options=tools.options, **settings) == "hello from inside"
