"""`kubeless manifests`: the charts without Helm."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from kubeless.cli import manifests
from kubeless.cli.main import main

pytest.importorskip("helm_python")


def printed(capsys: pytest.CaptureFixture[str], *arguments: str) -> list[dict[str, Any]]:
    assert main(["manifests", *arguments]) == 0
    return list(yaml.safe_load_all(capsys.readouterr().out))


def names(documents: list[dict[str, Any]], kind: str) -> list[str]:
    return [one["metadata"]["name"] for one in documents if one["kind"] == kind]


def test_the_namespace_and_the_definitions_come_first(capsys: pytest.CaptureFixture[str]) -> None:
    documents = printed(capsys, "-n", "serverless")
    kinds = [one["kind"] for one in documents]
    assert kinds[:2] == ["Namespace", "CustomResourceDefinition"]
    assert "CustomResourceDefinition" not in kinds[kinds.index("ServiceAccount") :]
    assert names(documents, "Namespace") == ["serverless"]
    assert {one["metadata"].get("namespace") for one in documents if one["kind"] == "Deployment"} == {"serverless"}


def test_what_only_helm_runs_is_left_out(capsys: pytest.CaptureFixture[str]) -> None:
    assert names(printed(capsys), "Pod") == []


def test_definitions_can_be_left_out(capsys: pytest.CaptureFixture[str]) -> None:
    assert names(printed(capsys, "--no-crds"), "CustomResourceDefinition") == []


def test_files_of_values_are_laid_over_each_other(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    first, second = tmp_path / "first.yaml", tmp_path / "second.yaml"
    first.write_text("namespaces: [team-a]\ncommon: {replicas: 4, logLevel: debug}\n")
    second.write_text("common: {replicas: 1}\n")
    documents = printed(capsys, "--values", str(first), "--values", str(second))
    assert {one["spec"]["replicas"] for one in documents if one["kind"] == "Deployment"} == {1}
    assert "debug" in yaml.safe_dump(documents)
    assert names(documents, "ClusterRole") == []


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("gatewy: {}", "gatewy"),
        ("[1, 2]", "is not a mapping"),
        ("a: [", "is not YAML"),
        ("gateway: {service: {type: Ingress}}", "/gateway/service/type"),
    ],
)
def test_values_that_cannot_be_used_are_named(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, text: str, message: str
) -> None:
    file = tmp_path / "values.yaml"
    file.write_text(text)
    assert main(["manifests", "--values", str(file)]) == 1
    captured = capsys.readouterr()
    assert captured.out == ""
    assert message in captured.err


def test_without_the_engine_it_says_what_to_install(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(__import__("sys").modules, "helm_python", None)
    assert main(["manifests"]) == 1
    assert "pip install 'kubeless[manifests]'" in capsys.readouterr().err


def test_layers_unite_objects_and_replace_the_rest() -> None:
    assert manifests.merged([{"a": {"x": 1, "l": [1]}, "b": 1}, {"a": {"y": 2, "l": [2]}, "b": {"c": 3}}]) == {
        "a": {"x": 1, "y": 2, "l": [2]},
        "b": {"c": 3},
    }
