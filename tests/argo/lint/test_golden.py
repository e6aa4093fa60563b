"""The recordings of the real Argo: what it refuses is refused in its words, what it accepts is accepted."""

import json
from pathlib import Path
from typing import Any

import pytest

from airflow_argo.argo import go_yaml
from airflow_argo.argo.errors import ArgoError
from airflow_argo.argo.lint import lint, validate

GOLDEN = Path(__file__).resolve().parents[3] / "../shared/golden"
RECORDS = {
    path: record["result"]
    for path in sorted(GOLDEN.glob("*/*.json"))
    if "result" in (record := json.loads(path.read_text()))
}
TEMPLATES = {"WorkflowTemplate": False, "ClusterWorkflowTemplate": True}
# Accepted and run to the end, and still not what its author can have meant.
ODD = {"expressions-failing", "with-items-empty", "arguments-types", "bad-mutex-3x-syntax"}


def is_refused(path: Path) -> bool:
    return RECORDS[path].get("submit", {}).get("status", 200) != 200


# Why a run fails cannot always be seen before it.
FORESEEABLE = [
    path
    for path, result in RECORDS.items()
    if is_refused(path) or (result.get("phase") == "Succeeded" and path.stem not in ODD)
]


def prepared(path: Path) -> tuple[dict[str, Any], dict[str, Any], dict[tuple[str, bool], dict[str, Any]]]:
    record = json.loads(path.read_text())
    documents = go_yaml.load_all((path.parent / record["source"]).read_text())
    setup = [item for name in record.get("setup", ()) for item in go_yaml.load_all((path.parent / name).read_text())]
    templates = {
        (item["metadata"]["name"], TEMPLATES[item["kind"]]): item
        for item in (*documents, *setup)
        if item.get("kind") in TEMPLATES
    }
    manifest = documents[record.get("document", 0)]
    name = manifest["metadata"].pop("name", None)
    if name:
        manifest["metadata"]["generateName"] = f"{name[:57]}-"
    for parameter in (manifest["spec"].get("arguments") or {}).get("parameters") or ():
        if parameter["name"] in record.get("parameters", {}):
            parameter["value"] = record["parameters"][parameter["name"]]
    return record, manifest, templates


@pytest.mark.skipif(not RECORDS, reason="the shared recordings are not here")
@pytest.mark.parametrize("path", RECORDS, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_a_submit_ends_as_recorded(path: Path) -> None:
    record, manifest, templates = prepared(path)
    expected = record["result"].get("submit", {"status": 200})
    try:
        validate(manifest, templates=lambda name, cluster: templates.get((name, cluster)))
        answer: dict[str, Any] = {"status": 200}
    except ArgoError as error:
        answer = {"status": 400, "message": error.message}
    assert answer == {key: value for key, value in expected.items() if key in {"status", "message"}}


@pytest.mark.skipif(not RECORDS, reason="the shared recordings are not here")
@pytest.mark.parametrize("path", FORESEEABLE, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_what_ran_well_has_no_findings_and_what_was_refused_has(path: Path) -> None:
    _, manifest, templates = prepared(path)
    findings = lint(manifest, templates=lambda name, cluster: templates.get((name, cluster)))
    assert bool(findings) is is_refused(path), findings
