from __future__ import annotations

import stat

import pytest

from airflow_argo.argo.errors import ManifestError
from airflow_argo.local.execution.object_volumes import object_files, write_files


class Source:
    def config_map(self, namespace, name):
        return {"data": {"a": "ä", "b": "2"}} if (namespace, name) == ("argo", "cm") else None

    def secret(self, namespace, name):
        return {"user": b"\xff"} if (namespace, name) == ("argo", "s") else None


def files(**volume):
    return object_files({"name": "v", **volume}, "argo", Source())


def test_every_key_is_a_file():
    assert files(configMap={"name": "cm"}) == {"a": ("ä".encode(), 0o644), "b": (b"2", 0o644)}
    assert files(secret={"secretName": "s", "defaultMode": 0o400}) == {"user": (b"\xff", 0o400)}


def test_items_choose_keys_and_name_their_files():
    items = [{"key": "a", "path": "who/am-i", "mode": 0o600}, {"key": "b", "path": "b"}]
    assert files(configMap={"name": "cm", "items": items}) == {"who/am-i": ("ä".encode(), 0o600), "b": (b"2", 0o644)}


def test_what_is_optional_may_be_missing():
    assert files(configMap={"name": "nope", "optional": True}) == {}
    assert files(secret={"secretName": "s", "optional": True, "items": [{"key": "nope", "path": "x"}]}) == {}


def test_other_volumes_are_none_of_it():
    assert files(emptyDir={}) is None


@pytest.mark.parametrize(
    ("volume", "message"),
    [
        ({"configMap": {"name": "nope"}}, 'volume v: configmap "nope" not found'),
        ({"secret": {"secretName": "nope"}}, 'volume v: secret "nope" not found'),
        ({"configMap": {"name": "cm", "items": [{"key": "x", "path": "x"}]}}, "non-existent config key: x"),
        ({"secret": {"secretName": "s", "items": [{"key": "x", "path": "x"}]}}, "non-existent secret key: x"),
        ({"configMap": {"name": "cm", "items": [{"key": "a", "path": "../x"}]}}, "has to be relative"),
        ({"configMap": {"name": "cm", "items": [{"key": "a", "path": "/x"}]}}, "has to be relative"),
    ],
)
def test_what_cannot_be_is_said_in_kubernetes_words(volume, message):
    with pytest.raises(ManifestError, match=message):
        files(**volume)


def test_they_are_written_with_their_modes(tmp_path):
    write_files(
        tmp_path / "v", files(secret={"secretName": "s", "items": [{"key": "user", "path": "a/b", "mode": 256}]})
    )
    assert (tmp_path / "v/a/b").read_bytes() == b"\xff"
    assert stat.S_IMODE((tmp_path / "v/a/b").stat().st_mode) == 0o400
