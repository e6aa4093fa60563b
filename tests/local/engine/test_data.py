from __future__ import annotations

import pytest

from airflow_argo.local.engine.data import transformed
from airflow_argo.local.engine.errors import NodeError

SOURCE = {"artifactPaths": {"name": "files", "s3": {"bucket": "b"}}}
PATHS = ["a/1.pdf", "a/2.txt", "b/3.pdf"]


@pytest.mark.parametrize(
    ("expressions", "result"),
    [
        ([], '["a/1.pdf","a/2.txt","b/3.pdf"]'),
        (['filter(data, {# endsWith ".pdf"})'], '["a/1.pdf","b/3.pdf"]'),
        (['filter(data, {# endsWith ".pdf"})', 'map(data, {# + ".ready"})'], '["a/1.pdf.ready","b/3.pdf.ready"]'),
        (["len(data)"], "3"),
        (['map(data, { {"name": #} })[0]'], '{"name":"a/1.pdf"}'),
        ([""], '["a/1.pdf","a/2.txt","b/3.pdf"]'),
    ],
)
def test_each_step_sees_what_the_one_before_has_made(expressions, result):
    steps = [{"expression": expression} for expression in expressions]
    assert transformed(PATHS, {"source": SOURCE, "transformation": steps}) == result


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ({"source": {}}, "unable to process data source: no valid source is used for data template"),
        (
            {"source": SOURCE, "transformation": [{"expression": "data"}, {"expression": "nope(data)"}]},
            "unable to process data transformation: error processing data step 1: ",
        ),
    ],
)
def test_what_fails_is_said_as_argo_does(data, message):
    with pytest.raises(NodeError, match=f"unable to process data template: {message}"):
        transformed(PATHS, data)
