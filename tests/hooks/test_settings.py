from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from airflow.sdk import Connection

from airflow_argo.hooks.settings import ConnectionSettingsError, Settings, settings_of


def settings(**fields: Any) -> Settings:
    extra = fields.pop("extra", {})
    import json

    return settings_of(Connection(conn_id="argo", conn_type="argo", extra=json.dumps(extra), **fields))


@pytest.mark.parametrize(
    ("fields", "url"),
    [
        ({"host": "argo.example.com"}, "https://argo.example.com:2746"),
        ({"host": "http://127.0.0.1", "port": 8080}, "http://127.0.0.1:8080"),
        ({"host": "h", "extra": {"scheme": "http"}}, "http://h:2746"),
        ({"host": "h", "extra": {"base_path": "/argo/"}}, "https://h:2746/argo"),
        ({"host": "::1", "port": 1}, "https://[::1]:1"),
        ({"host": "https://h/"}, "https://h:2746"),
    ],
)
def test_addresses(fields: dict[str, Any], url: str) -> None:
    assert settings(**fields).url == url


@pytest.mark.parametrize(
    ("value", "expected"),
    [(None, True), (True, True), (False, False), ("false", False), ("True", True), ("/ca.pem", "/ca.pem")],
)
def test_verify_is_a_switch_or_a_file_also_as_text(value: Any, expected: bool | str) -> None:
    assert settings(host="h", extra={"verify": value} if value is not None else {}).verify == expected


def test_the_token_file_is_read_each_time(tmp_path: Path) -> None:
    path = tmp_path / "token"
    path.write_text("one\n")
    token = settings(host="h", password="unused", extra={"token_file": str(path)}).token
    assert token() == "one"
    path.write_text("two\n")
    assert token() == "two"


def test_the_token_is_the_password_and_shown_nowhere() -> None:
    made = settings(host="h", password="s3cr3t")
    assert made.token() == "s3cr3t"
    assert "s3cr3t" not in repr(made)


def test_the_link_leads_to_the_ui() -> None:
    made = settings(host="h", extra={"ui_url": "https://argo.example.com/ui/"})
    assert made.workflow_link("argo", "wf", "u-1") == "https://argo.example.com/ui/workflows/argo/wf?uid=u-1"
    assert settings(host="h").workflow_link("argo", "wf", "u") == "https://h:2746/workflows/argo/wf?uid=u"


def test_keys_of_other_tools_are_left_alone() -> None:
    assert settings(host="h", extra={"owner": "data platform"}).namespace == "argo"


@pytest.mark.parametrize("extra", [{}, {"namespace": None, "patience": None}])
def test_defaults(extra: dict[str, Any]) -> None:
    made = settings(host="h", extra=extra)
    assert (made.namespace, made.patience) == ("argo", 60.0)


def test_what_is_given() -> None:
    made = settings(host="h", extra={"namespace": "team", "patience": "5"})
    assert (made.namespace, made.patience) == ("team", 5.0)


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({}, "has no host"),
        ({"host": "ftp://h"}, "scheme 'ftp'"),
        ({"host": "h", "extra": {"patience": "long"}}, "patience 'long'"),
        ({"host": "h", "extra": {"patience": "nan"}}, "patience 'nan'"),
        ({"host": "http://127.0.0.1:2746"}, "Enter the port as the port"),
        ({"host": "h", "extra": {"namespce": "team"}}, "Is 'namespace' meant"),
        ({"host": "http://h/argo"}, "a path as 'base_path'"),
        ({"host": "h", "extra": {"kubernetes_conn_id": "k"}}, "not supported yet"),
    ],
)
def test_what_makes_no_address_is_refused_by_name(fields: dict[str, Any], reason: str) -> None:
    with pytest.raises(ConnectionSettingsError, match=reason):
        settings(**fields)
