from __future__ import annotations

import pytest

from airflow_argo.local.engine.data import processed
from airflow_argo.local.engine.errors import NodeError


def source(key: str = "", **location: object) -> dict[str, object]:
    return {"artifactPaths": {"name": "files", **(location or {"s3": {"bucket": "b", "key": key}})}}


class Bucket:
    """What a store holds, as far as data templates care."""

    def __init__(self, *keys: str) -> None:
        self._keys = sorted(keys)

    def all_keys(self) -> list[str]:
        return self._keys

    def keys_below(self, key: str) -> list[str]:
        return [each for each in self._keys if each.startswith(f"{key}/")]

    def has_key(self, key: str) -> bool:
        return key in self._keys


BUCKET = Bucket("a/1.pdf", "a/2.txt", "b/3.pdf")


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
    assert processed({"source": source(), "transformation": steps}, BUCKET) == result


@pytest.mark.parametrize(
    ("key", "expression", "result"),
    [
        ("a", "data", '["a/1.pdf","a/2.txt"]'),
        ("b/", "data", '["b/3.pdf"]'),
        # It is no folder: Go's list is nil then, and not empty.
        ("b/3.pdf", "data", "null"),
        ("b/3.pdf", "filter(data, {true})", "[]"),
    ],
)
def test_the_key_names_a_folder(key, expression, result):
    assert processed({"source": source(key), "transformation": [{"expression": expression}]}, BUCKET) == result


UNLISTED = "ListObjects is currently not supported for this artifact type, but it will be in a future version"


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ({"source": {}}, "data source: no valid source is used for data template"),
        ({"source": source(raw={"data": "x"})}, f"data source: unable to source artifact paths: {UNLISTED}"),
        (
            {"source": source(s3={"key": "a"})},
            "data source: unable to source artifact paths: failed to list directory: Bucket name cannot be empty",
        ),
        ({"source": source("nope")}, "data source: unable to source artifact paths: no key found of name nope"),
        (
            {"source": {"artifactPaths": {"name": "x"}}},
            "data source: unable to source artifact paths: key unsupported: cannot get key for artifact location",
        ),
        (
            {"source": source(), "transformation": [{"expression": "data"}, {"expression": "nope(data)"}]},
            "data transformation: error processing data step 1: ",
        ),
        # The paths are texts to the expression's types.
        (
            {"source": source(), "transformation": [{"expression": "data[0] + 1"}]},
            "data transformation: error processing data step 0: invalid operation",
        ),
    ],
)
def test_what_fails_is_said_as_argo_does(data, message):
    with pytest.raises(NodeError, match=f"unable to process data template: unable to process {message}"):
        processed(data, BUCKET)


def test_an_empty_store_has_no_paths():
    with pytest.raises(NodeError, match="failed to check if key  exists from bucket b: Object name cannot be empty"):
        processed({"source": source()}, Bucket())
