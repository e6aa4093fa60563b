from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_argo.argo.errors import ManifestError
from airflow_argo.argo.expressions import tags
from airflow_argo.argo.fan_out import MAX_ENVIRONMENT_VALUE, fan_out, items_json, whole_number

JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=10,
)

HOSTILE = [
    '"; rm -rf',
    "{{workflow.name}}",
    "{{=1+1}}",
    "}}",
    "{{",
    "{{{",
    "$(HOME)",
    "$$(HOME)",
    "a\\b",
    "line\nline",
    "\x00",
    "😀",
    "<&>",
    "true",
    "1",
    "",
    {"{{=1+1}}": ["{{x}}"]},
    {"a": {"b": "$(HOME)"}},
]


def step(*outputs: str, **template: Any) -> dict[str, Any]:
    parameters = [{"name": name, "valueFrom": {"path": f"/tmp/{name}"}} for name in outputs]
    container = {"image": "alpine", "command": ["sh", "-c"], "args": ["true"]}
    return {"container": container, "outputs": {"parameters": parameters}, **template}


def template(manifest: dict[str, Any], name: str) -> dict[str, Any]:
    return next(found for found in manifest["spec"]["templates"] if found["name"] == name)


def tasks(manifest: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {task["name"]: task for task in template(manifest, "fan-out")["dag"]["tasks"]}


def arguments(manifest: dict[str, Any]) -> dict[str, str]:
    return {parameter["name"]: parameter["value"] for parameter in manifest["spec"]["arguments"]["parameters"]}


def expanded(manifest: dict[str, Any], scope: dict[str, str]) -> list[Any]:
    """The worker's ``withParam`` as Argo would evaluate it."""
    own = {f"workflow.parameters.{name}": value for name, value in arguments(manifest).items()}
    wrapped = tags.substitute_object({"list": tasks(manifest)["worker"]["withParam"]}, {**own, **scope})
    found = json.loads(wrapped["list"])
    assert isinstance(found, list)
    return found


@pytest.mark.parametrize(
    ("rows", "per", "slices"),
    [
        (0, 100, []),
        (1, 100, [(0, 1)]),
        (1000, 500, [(0, 500), (500, 500)]),
        (1050, 500, [(0, 500), (500, 500), (1000, 50)]),
    ],
)
def test_rows_become_slices_rounded_up(rows: int, per: int, slices: list[tuple[int, int]]) -> None:
    manifest = fan_out(worker=step("result"), rows=rows, rows_per_worker=per)
    assert [(item["offset"], item["limit"]) for item in expanded(manifest, {})] == slices


@given(rows=st.integers(0, 3000), per=st.integers(1, 700))
def test_every_row_is_in_exactly_one_slice(rows: int, per: int) -> None:
    manifest = fan_out(worker=step("result"), generate=step("rows"), rows_per_worker=per)
    slices = expanded(manifest, {"tasks.generate.outputs.parameters.rows": f"{rows}\n"})
    covered = [row for item in slices for row in range(item["offset"], item["offset"] + item["limit"])]
    assert covered == list(range(rows))
    assert all(0 < item["limit"] <= per for item in slices)


@pytest.mark.parametrize("rows", ["-5", "1.5", "abc", "", "1e3", "{{workflow.name}}"])
def test_a_generate_step_that_puts_out_no_number_says_so(rows: str) -> None:
    manifest = fan_out(worker=step("result"), generate=step("rows"), rows_per_worker=10)
    own = {"workflow.parameters.rows_per_worker": "10", "tasks.generate.outputs.parameters.rows": rows}
    text = tags.substitute_object({"list": tasks(manifest)["worker"]["withParam"]}, own)["list"]
    assert text == f"the generate step must put out a number of rows, not: {rows}"


def test_a_generate_step_that_puts_out_too_many_rows_says_so() -> None:
    manifest = fan_out(worker=step("result"), generate=step("rows"), rows_per_worker=10)
    own = {"workflow.parameters.rows_per_worker": "10", "tasks.generate.outputs.parameters.rows": "200001"}
    text = tags.substitute_object({"list": tasks(manifest)["worker"]["withParam"]}, own)["list"]
    assert text.startswith("200001 rows are more than 20000 workers can pull")


def test_rows_are_handed_to_the_generate_step() -> None:
    manifest = fan_out(worker=step("result"), generate=step("rows"), rows=7, rows_per_worker=2)
    env = template(manifest, "generate")["container"]["env"]
    assert {"name": "ROWS", "value": "{{workflow.parameters.rows}}"} in env
    assert arguments(manifest)["rows"] == "7"
    assert tasks(manifest)["worker"]["depends"] == "generate"


@given(st.lists(st.sampled_from(HOSTILE) | JSON_VALUES, max_size=6))
def test_items_hold_nothing_that_argo_or_kubernetes_expands(items: list[Any]) -> None:
    text = items_json(items)
    assert "{{" not in text
    assert "$" not in text
    assert text.isascii()


@given(st.lists(st.sampled_from(HOSTILE) | JSON_VALUES, max_size=6))
def test_an_item_arrives_as_its_json(items: list[Any]) -> None:
    # What Argo does with each element: a string is decoded, an object's keys are, all else stays the text it was.
    arrived = [
        element if isinstance(element, str) else json.dumps(element) for element in json.loads(items_json(items))
    ]
    assert not any("{{" in text for text in arrived if isinstance(text, str) and not text.startswith(("{", "[")))
    assert [json.loads(text) for text in arrived] == items


def test_a_string_keeps_its_escapes_when_argo_decodes_it() -> None:
    (decoded,) = json.loads(items_json(["{{workflow.name}} $(HOME)"]))
    assert decoded == '"\\u007b\\u007bworkflow.name\\u007d\\u007d \\u0024(HOME)"'


def test_an_item_longer_than_an_environment_variable_is_refused_by_its_place() -> None:
    with pytest.raises(ManifestError, match=r"items\[1\]: is \d+ bytes long.*Keep the data in storage"):
        items_json(["short", "x" * MAX_ENVIRONMENT_VALUE])


@pytest.mark.parametrize("value", [object(), {1: "a"}, float("nan"), b"bytes", {"a": {"b": {1, 2}}}])
def test_items_that_are_no_json_are_refused_by_their_place(value: object) -> None:
    with pytest.raises(ManifestError, match=r"items\[0\]"):
        fan_out(worker=step("result"), items=[value])


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (None, "is missing"),
        ("", "is missing"),
        ("None", "is missing"),
        (-1, "-1 is too small"),
        ("-1", "-1 is too small"),
        (1.5, "1.5 is no whole number"),
        ("1.5", "'1.5' is no whole number"),
        ("many", "'many' is no whole number"),
        ("1e3", "'1e3' is no whole number"),
        (True, "True is no whole number"),
        ([1], "is no whole number"),
    ],
)
def test_rows_that_are_no_number_are_refused(value: Any, reason: str) -> None:
    with pytest.raises(ManifestError, match="rows: .*" + reason.replace(".", r"\.")):
        whole_number("rows", value, minimum=0)


