from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_argo.argo import errors
from airflow_argo.argo.streams import StreamDecoder

EOF = {"error": {"grpc_code": 8, "http_code": 429, "message": "EOF", "http_status": "Too Many Requests"}}
Outcome = tuple[list[Any], str | None]


def ndjson(*messages: Any) -> bytes:
    return b"".join(json.dumps(message, ensure_ascii=False).encode() + b"\n" for message in messages)


def events(*messages: Any) -> bytes:
    return b"".join(f"data: {json.dumps(message, ensure_ascii=False)} \n\n\n".encode() for message in messages)


def outcome(pieces: list[bytes], **options: Any) -> Outcome:
    """What a reader of the stream gets: the results, and the kind and text of the error at its end."""
    decoder = StreamDecoder("GET /x", **options)
    results: list[Any] = []
    try:
        for piece in pieces:
            results += decoder.feed(piece)
        results += decoder.close()
    except errors.ArgoError as error:
        return results, f"{type(error).__name__}: {error}"
    return results, None


def kind(found: Outcome) -> str | None:
    return found[1] and found[1].partition(":")[0]


@pytest.mark.parametrize("form", [ndjson, events])
def test_results_come_in_order(form: Any) -> None:
    assert outcome([form({"result": {"a": 1}}, {"result": {"a": "ü"}})]) == ([{"a": 1}, {"a": "ü"}], None)


def test_comments_blank_lines_and_other_fields_of_an_event_are_no_results() -> None:
    text = b':\n\nevent: x\nid: 7\nretry: 3\r\n:keep-alive\ndata: {"result":{}} \r\n\r\n'
    assert outcome([text]) == ([{}], None)


def test_a_last_result_needs_no_newline() -> None:
    assert outcome([b'{"result":{"a":1}}']) == ([{"a": 1}], None)


def test_the_results_before_an_error_come_first() -> None:
    decoder = StreamDecoder()
    assert decoder.feed(ndjson({"result": {"a": 1}}, EOF)) == [{"a": 1}]
    with pytest.raises(errors.StreamEndedError):
        decoder.feed(ndjson({"result": {"a": 2}}))


@pytest.mark.parametrize(
    ("code", "message", "expected"),
    [
        (429, "EOF", "StreamEndedError"),
        (429, "rejected by grpc_ratelimit middleware", "RateLimitedError"),
        (400, "too old resource version: 1 (179540391688)", "StreamEndedError"),
        (400, "unable to parse requirement: 'a b'", "RequestRefusedError"),
        (401, "Unauthorized", "UnauthenticatedError"),
        (403, "forbidden", "PermissionDeniedError"),
        (404, 'workflows.argoproj.io "x" not found', "NotFoundError"),
        (500, "failed to compile", "ServerError"),
    ],
)
@pytest.mark.parametrize("form", [ndjson, events])
def test_an_error_has_its_kind_its_place_and_its_words(form: Any, code: int, message: str, expected: str) -> None:
    text = form({"result": {}}, {"error": {"http_code": code, "grpc_code": 1, "message": message}})
    for ending in (text, text.rstrip()):
        results, error = outcome([ending])
        assert results == [{}]
        assert error is not None
        assert error.startswith(f"{expected}: GET /x was answered with HTTP {code}: {message}")


def test_an_error_that_fields_have_emptied_is_no_result() -> None:
    assert outcome([b'{"result":{"a":1}}\n{}\n']) == ([{"a": 1}], None)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (b'{"result":{"a":', "StreamEndedError"),
        (b'data: {"result":', "StreamEndedError"),
        (b"dat", "StreamEndedError"),
        (b"<html>\n", "NotAnArgoServerError"),
        (b"Bad Gateway", "NotAnArgoServerError"),
        (b'["a"]\n', "NotAnArgoServerError"),
        (b'{"result":{}\n', "NotAnArgoServerError"),
        (b"[" * 100_000 + b"\n", "NotAnArgoServerError"),
        (b'{"error": {"kind": "x"', "StreamEndedError"),
        (b'{"error": "plain words"}\n', "ServerError"),
        (b"", None),
    ],
)
def test_what_is_no_whole_stream(text: bytes, expected: str | None) -> None:
    assert kind(outcome([text])) == expected


@pytest.mark.parametrize("size", [1, 7, 1000])
def test_a_message_is_bounded(size: int) -> None:
    text = ndjson({"result": {}}) + b'{"result":{"a":"' + b"x" * 1000
    pieces = [text[start : start + size] for start in range(0, len(text), size)]
    results, error = outcome(pieces, longest_line=500)
    assert results == [{}]
    assert error is not None
    assert "longer than 500 bytes" in error


def test_bytes_that_are_no_text_do_no_harm() -> None:
    assert outcome([b'{"result":{"content":"\xff"}}\n']) == ([{"content": "\ufffd"}], None)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)
objects = st.dictionaries(st.text(), json_values, max_size=3)
results_of_a_stream = st.lists(st.builds(lambda value: {"result": value}, objects), max_size=5)
keep_alives = st.sampled_from([b"", b":\n", b"\n", b"\r\n"])
endings = st.sampled_from([b"", json.dumps(EOF).encode(), b'{"result":{"a', b"<html>", b"data"])


@given(messages=results_of_a_stream, form=st.sampled_from([ndjson, events]), pause=keep_alives, end=endings)
def test_what_was_sent_is_what_comes(messages: list[Any], form: Any, pause: bytes, end: bytes) -> None:
    text = pause.join([b"", *(form(message) for message in messages), end])
    expected = {b"": None, b"<html>": "NotAnArgoServerError"}.get(end, "StreamEndedError")
    found = outcome([text])
    assert found[0] == [message["result"] for message in messages]
    assert kind(found) == expected


@given(
    messages=results_of_a_stream,
    form=st.sampled_from([ndjson, events]),
    end=endings | st.binary(max_size=30),
    data=st.data(),
)
def test_it_does_not_matter_where_the_bytes_are_cut(messages: list[Any], form: Any, end: bytes, data: Any) -> None:
    text = b"".join(form(message) for message in messages) + end
    cuts = sorted(data.draw(st.lists(st.integers(0, len(text)))))
    pieces = [text[start:stop] for start, stop in zip([0, *cuts], [*cuts, len(text)], strict=True)]
    assert outcome(pieces) == outcome([text])
    assert outcome([bytes([byte]) for byte in text]) == outcome([text])
