from pathlib import Path

import pytest

from kubeless.kube.errors import NotConfigured
from kubeless.kube.kubeconfig import InCluster, KubeconfigFiles, choose_source

POD = {"KUBERNETES_SERVICE_HOST": "10.0.0.1"}


@pytest.fixture
def home(tmp_path: Path) -> Path:
    (tmp_path / ".kube").mkdir()
    (tmp_path / ".kube" / "config").touch()
    return tmp_path


@pytest.fixture
def account(tmp_path: Path) -> Path:
    (tmp_path / "account").mkdir()
    (tmp_path / "account" / "token").touch()
    return tmp_path / "account"


def test_the_argument_beats_everything(home: Path, account: Path) -> None:
    config = str(home / ".kube" / "config")
    environ = {"KUBECONFIG": "/elsewhere", "HOME": str(home), **POD}
    source = choose_source(kubeconfig=config, context="x", environ=environ, account=account)
    assert source == KubeconfigFiles(config, "x")


def test_the_variable_beats_the_pods_account_and_may_name_several_files(home: Path, account: Path) -> None:
    paths = f"/nowhere:{home / '.kube' / 'config'}"
    source = choose_source(kubeconfig=None, context=None, environ={"KUBECONFIG": paths, **POD}, account=account)
    assert source == KubeconfigFiles(paths)


def test_the_pods_account_beats_the_home_directory(home: Path, account: Path) -> None:
    environ = {"HOME": str(home), **POD}
    assert choose_source(kubeconfig=None, context=None, environ=environ, account=account) == InCluster(account)
    environ["KUBELESS_TOKEN_FILE_PATH"] = "/run/token"
    source = choose_source(kubeconfig=None, context=None, environ=environ, account=account)
    assert source == InCluster(account, Path("/run/token"))


@pytest.mark.parametrize(("context", "pod"), [("named", POD), (None, {})])
def test_the_home_directory_is_used_outside_a_pod_or_when_a_context_is_named(
    home: Path, account: Path, context: str | None, pod: dict[str, str]
) -> None:
    source = choose_source(kubeconfig=None, context=context, environ={"HOME": str(home), **pod}, account=account)
    assert source == KubeconfigFiles(str(home / ".kube" / "config"), context)


def test_a_missing_file_is_named_with_what_asked_for_it(tmp_path: Path) -> None:
    with pytest.raises(NotConfigured, match=r"^KUBECONFIG: there is no file /nowhere"):
        choose_source(kubeconfig=None, context=None, environ={"KUBECONFIG": "/nowhere"})
    with pytest.raises(NotConfigured, match=r"^--kubeconfig: there is no file /nowhere"):
        choose_source(kubeconfig="/nowhere", context=None, environ={})


def test_without_any_configuration_the_way_out_is_shown(tmp_path: Path) -> None:
    with pytest.raises(NotConfigured, match="kubeless local up"):
        choose_source(kubeconfig=None, context=None, environ={"HOME": str(tmp_path)}, account=tmp_path)
