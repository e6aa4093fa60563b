from pathlib import Path
from typing import Any

import pytest

from airflow_argo.argo.errors import ArgoError
from airflow_argo.local.store import NameTakenError, Store


def workflow(name: str = "w", uid: str = "u1", **status: Any) -> dict[str, Any]:
    metadata = {"name": name, "namespace": "argo", "uid": uid, "labels": {"a": "1"}}
    return {"metadata": metadata, "spec": {"entrypoint": "main"}, "status": status}


def test_a_workflow_is_given_back_as_it_was_stored(tmp_path: Path) -> None:
    stored = workflow(phase="Running", nodes={"w": {"id": "w", "phase": "Running"}})
    store = Store(tmp_path / "argo.db")
    store.add_workflow(stored)
    store.close()

    assert Store(tmp_path / "argo.db").workflow("argo", "w") == stored


def test_what_a_step_changed_is_stored_and_the_rest_left_alone() -> None:
    store, live = Store(), workflow(phase="Running", nodes={"a": {"phase": "Running"}, "b": {"phase": "Running"}})
    store.add_workflow(live)
    live["status"]["nodes"]["a"]["phase"] = "Succeeded"
    live["status"]["nodes"]["b"]["phase"] = "not said to have changed"
    live["status"]["progress"] = "1/2"

    store.save_workflow(live, {"a"})

    found = store.workflow("argo", "w")
    assert found is not None
    assert found["status"]["progress"] == "1/2"
    assert found["status"]["nodes"] == {"a": {"phase": "Succeeded"}, "b": {"phase": "Running"}}


def test_nodes_keep_the_order_in_which_they_came() -> None:
    store, live = Store(), workflow(nodes={"z": {}, "a": {}})
    store.add_workflow(live)
    live["status"]["nodes"]["m"] = {}
    store.save_workflow(live, {"m"})
    store.save_workflow(live, {"z"})

    found = store.workflow("argo", "w")
    assert found is not None
    assert list(found["status"]["nodes"]) == ["z", "a", "m"]


def test_a_changed_node_that_is_gone_is_removed() -> None:
    store, live = Store(), workflow(nodes={"a": {}, "b": {}})
    store.add_workflow(live)
    del live["status"]["nodes"]["a"]

    store.save_workflow(live, {"a"})

    found = store.workflow("argo", "w")
    assert found is not None
    assert list(found["status"]["nodes"]) == ["b"]


def test_every_change_has_a_higher_version_also_after_a_restart_and_a_deletion(tmp_path: Path) -> None:
    store, live = Store(tmp_path / "argo.db", first_version=100), workflow()
    versions = [store.version]
    store.add_workflow(live)
    versions.append(int(live["metadata"]["resourceVersion"]))
    store.save_workflow(live)
    versions.append(int(live["metadata"]["resourceVersion"]))
    store.delete_workflow(live["metadata"])
    versions.append(int(live["metadata"]["resourceVersion"]))
    store.close()

    again = Store(tmp_path / "argo.db", first_version=5)
    versions.append(again.version)
    template = {"metadata": {"name": "t", "namespace": "argo"}}
    again.add("WorkflowTemplate", template)
    versions.append(int(template["metadata"]["resourceVersion"]))

    assert versions == [100, 101, 102, 103, 103, 104]


def test_a_name_is_taken_once_in_a_namespace_and_a_refused_one_leaves_no_trace() -> None:
    store, second = Store(), workflow(uid="u2", nodes={"x": {}})
    store.add_workflow(workflow())
    before = store.version

    with pytest.raises(NameTakenError):
        store.add_workflow(second)

    assert store.version == before
    assert "resourceVersion" not in second["metadata"]
    assert store.workflow_by_uid("u2") is None


def test_the_name_of_a_deleted_workflow_can_be_taken_again_without_its_old_nodes() -> None:
    store, first = Store(), workflow(nodes={"a": {}})
    store.add_workflow(first)
    store.delete_workflow(first["metadata"])

    store.add_workflow(workflow(uid="u2"))

    found = store.workflow("argo", "w")
    assert found is not None
    assert "nodes" not in found["status"]


def test_unfinished_workflows_are_found_with_their_nodes() -> None:
    store = Store()
    store.add_workflow(workflow("done", "u1", phase="Succeeded"))
    store.add_workflow(workflow("new", "u2"))
    store.add_workflow(workflow("running", "u3", phase="Running", nodes={"n": {"id": "n"}}))

    found = store.unfinished()

    assert [each["metadata"]["name"] for each in found] == ["new", "running"]
    assert found[1]["status"]["nodes"] == {"n": {"id": "n"}}


def test_the_latest_is_the_one_created_last_whatever_changed_since() -> None:
    store, first = Store(), workflow("first", "u1")
    store.add_workflow(first)
    store.add_workflow(workflow("second", "u2"))
    store.save_workflow(first)

    assert store.latest_name("argo") == "second"
    assert store.latest_name("other") is None


def test_objects_of_other_kinds_are_kept_by_kind_namespace_and_name() -> None:
    store = Store()
    for kind, namespace in (
        ("WorkflowTemplate", "argo"),
        ("WorkflowTemplate", "other"),
        ("ClusterWorkflowTemplate", ""),
    ):
        store.add(kind, {"metadata": {"name": "t", "namespace": namespace} if namespace else {"name": "t"}})

    assert len(store.all("WorkflowTemplate")) == 2
    assert store.get("WorkflowTemplate", "argo", "t") is not None
    assert store.delete("WorkflowTemplate", "argo", "t")
    assert not store.delete("WorkflowTemplate", "argo", "t")
    assert store.get("WorkflowTemplate", "other", "t") is not None
    with pytest.raises(NameTakenError):
        store.add("ClusterWorkflowTemplate", {"metadata": {"name": "t"}})


def test_a_second_server_on_the_same_file_is_refused(tmp_path: Path) -> None:
    first = Store(tmp_path / "argo.db")
    first.add_workflow(workflow())

    with pytest.raises(ArgoError, match="another embedded server"):
        Store(tmp_path / "argo.db", patience=0)


def test_a_file_that_is_no_database_is_refused(tmp_path: Path) -> None:
    (tmp_path / "argo.db").write_text("this is no database, and long enough to be sure of it" * 100)

    with pytest.raises(ArgoError, match="cannot open"):
        Store(tmp_path / "argo.db")


def test_values_that_are_hard_to_write_come_back(tmp_path: Path) -> None:
    store = Store(tmp_path / "argo.db")
    live = workflow(nodes={"w": {"name": "\x00 ü 😀 \u2028 '\"", "number": 1e300, "nothing": None}})
    store.add_workflow(live)

    assert store.workflow("argo", "w") == live
