"""What is imported, and what is not. Each case needs an interpreter of its own."""

import subprocess
import sys
from pathlib import Path

SERVICES = Path(__file__).parents[3] / "services"


def run_python(code: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={"PYTHONPATH": str(SERVICES)},
        capture_output=True,
        text=True,
        timeout=20,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_importing_the_client_imports_no_library_that_talks() -> None:
    code = (
        "import sys, kubeless.kube.client; print({'aiohttp', 'kubernetes_asyncio', 'pydantic'} & {*sys.modules} or '')"
    )
    assert run_python(code).strip() == ""


def test_loading_the_configuration_leaves_the_models_out() -> None:
    code = """
import sys
from kubeless.kube.import_light import load
assert load("config.kube_config").KubeConfigLoader and load("config.incluster_config").InClusterConfigLoader
print(sum(name.startswith("kubernetes_asyncio") for name in sys.modules))
"""
    assert int(run_python(code)) < 20


def test_a_library_that_is_already_there_is_left_alone() -> None:
    code = """
import kubernetes_asyncio.client
from kubeless.kube.import_light import load
assert load("client.configuration").Configuration is kubernetes_asyncio.client.Configuration
assert kubernetes_asyncio.client.ApiClient is not None
"""
    run_python(code)
