"""The images that the Dockerfiles make: small enough, not root, and able to do their work."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.images import ROOT, Builder, NoBase, missing

pytestmark = [
    pytest.mark.skipif(bool(missing()), reason=f"images cannot be built: {missing()}"),
    pytest.mark.timeout(900),
]

SERVICES = "localhost/kubeless/services"
PYTHON = "localhost/kubeless/python:3.11"
NODEJS = "localhost/kubeless/nodejs:18"
MODULES = ("controller", "gateway", "kafka_consumer", "nats_subscriber", "cron_scheduler")


@pytest.fixture(scope="module")
def builder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Builder]:
    built = Builder(tmp_path_factory.mktemp("images"))
    try:
        built.load_base()
    except NoBase as error:
        pytest.skip(str(error))
    built.build("docker/service.Dockerfile", SERVICES, VERSION="1.2.3", REVISION="abc")
    built.build("docker/runtimes/python.Dockerfile", PYTHON, VERSION="3.11")
    built.build("docker/runtimes/nodejs.Dockerfile", NODEJS, VERSION="18")
    yield built
    built.remove_everything()


@pytest.mark.parametrize(("image", "user"), [(SERVICES, "10001:10001"), (PYTHON, "1000:1000"), (NODEJS, "1000:1000")])
def test_nothing_runs_as_root(builder: Builder, image: str, user: str) -> None:
    assert builder.inspect(image)["User"] == user
    assert builder.run(image, "id", "-u").stdout.strip() == user.partition(":")[0]


def test_labels_say_what_it_is(builder: Builder) -> None:
    labels = builder.inspect(SERVICES)["Labels"]
    assert labels["org.opencontainers.image.version"] == "1.2.3"
    assert labels["org.opencontainers.image.revision"] == "abc"
    assert labels["org.opencontainers.image.licenses"] == "Apache-2.0"


@pytest.mark.parametrize("module", MODULES)
def test_each_service_starts_and_says_what_it_lacks(builder: Builder, module: str) -> None:
    result = builder.run(SERVICES, "python", "-m", f"kubeless.{module}")
    assert result.returncode == 1
    assert "no cluster is configured" in result.stdout + result.stderr


def test_nothing_is_written_where_nothing_can_be(builder: Builder) -> None:
    missing_bytecode = (
        "import pathlib, kubeless, sys;"
        "root = pathlib.Path(kubeless.__path__[0]).parent;"
        "sources = [p for p in root.rglob('*.py') if 'runtimes' not in p.parts];"
        "print(sum(not list(p.parent.glob(f'__pycache__/{p.stem}.*.pyc')) for p in sources))"
    )
    assert int(builder.run(SERVICES, "python", "-c", missing_bytecode).stdout) == 0
    assert "PYTHONDONTWRITEBYTECODE=1" in builder.inspect(SERVICES)["Env"]


@pytest.mark.parametrize("program", ["pip", "gcc", "make", "git"])
def test_what_builds_is_not_in_it(builder: Builder, program: str) -> None:
    assert builder.run(SERVICES, "sh", "-c", f"command -v {program}").returncode != 0


def test_the_health_command_tells(builder: Builder) -> None:
    assert builder.run(SERVICES, "python", "-m", "kubeless.core.probe", "http://127.0.0.1:1/healthz").returncode == 1


@pytest.mark.parametrize(
    ("image", "name", "source"),
    [
        (PYTHON, "hello.py", "def run(event, context):\n    return 'hello from ' + event['data'].decode()\n"),
        (NODEJS, "hello.js", "module.exports = { run: (event) => 'hello from ' + event.data };\n"),
    ],
    ids=["python", "nodejs"],
)
def test_a_function_runs_in_its_image(builder: Builder, tmp_path: Path, image: str, name: str, source: str) -> None:
    (tmp_path / name).write_text(source)
    assert builder.answer(image, tmp_path, MOD_NAME="hello", FUNC_HANDLER="run") == "hello from inside"


def test_the_script_lists_images_that_have_a_dockerfile(builder: Builder) -> None:
    listed = subprocess.run([ROOT / "docker" / "build.sh", "--list"], capture_output=True, text=True, check=True)
    assert "python:3.13" in listed.stdout.split()
    for image in listed.stdout.split():
        assert (ROOT / "docker" / "runtimes" / f"{image.partition(':')[0]}.Dockerfile").exists()
