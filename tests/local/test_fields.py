import copy
from typing import Any

import pytest

from airflow_argo.local.fields import Fields

WORKFLOW: dict[str, Any] = {
    "metadata": {"name": "w", "labels": {"workflows.argoproj.io/phase": "Running", "team": "a"}},
    "spec": {"templates": [{"name": "main", "container": {"image": "x"}}, {"name": "other"}]},
    "status": {"phase": "Running", "nodes": {"w": {"id": "w"}, "w-12": {"id": "w-12", "phase": "Running"}}},
}


@pytest.mark.parametrize(
    ("fields", "kept"),
    [
        ("metadata.name", {"metadata": {"name": "w"}}),
        ("status.phase,metadata.name", {"metadata": {"name": "w"}, "status": {"phase": "Running"}}),
        ("status", {"status": WORKFLOW["status"]}),
        ("metadata.name, status.phase", {"metadata": {"name": "w"}}),
        ("status.ph", {"status": {}}),
        ("nope", {}),
        ("spec.templates.name", {"spec": {"templates": [{"name": "main"}, {"name": "other"}]}}),
        ("status.nodes.phase", {"status": {"nodes": {}}}),
        ("status.nodes.w-12.phase", {"status": {"nodes": {"w": {}, "w-12": {"phase": "Running"}}}}),
        (
            "metadata.labels.workflows.argoproj.io/phase",
            {"metadata": {"labels": {"workflows.argoproj.io/phase": "Running"}}},
        ),
    ],
)
def test_included_fields_are_kept_and_nothing_else(fields: str, kept: dict[str, Any]) -> None:
    assert Fields.parse(fields).select(WORKFLOW) == kept


@pytest.mark.parametrize(
    ("fields", "gone"),
    [
        ("-status.nodes", [("status", "nodes")]),
        ("-status.nodes,spec", [("status", "nodes"), ("spec",)]),
        ("-status.nodes,-spec", [("status", "nodes")]),
        ("-metadata.labels.team", [("metadata", "labels", "team")]),
        ("-nope", []),
    ],
)
def test_excluded_fields_are_left_out(fields: str, gone: list[tuple[str, ...]]) -> None:
    expected = copy.deepcopy(WORKFLOW)
    for *path, last in gone:
        inner = expected
        for key in path:
            inner = inner[key]
        del inner[last]

    assert Fields.parse(fields).select(WORKFLOW) == expected


def test_no_fields_mean_everything() -> None:
    assert Fields.parse("").select(WORKFLOW) == WORKFLOW


def test_a_poll_of_few_fields_does_not_look_at_the_nodes() -> None:
    class Unread(dict[str, Any]):
        def items(self) -> Any:
            raise AssertionError("the nodes were read")

    workflow = {"status": {"phase": "Running", "nodes": Unread(a=1)}}

    assert Fields.parse("status.phase").select(workflow) == {"status": {"phase": "Running"}}
    assert Fields.parse("-status.nodes").select(workflow) == {"status": {"phase": "Running"}}


def test_selecting_leaves_the_original_alone() -> None:
    Fields.parse("-status.nodes").select(WORKFLOW)

    assert "nodes" in WORKFLOW["status"]


@pytest.mark.parametrize(
    ("fields", "excluded"),
    [
        ("", False),
        ("status.phase", True),
        ("status", False),
        ("status.nodes.w", False),
        ("-status.nodes", True),
        ("-spec", False),
        ("-status", True),
        ("-status.nodes.w", False),
        ("-status.n", False),
        ("-", False),
    ],
)
def test_will_exclude_says_whether_nodes_need_to_be_fetched(fields: str, excluded: bool) -> None:
    assert Fields.parse(fields).will_exclude("status.nodes") is excluded


def test_a_stream_takes_the_prefix_of_its_envelope_off() -> None:
    fields = Fields.parse("result.type,result.object.status.phase").without_prefix("result.object.")

    assert fields.select(WORKFLOW) == {"status": {"phase": "Running"}}
