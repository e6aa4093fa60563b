from pathlib import Path
from typing import Any

import pytest

from airflow_argo.argo import manifest
from airflow_argo.argo.errors import ManifestError

WORKFLOW = {"kind": "Workflow", "metadata": {"name": "a"}, "spec": {"entrypoint": "main"}}
YAML = "kind: Workflow\nmetadata: {name: a}\nspec: {entrypoint: main}\n"
TEMPLATE = "---\nkind: WorkflowTemplate\nmetadata: {name: t}\nspec: {}\n"


class Built:
    def __init__(self, made: object) -> None:
        self.made = made

    def build(self) -> object:
        return self.made


class Hera(Built):
    def to_dict(self) -> object:
        return self.made


@pytest.mark.parametrize("source", [WORKFLOW, YAML, Built(WORKFLOW), Hera(WORKFLOW)])
def test_a_workflow_comes_from_many_places(source: object) -> None:
    assert manifest.read(source) == WORKFLOW


def test_a_dict_is_copied_and_its_tuples_are_lists() -> None:
    spec: dict[str, Any] = {"templates": ({"name": "a"},)}
    made = manifest.read({"spec": spec})
    made["spec"]["templates"].append("changed")
    assert spec == {"templates": ({"name": "a"},)}


@pytest.mark.parametrize("name", ["wf.yaml", "wf.YML", "wf.json"])
@pytest.mark.parametrize("kind", [str, Path])
def test_a_path_is_read(tmp_path: Path, name: str, kind: type) -> None:
    (tmp_path / name).write_text(YAML)
    assert manifest.read(kind(tmp_path / name)) == WORKFLOW


def test_a_missing_file_is_told_with_its_whole_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ManifestError, match=f"there is no file {tmp_path}/wf.yaml"):
        manifest.read("wf.yaml")


def test_a_file_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ManifestError, match="no UTF-8 text"):
        manifest.read(tmp_path / "a.yaml")
    (tmp_path / "b.yaml").mkdir()
    with pytest.raises(ManifestError, match="cannot be read"):
        manifest.read(tmp_path / "b.yaml")


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        (5, "a value of type int is no workflow"),
        (None, "a value of type NoneType is no workflow"),
        ("hello", "the text 'hello' is neither YAML nor a path"),
        ("", "neither YAML nor a path"),
        ("a: 1", "holds no Workflow; it holds a document without a kind without a name"),
        ({"kind": "Workflow"}, "the dict holds no Workflow"),
        (YAML + "---\n" + YAML.replace("name: a", "name: b"), "holds 2 Workflows: Workflow a, Workflow b"),
        (YAML + TEMPLATE, "holds more than a Workflow: WorkflowTemplate t"),
        (TEMPLATE, "holds no Workflow; it holds WorkflowTemplate t.*workflow_template="),
        (Built(3), r"Built.build\(\) gives a int, not a dict"),
        (Hera({"api_version": "v1", "spec": {}}), "gives Python's names"),
        ({"spec": {"a": {1: 2}}}, "spec.a: the key 1 is no string"),
    ],
)
def test_what_is_no_single_workflow_is_refused_with_what_was_given(source: object, reason: str) -> None:
    with pytest.raises(ManifestError, match=f"(?s){reason}"):
        manifest.read(source)
