from __future__ import annotations

import base64

import pytest

from airflow_argo.argo.errors import ManifestError
from airflow_argo.local.objects.documents import decoded, read_objects


def only(text):
    (found,) = read_objects(text, "x.yaml").values()
    return found


def test_a_file_may_hold_several_and_a_list_of_them():
    text = """
kind: ConfigMap
metadata: {name: a}
---
kind: List
items:
- {kind: ConfigMap, metadata: {name: b, namespace: m}}
- {kind: PersistentVolumeClaim, metadata: {name: c}}
---
kind: Secret
metadata: {name: a}
"""
    keys = [("ConfigMap", "", "a"), ("ConfigMap", "m", "b"), ("Secret", "", "a")]
    assert list(read_objects(text, "x.yaml")) == keys


def test_a_secrets_plain_text_wins_over_its_base64():
    text = """
kind: Secret
metadata: {name: a}
data: {x: b2xk, b: "/w=="}
stringData: {x: new, z: ü}
"""
    assert decoded(only(text)["data"]) == {"x": b"new", "b": b"\xff", "z": "ü".encode()}


def test_an_empty_value_is_empty_text():
    assert only("kind: ConfigMap\nmetadata: {name: a}\ndata: {x: }")["data"] == {"x": ""}


@pytest.mark.parametrize(
    ("text", "line", "reason"),
    [
        ("kind: ConfigMap\nmetadata: {name: a}\ndata:\n  one: 1\n", 4, "data.one is no text; quote it"),
        ("kind: ConfigMap\nmetadata: {name: a}\ndata: {b: true}\n", 3, "data.b is no text"),
        ("kind: ConfigMap\nmetadata:\n  name: ../a\n", 3, "metadata.name is no name"),
        ("kind: ConfigMap\nmetadata: {}\n", None, "metadata.name is no name"),
        ("kind: ConfigMap\nmetadata: {name: a}\ndata: []\n", 3, "data is no mapping"),
        ("kind: ConfigMap\nmetadata: {name: a}\ndata: {a/b: x}\n", 3, "data has the key 'a/b'"),
        ("kind: Secret\nmetadata: {name: a}\ndata:\n  p: plain text\n", 4, "plain text belongs under stringData"),
        ("kind: ConfigMap\nmetadata: {name: a, namespace: 3}\n", 2, "metadata.namespace is no text"),
        ("kind: ConfigMap\nmetadata: {name: a}\ndata: {x: [}\n", 3, ""),
        ("metadata: {name: a}\n", None, "an object without a kind"),
    ],
)
def test_what_kubernetes_would_refuse_is_named_with_its_line(text, line, reason):
    with pytest.raises(ManifestError) as caught:
        read_objects(text, "x.yaml")
    assert "x.yaml" in str(caught.value)
    assert reason in str(caught.value)
    assert line is None or f"line {line}" in str(caught.value)


def test_no_message_shows_a_secret():
    for field, value in (("data", "not-base64-hunter2"), ("stringData", "[hunter2]")):
        with pytest.raises(ManifestError) as caught:
            read_objects(f"kind: Secret\nmetadata: {{name: a}}\n{field}: {{p: {value}}}\n", "x.yaml")
        assert "hunter2" not in str(caught.value)


def test_two_of_one_name_are_refused():
    text = "kind: Secret\nmetadata: {name: a}\n"
    with pytest.raises(ManifestError, match="two of Secret 'a'"):
        read_objects(f"{text}---\n{text}", "x.yaml")


@pytest.mark.parametrize("kind", ["ConfigMap", "Secret"])
def test_they_hold_a_mebibyte(kind):
    def made(length):
        text = "x" * length
        value = text if kind == "ConfigMap" else base64.b64encode(text.encode()).decode()
        return f"kind: {kind}\nmetadata: {{name: a}}\ndata: {{k: '{value}'}}\n"

    only(made(1024 * 1024 - 1))
    with pytest.raises(ManifestError, match="more than 1048576 bytes"):
        only(made(1024 * 1024))
