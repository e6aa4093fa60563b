from typing import Any

import pytest

from airflow_argo.local.refusal import Refusal
from airflow_argo.local.resubmit import resubmitted

NOW = 1_800_000_000.0


def failed(**metadata: Any) -> dict[str, Any]:
    nodes = {
        "w": {"id": "w", "name": "w", "type": "DAG", "phase": "Failed", "children": ["w-1", "w-2"], "message": "no"},
        "w-1": {"id": "w-1", "name": "w.a", "type": "Pod", "phase": "Succeeded", "boundaryID": "w"},
        "w-2": {"id": "w-2", "name": "w.b", "type": "Pod", "phase": "Failed", "boundaryID": "w"},
        "w-3": {"id": "w-3", "name": "w.onExit", "type": "Pod", "phase": "Succeeded"},
    }
    labels = {"workflows.argoproj.io/phase": "Failed", "workflows.argoproj.io/completed": "true", "mine": "1"}
    return {
        "metadata": {"name": "w", "namespace": "argo", "uid": "u", "labels": labels, **metadata},
        "spec": {"shutdown": "Terminate", "activeDeadlineSeconds": 0},
        "status": {"phase": "Failed", "nodes": nodes},
    }


def test_the_new_one_is_named_and_labelled_after_the_old() -> None:
    new = resubmitted(failed(annotations={"note": "n"}, ownerReferences=[{"name": "o"}]), NOW, parameters=["x=1"])

    assert new["metadata"] == {
        "generateName": "w-",
        "namespace": "argo",
        "labels": {"mine": "1", "workflows.argoproj.io/resubmitted-from-workflow": "w"},
        "annotations": {"note": "n"},
        "ownerReferences": [{"name": "o"}],
    }
    assert new["spec"] == {"arguments": {"parameters": [{"name": "x", "value": "1"}]}}
    assert new["status"] == {}


def test_a_generate_name_is_used_again() -> None:
    assert resubmitted(failed(generateName="base-"), NOW)["metadata"]["generateName"] == "base-"


def test_memoized_takes_over_what_has_succeeded_under_new_ids() -> None:
    new = resubmitted(failed(), NOW, memoized=True)
    name, nodes = new["metadata"]["name"], new["status"]["nodes"]
    by_name = {node["name"].removeprefix(name): node for node in nodes.values()}

    assert {key: (node["type"], node["phase"], node.get("message")) for key, node in by_name.items()} == {
        "": ("DAG", "Pending", None),
        ".a": ("Skipped", "Skipped", "original pod: w-1"),
        ".b": ("Pod", "Pending", None),
    }
    assert by_name[""]["children"] == [by_name[".a"]["id"], by_name[".b"]["id"]]
    assert by_name[".a"]["boundaryID"] == name
    assert by_name[".b"]["startedAt"] is None


def test_memoized_needs_a_failure() -> None:
    succeeded = failed()
    succeeded["status"]["phase"] = "Succeeded"

    with pytest.raises(Refusal, match="workflow must be Failed/Error to resubmit in memoized mode") as refused:
        resubmitted(succeeded, NOW, memoized=True)
    assert refused.value.status == 400