@pytest.mark.parametrize("value", [0, 7, "0", " 7 ", "007"])
def test_whole_numbers_are_taken_as_numbers_or_text(value: int | str) -> None:
    assert whole_number("rows", value, minimum=0) == int(value)


def test_zero_rows_per_worker_is_refused() -> None:
    with pytest.raises(ManifestError, match="rows_per_worker: 0 is too small"):
        fan_out(worker=step("result"), rows=10, rows_per_worker=0)


@pytest.mark.parametrize(
    ("plan", "reason"),
    [
        ({}, "nothing says how many workers"),
        ({"items": [1], "rows": 3}, "items: cannot be combined with 'rows'"),
        ({"items": [1], "generate": step("rows")}, "cannot be combined with 'generate'"),
        ({"items": "abc"}, "items: must be a list, not a str"),
        ({"items": {"a": 1}}, "items: must be a list, not a dict"),
        ({"rows": 3}, "rows_per_worker: is missing"),
        ({"generate": step("count"), "rows_per_worker": 2}, "generate: has no output parameter 'rows'"),
        ({"items": [1], "parameters": {"items": "x"}}, "parameters.items: is made by the fan-out"),
        ({"items": [1], "parallelism": 0}, "parallelism: 0 is too small"),
        ({"rows": 20_001, "rows_per_worker": 1}, "rows: makes 20001 workers; 20000 are the most"),
        ({"items": [1] * 20_001}, "items: makes 20001 workers"),
    ],
)
def test_a_plan_that_makes_no_sense_is_refused(plan: dict[str, Any], reason: str) -> None:
    with pytest.raises(ManifestError, match=reason):
        fan_out(worker=step("result"), **plan)


