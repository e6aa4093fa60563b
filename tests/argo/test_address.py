from __future__ import annotations

from collections.abc import Callable

import pytest

from airflow_argo.argo import api, errors
from airflow_argo.argo.address import ServerAddress

VERSION = api.version()


@pytest.mark.parametrize("base", ["http://argo:2746", "http://argo:2746/"])
def test_the_url_of_a_call(base: str) -> None:
    call = api.list_workflows("a b", label_selector="x in (y)")
    url = "http://argo:2746/api/v1/workflows/a%20b?listOptions.labelSelector=x%20in%20%28y%29"
    assert ServerAddress(base).url_of(call) == url
    assert ServerAddress("https://[::1]/argo/").url_of(VERSION) == "https://[::1]/argo/api/v1/version"


@pytest.mark.parametrize(
    "url",
    [
        "",
        "argo:2746",
        "ftp://argo",
        "http://",
        "http://argo:99999",
        "http://argo:port",
        "http://[::1",
        "https://someone:s3cret@argo",
        "https://argo/?token=s3cret",
        "https://argo/#s3cret",
    ],
)
def test_an_address_that_no_server_can_have_is_refused_and_not_shown(url: str) -> None:
    with pytest.raises(errors.NotAnArgoServerError) as raised:
        ServerAddress(url)
    assert "s3cret" not in str(raised.value)


@pytest.mark.parametrize(
    ("token", "header"),
    [
        ("abc", "Bearer abc"),
        ("Bearer abc", "Bearer abc"),
        ("bearer  abc\n", "Bearer abc"),
        ("  abc\r\n", "Bearer abc"),
        ("v2:abc", "Bearer v2:abc"),
        ("", None),
        (" \n", None),
        ("Bearer ", None),
    ],
)
def test_the_token_is_sent_as_argo_wants_it(token: str, header: str | None) -> None:
    assert ServerAddress("http://argo", token=lambda: token).headers_of(VERSION).get("Authorization") == header


def missing_file() -> str:
    raise FileNotFoundError(2, "No such file or directory", "/run/token")


def test_a_token_file_that_cannot_be_read_is_named() -> None:
    with pytest.raises(errors.UnauthenticatedError, match="/run/token"):
        ServerAddress("http://argo", token=missing_file).headers_of(VERSION)


@pytest.mark.parametrize("give", [lambda: "s3\ncret", lambda: "s3\u00fccret", lambda: "s3\x7fcret"])
def test_a_token_that_no_header_can_hold_is_refused_and_not_shown(give: Callable[[], str]) -> None:
    with pytest.raises(errors.UnauthenticatedError) as raised:
        ServerAddress("http://argo", token=give).headers_of(VERSION)
    assert "s3" not in str(raised.value)


def test_only_a_body_has_a_content_type() -> None:
    address = ServerAddress("http://argo")
    assert address.headers_of(api.stop_workflow("ns", "x"))["Content-Type"] == "application/json"
    assert "Content-Type" not in address.headers_of(VERSION)


def test_its_text_does_not_show_the_token() -> None:
    assert "token" not in repr(ServerAddress("http://argo", token=lambda: "s3cret"))
