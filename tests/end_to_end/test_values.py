"""Values reach the workers and come back byte for byte, through a whole Argo Server.

The embedded one; and the one that ARGO_URL names, where there is one.
"""

from __future__ import annotations

import json
import os
import time
from base64 import b64encode
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import Phase, find, settings
from hypothesis import strategies as st

from airflow_argo.argo import api, lint, manifest, results
from airflow_argo.argo.client import ArgoClient, ServerAddress
from airflow_argo.argo.fan_out import fan_out
from airflow_argo.argo.status import is_finished, phase

HOSTILE: list[Any] = [
    '"; rm -rf',
    "{{workflow.name}}",
    "{{=1+1}}",
    "{{inputs.parameters.item}}",
    "}}",
    "{{",
    "{{{",
    "$(HOME)",
    "$$(HOME)",
    "a\\b",
    "line\nline\r\n",
    "\x00\x1b[31m\x7f",
    "\U000e0001\u200b",
    "😀 ü \u2028",
    "<&>",
    "",
    "true",
    "1",
    None,
    True,
    1.5,
    12345678901234567890,
    [],
    {},
    ["{{x}}", "$(HOME)"],
    {"{{=1+1}}": {"$(HOME)": ["{{workflow.name}}"]}},
]


def shell(script: str) -> dict[str, Any]:
    return {
        "container": {"image": "alpine", "command": ["sh", "-c"], "args": [script]},
        "outputs": {"parameters": [{"name": "result", "valueFrom": {"path": "/tmp/result"}}]},
    }


@pytest.fixture(params=["embedded", "real"])
def client(request: pytest.FixtureRequest, argo_url: str) -> Iterator[ArgoClient]:
    url = argo_url if request.param == "embedded" else os.environ.get("ARGO_URL", "")
    if not url:
        pytest.skip("ARGO_URL names no Argo Server")
    with ArgoClient(ServerAddress(url)) as found:
        yield found


def run(client: ArgoClient, made: dict[str, Any]) -> dict[str, Any]:
    lint.require_clean(made)
    name = client.send(api.create_workflow("argo", made))["metadata"]["name"]
    until = time.monotonic() + 100
    while not is_finished(client.send(api.workflow_status("argo", name))):
        assert time.monotonic() < until
        time.sleep(0.2)
    workflow = client.send(api.get_workflow("argo", name))
    assert phase(workflow) == "Succeeded"
    return workflow


def examples(count: int) -> list[Any]:
    """Values as Hypothesis finds them, all for one workflow."""
    values = st.recursive(
        st.none()
        | st.booleans()
        | st.integers()
        | st.floats(allow_nan=False, allow_infinity=False)
        | st.text(max_size=20),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
        max_leaves=5,
    )
    lists = st.lists(values, min_size=count, max_size=count)
    return list(find(lists, lambda _: True, settings=settings(phases=[Phase.generate], derandomize=True)))


@pytest.mark.parametrize("items", [HOSTILE, examples(40)], ids=["hostile", "generated"])
def test_items_reach_workers_and_results_come_back(client: ArgoClient, items: list[Any]) -> None:
    echo = shell('printf %s "$ITEM" > /tmp/result')
    collect = shell("cp $RESULTS_FILE /tmp/result")
    workflow = run(client, fan_out(worker=echo, items=items, collect=collect))
    outcome = results.results(results.workers(workflow, of_fan_out=True), json_only=True)
    assert outcome.values == items
    assert results.collected(workflow) == items


def test_hostile_results_reach_the_collect_step(client: ArgoClient) -> None:
    # What a worker writes is not in our encoding.
    texts = [json.dumps(value, ensure_ascii=False) for value in HOSTILE if value != 12345678901234567890]
    escaped = [text.replace("'", "'\\''") for text in texts]
    script = "\n".join(
        f"test $ITEM -eq {index} && printf %s '{text}' > /tmp/result" for index, text in enumerate(escaped)
    )
    # The script itself must survive Argo, too.
    worker = shell(f"echo {b64encode(script.encode()).decode()} | base64 -d > /tmp/script; . /tmp/script; true")
    made = fan_out(worker=worker, items=list(range(len(texts))), collect=shell("cp $RESULTS_FILE /tmp/result"))
    workflow = run(client, made)
    expected = [json.loads(text) for text in texts]
    assert results.results(results.workers(workflow, of_fan_out=True), json_only=True).values == expected
    assert results.collected(workflow) == expected


@pytest.mark.parametrize(("rows", "per", "expected"), [(0, 100, 0), (1, 100, 1), (1000, 500, 2), (1050, 100, 11)])
def test_every_row_is_in_exactly_one_slice(client: ArgoClient, rows: int, per: int, expected: int) -> None:
    generate = {
        "container": {"image": "alpine", "command": ["sh", "-c"], "args": ["echo $ROWS > /tmp/rows"]},
        "outputs": {"parameters": [{"name": "rows", "valueFrom": {"path": "/tmp/rows"}}]},
    }
    made = fan_out(
        worker=shell('echo "[$OFFSET,$LIMIT]" > /tmp/result'), generate=generate, rows=rows, rows_per_worker=per
    )
    slices = results.results(results.workers(run(client, made), of_fan_out=True), json_only=True).values
    assert len(slices) == expected
    assert [row for offset, limit in slices for row in range(offset, offset + limit)] == list(range(rows))


def test_a_parameter_that_argo_would_expand_is_refused() -> None:
    with pytest.raises(manifest.ManifestError, match="expands"):
        manifest.parameter_text("{{workflow.name}}")
