from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_argo.argo.fan_out import fan_out
from airflow_argo.argo.planned import planned_workers

WORKER = {"container": {"image": "alpine"}}
GENERATE = {**WORKER, "outputs": {"parameters": [{"name": "rows", "valueFrom": {"path": "/tmp/rows"}}]}}


def planned(outputs: dict[str, Any] | None = None, **plan: Any) -> int | None:
    """How many workers a plan has, once a step before them has put that out."""
    workflow = fan_out(worker=WORKER, **plan)
    workflow["metadata"]["name"] = "wf"
    nodes = {step: {"id": step, "name": f"wf.{step}", "outputs": found} for step, found in (outputs or {}).items()}
    return planned_workers({**workflow, "status": {"nodes": nodes}})


def put_out(name: str, value: str) -> dict[str, Any]:
    return {"parameters": [{"name": name, "value": value}]}


@given(st.lists(st.none() | st.integers() | st.text() | st.dictionaries(st.text(), st.text()), max_size=5))
def test_each_item_is_a_worker(items: list[Any]) -> None:
    assert planned(items=items) == len(items)


@pytest.mark.parametrize(("rows", "per", "workers"), [(0, 100, 0), (1, 100, 1), (1050, 100, 11), (1000, 500, 2)])
def test_rows_are_cut_into_slices(rows: int, per: int, workers: int) -> None:
    assert planned(rows=rows, rows_per_worker=per) == workers
    assert planned({"generate": put_out("rows", f"{rows}\n")}, generate=GENERATE, rows_per_worker=per) == workers


def test_what_a_scale_step_puts_out_are_the_items() -> None:
    scale = {**WORKER, "outputs": {"parameters": [{"name": "items", "valueFrom": {"path": "/tmp/items"}}]}}
    assert planned({"scale": put_out("items", "[1, 2, 3]")}, scale=scale, rows=7) == 3
    assert planned({"scale": {"result": "[1, 2]"}}, scale=WORKER, rows=7) == 2


@pytest.mark.parametrize("outputs", [None, {"generate": {}, "scale": {}}, {"generate": put_out("rows", "many")}])
def test_nobody_knows_before_the_step_has_said_so(outputs: dict[str, Any] | None) -> None:
    assert planned(outputs, generate=GENERATE, rows=7, rows_per_worker=2) is None
    assert planned(outputs, scale=WORKER, rows=7, rows_per_worker=2) is None


@pytest.mark.parametrize("text", ["", "no list", "7"])
def test_what_is_no_list_says_nothing(text: str) -> None:
    assert planned({"scale": {"result": text}}, scale=WORKER) is None
