from __future__ import annotations

import posixpath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_argo.local.artifacts.keys import key_at, path_of

# What is dangerous has to come often enough.
KEYS = st.lists(st.sampled_from(["", ".", "..", "%", "%2E", "%00", "\x00", "a", "b.txt"]) | st.text(), min_size=1).map(
    "/".join
)


@pytest.mark.parametrize(
    ("key", "path"),
    [
        ("wf/pod/out.tgz", "wf/pod/out.tgz"),
        ("../../etc/passwd", "%2E%2E/%2E%2E/etc/passwd"),
        ("/etc/passwd", "%/etc/passwd"),
        ("a//b", "a/%/b"),
        ("a/./b", "a/%2E/b"),
        ("100%", "100%25"),
        ("a\x00b", "a%00b"),
        ("...", "..."),
    ],
)
def test_a_key_keeps_its_parts_but_those_that_lead_elsewhere(key: str, path: str) -> None:
    assert path_of(key) == path


@given(KEYS)
def test_no_key_leads_out_of_the_store(key: str) -> None:
    path = path_of(key)
    assert posixpath.normpath(f"/store/{path}") == f"/store/{path}"
    assert "\x00" not in path


@given(KEYS)
def test_no_two_keys_share_a_file(key: str) -> None:
    assert key_at(path_of(key)) == key


@given(KEYS)
def test_no_key_meets_what_is_being_written(key: str) -> None:
    assert path_of(key).split("/")[0] != "%new"