@pytest.mark.parametrize(
    ("worker", "reason"),
    [
        ({}, "worker: must be a dict that holds either 'container' or 'script'"),
        ({"container": {}, "script": {}}, "worker: must be a dict that holds either"),
        ({"container": {"env": [{"name": "ITEM", "value": "x"}]}}, "worker.env.ITEM: is set by the fan-out itself"),
        (step(inputs={"parameters": [{"name": "item"}]}), "worker.inputs.parameters.item: is declared by the fan-out"),
        (step(inputs={"parameters": [{"name": "city"}]}), "worker.inputs.parameters.city: gets no value"),
    ],
)
def test_a_worker_that_cannot_run_is_refused(worker: dict[str, Any], reason: str) -> None:
    with pytest.raises(ManifestError, match=reason):
        fan_out(worker=worker, items=[1])


def test_a_body_is_kept_as_it_is_and_not_changed() -> None:
    body = step("result", retryStrategy={"limit": 2})
    body["container"]["env"] = [{"name": "CITY", "value": "{{workflow.parameters.city}}"}]
    before = json.dumps(body)
    made = template(fan_out(worker=body, items=[1], parameters={"city": "Bern"}), "worker")
    assert json.dumps(body) == before
    assert made["retryStrategy"] == {"limit": 2}
    assert made["outputs"] == body["outputs"]
    assert [variable["name"] for variable in made["container"]["env"]] == ["ITEM", "CITY"]


def scaled(printed: str) -> list[str]:
    manifest = fan_out(worker=step("result"), scale=step(), rows=3)
    elements = expanded(manifest, {"tasks.scale.outputs.result": printed})
    return [element if isinstance(element, str) else json.dumps(element) for element in elements]


@given(st.lists(st.sampled_from(HOSTILE) | st.integers(-(2**53), 2**53) | st.text(), max_size=5))
def test_what_a_scaling_script_prints_arrives_unexpanded(items: list[Any]) -> None:
    assert [json.loads(text) for text in scaled(json.dumps(items))] == items


def test_whole_numbers_of_any_size_survive_scaling() -> None:
    assert scaled("[12345678901234567890, 7]") == ["12345678901234567890", "7"]


def test_a_scaling_script_may_put_its_list_into_a_file() -> None:
    manifest = fan_out(worker=step("result"), scale=step("items"), generate=step("rows"), rows_per_worker=5)
    assert "tasks.scale.outputs.parameters.items" in tasks(manifest)["worker"]["withParam"]
    assert tasks(manifest)["scale"]["depends"] == "generate"


def results_file(aggregated: str | None) -> Any:
    manifest = fan_out(worker=step("result"), items=[1], collect=step("result"))
    value = tasks(manifest)["collect"]["arguments"]["parameters"][0]["value"]
    # Other outputs of the worker are there even where this one is not, as after a loop over an empty list.
    scope = {"tasks.worker.status": "Succeeded", "tasks.worker.outputs.parameters.result": aggregated}
    text = tags.substitute_object({"value": value}, scope)["value"]
    assert "{{" not in text
    assert "$" not in text
    return json.loads(text)


@given(st.lists(st.sampled_from(HOSTILE) | JSON_VALUES, max_size=5))
def test_results_reach_the_collect_step_unexpanded(results: list[Any]) -> None:
    # Argo hands on texts, or the values where every one of them is an object or a list.
    all_nested = bool(results) and all(isinstance(result, dict | list) for result in results)
    aggregated = results if all_nested else [json.dumps(result, ensure_ascii=False) for result in results]
    assert results_file(json.dumps(aggregated, ensure_ascii=False)) == results


def test_without_workers_the_collect_step_finds_an_empty_list() -> None:
    assert results_file(None) == []


def test_a_collect_step_needs_results() -> None:
    with pytest.raises(ManifestError, match="worker: has no output parameter 'result'"):
        fan_out(worker=step(), items=[1], collect=step("result"))
