from __future__ import annotations

import json
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_argo.argo import api, errors
from airflow_argo.argo.api import Answer, Call

WORKFLOW = {"metadata": {"name": "x", "uid": "u1"}, "status": {"phase": "Running"}}
PAGE = {"metadata": {"continue": "2"}, "items": [WORKFLOW]}
NAMED = {"metadata": {"name": "x"}}
GET = api.get_workflow("argo", "x")
CREATE = api.create_workflow("argo", NAMED)
SUBMIT = api.submit_workflow("argo", "WorkflowTemplate", "t", {})
LINT = api.lint_workflow("argo", NAMED)
STOP = api.stop_workflow("argo", "x")
RETRY = api.retry_workflow("argo", "x")
LIST = api.list_workflows("argo")
WATCH = api.watch_workflows("argo")

DIAL = 'Post "https://10.43.0.1:443/apis/argoproj.io/v1alpha1/namespaces/argo/workflows": dial tcp: i/o timeout'
DONE = 'cannot shutdown a completed workflow: workflow: "x", namespace: "argo"'


def answer(status: int, body: Any, content_type: str = "application/json", **headers: str) -> Answer:
    text = body if isinstance(body, bytes) else (body if isinstance(body, str) else json.dumps(body)).encode()
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Answer(status, {"content-type": content_type, **named}, text)


def said(code: int, message: str) -> dict[str, Any]:
    return {"code": code, "message": message}


def error_of(call: Call[Any], given: Answer) -> errors.ArgoError:
    with pytest.raises(errors.ArgoError) as raised:
        api.read(call, given)
    return raised.value


@pytest.mark.parametrize(
    ("call", "body", "value"),
    [
        (GET, WORKFLOW, WORKFLOW),
        (LIST, {"metadata": {}, "items": None}, {"metadata": {}, "items": []}),
        (
            LIST,
            {"metadata": {"continue": "2"}, "items": [WORKFLOW]},
            {"metadata": {"continue": "2"}, "items": [WORKFLOW]},
        ),
        (api.delete_workflow("argo", "x"), {}, {}),
        (api.version(), {"version": "v4.1.2"}, {"version": "v4.1.2"}),
        (STOP, WORKFLOW, WORKFLOW),
    ],
)
def test_a_value_is_read(call: Call[Any], body: Any, value: Any) -> None:
    assert api.read(call, answer(200, body)) == value
    assert api.read(call, answer(200, body, "Application/JSON; charset=utf-8")) == value


@pytest.mark.parametrize(
    ("call", "status", "body", "kind"),
    [
        (CREATE, 400, said(3, "template name 'nope' undefined"), errors.RequestRefusedError),
        (LINT, 500, said(2, "template name 'nope' undefined"), errors.RequestRefusedError),
        (LINT, 500, said(13, "etcdserver: leader changed"), errors.ServerError),
        (GET, 500, said(2, "something unknown"), errors.ServerError),
        (GET, 401, said(16, "Unauthorized"), errors.UnauthenticatedError),
        (GET, 403, said(7, "forbidden"), errors.PermissionDeniedError),
        (GET, 404, said(5, 'workflows.argoproj.io "x" not found'), errors.NotFoundError),
        (CREATE, 409, said(6, 'workflows.argoproj.io "x" already exists'), errors.AlreadyExistsError),
        (CREATE, 409, said(6, "Operation cannot be fulfilled on resourcequotas"), errors.ConflictError),
        (RETRY, 409, said(6, "Operation cannot be fulfilled: the object has been modified"), errors.ConflictError),
        (GET, 408, said(1, "the server timed out"), errors.ServerUnreachableError),
        (GET, 429, said(8, "/x is rejected by grpc_ratelimit middleware"), errors.RateLimitedError),
        (WATCH, 429, said(8, "EOF"), errors.StreamEndedError),
        (GET, 500, said(13, "resource name may not be empty"), errors.ServerError),
        (GET, 501, said(12, "Not Implemented"), errors.NotSupportedError),
        (GET, 503, said(14, "connection error: desc = refused"), errors.ServerError),
        (GET, 504, said(4, "context deadline exceeded"), errors.ServerError),
        (SUBMIT, 400, said(3, DIAL), errors.ServerError),
        (SUBMIT, 400, said(3, 'Post "https://10.43.0.1:443/x": unexpected EOF'), errors.ServerError),
        (SUBMIT, 400, said(3, "unexpected EOF"), errors.RequestRefusedError),
        (SUBMIT, 500, said(13, "expected parameter of the form: NAME=VALUE. Received: b"), errors.RequestRefusedError),
        (CREATE, 400, said(3, "Request entity too large: limit is 3145728"), errors.ManifestTooLargeError),
        (CREATE, 500, said(13, "etcdserver: request is too large"), errors.ManifestTooLargeError),
        (CREATE, 429, said(8, "grpc: received message larger than max (2 vs. 1)"), errors.ManifestTooLargeError),
        (GET, 429, said(8, "grpc: received message larger than max (2 vs. 1)"), errors.RequestRefusedError),
        (RETRY, 400, said(3, "Cannot retry a workflow in phase Running"), errors.RequestRefusedError),
        (RETRY, 500, said(13, DONE), errors.ServerError),
    ],
)
def test_a_refusal_has_its_kind_its_place_its_words_and_a_next_step(
    call: Call[Any], status: int, body: dict[str, Any], kind: type[errors.ArgoError]
) -> None:
    error = error_of(call, answer(status, body))
    assert type(error) is kind
    assert call.place in str(error)
    assert body["message"] in str(error)
    assert error.hint


def test_the_form_of_a_streams_error_is_read_everywhere() -> None:
    inner = {"error": {"grpc_code": 5, "http_code": 404, "message": "not there"}}
    for text in (json.dumps(inner), f"data: {json.dumps(inner)} \n\n"):
        assert type(error_of(GET, answer(404, text, "text/event-stream"))) is errors.NotFoundError


@pytest.mark.parametrize("call", [STOP, api.terminate_workflow("argo", "x")])
def test_stopping_what_has_ended_is_a_success(call: Call[Any]) -> None:
    assert api.read(call, answer(500, said(13, DONE))) == {}
    assert type(error_of(call, answer(500, said(13, "boom")))) is errors.ServerError


def test_a_uid_that_nobody_has_is_not_found() -> None:
    call = api.get_workflow("argo", "x", uid="u2")
    panic = said(13, "runtime error: invalid memory address or nil pointer dereference")
    assert type(error_of(call, answer(500, panic))) is errors.NotFoundError
    assert type(error_of(GET, answer(500, panic))) is errors.ServerError


def test_a_workflow_of_another_uid_is_not_found_on_servers_that_ignore_the_uid() -> None:
    error = error_of(api.get_workflow("argo", "x", uid="u2"), answer(200, WORKFLOW))
    assert type(error) is errors.NotFoundError
    assert "u1" in str(error)
    assert api.read(api.get_workflow("argo", "x", uid="u1"), answer(200, WORKFLOW)) == WORKFLOW
    assert api.read(api.get_workflow("argo", "x", uid="u1"), answer(200, NAMED)) == NAMED


@pytest.mark.parametrize(
    ("status", "body", "content_type", "kind"),
    [
        (200, "<html><title>Argo</title></html>", "text/html", errors.NotAnArgoServerError),
        (200, json.dumps(WORKFLOW), "", errors.NotAnArgoServerError),
        (200, json.dumps(WORKFLOW), "text/plain", errors.NotAnArgoServerError),
        (200, "", "", errors.NotAnArgoServerError),
        (200, "", "application/json", errors.ServerUnreachableError),
        (200, '{"metadata": {"na', "application/json", errors.ServerUnreachableError),
        (200, "[" * 100_000, "application/json", errors.ServerUnreachableError),
        (200, b"\xff\xfe\xff", "application/json", errors.ServerUnreachableError),
        (200, "[]", "application/json", errors.NotAnArgoServerError),
        (200, "null", "application/json", errors.NotAnArgoServerError),
        (200, '{"status": "ok"}', "application/json", errors.NotAnArgoServerError),
        (204, "", "", errors.NotAnArgoServerError),
        (302, "", "text/html", errors.NotAnArgoServerError),
        (400, "Client sent an HTTP request to an HTTPS server.\n", "", errors.NotAnArgoServerError),
        (401, "<title>Log in</title>", "text/html", errors.UnauthenticatedError),
        (403, "denied", "text/plain", errors.PermissionDeniedError),
        (404, "default backend - 404", "text/plain", errors.NotAnArgoServerError),
        (
            404,
            {"kind": "Status", "message": "no resource"},
            "application/json",
            errors.NotAnArgoServerError,
        ),
        (404, {"code": 404, "message": "no route"}, "application/json", errors.NotAnArgoServerError),
        (413, "<title>413 Request Entity Too Large</title>", "text/html", errors.RequestRefusedError),
        (429, "Too Many Requests", "text/plain", errors.RateLimitedError),
        (502, "Bad Gateway", "text/plain", errors.ServerError),
        (503, "<h1>Service Unavailable</h1>", "text/html", errors.ServerError),
        (504, "", "", errors.ServerError),
    ],
)
def test_what_something_else_answered(status: int, body: Any, content_type: str, kind: type[errors.ArgoError]) -> None:
    error = error_of(GET, answer(status, body, content_type))
    assert type(error) is kind
    assert GET.place in str(error)
    assert error.hint


def test_a_manifest_too_large_for_a_proxy_is_told_so() -> None:
    error = error_of(CREATE, answer(413, "<title>413 Request Entity Too Large</title>", "text/html"))
    assert type(error) is errors.ManifestTooLargeError
    assert "client_max_body_size" in str(error)


@pytest.mark.parametrize(
    ("status", "body", "words"),
    [
        (400, "Client sent an HTTP request to an HTTPS server.\n", "scheme to 'https'"),
        (502, "Bad Gateway", "proxy"),
        (503, said(14, "connection error"), "starting or stopping"),
    ],
)
def test_the_next_step_fits_the_cause(status: int, body: Any, words: str) -> None:
    assert words in error_of(GET, answer(status, body)).hint


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"Retry_After": "7"}, 7.0),
        ({"retry_after": "7"}, 7.0),
        ({"Retry_After": "Mon, 23 Nov 2026 03:24:47 GMT", "Date": "Mon, 23 Nov 2026 03:24:42 GMT"}, 5.0),
        ({"Retry_After": "Mon, 23 Nov 2026 03:24:40 GMT", "Date": "Mon, 23 Nov 2026 03:24:42 GMT"}, 0.0),
        ({"Retry_After": "Mon, 23 Nov 2026 03:24:47 GMT"}, None),
        ({"Retry_After": "soon"}, None),
        ({"Retry_After": "-5"}, None),
        ({}, None),
    ],
)
def test_how_long_the_server_wants_to_be_left_alone(headers: dict[str, str], seconds: float | None) -> None:
    error = error_of(GET, answer(429, "Too Many Requests", "text/plain", **headers))
    assert isinstance(error, errors.RateLimitedError)
    assert error.retry_after == seconds


def test_a_long_message_is_cut() -> None:
    error = error_of(CREATE, answer(400, said(3, "x" * 1_000_000)))
    assert len(str(error)) < 2_500
    assert "of 1000000 characters" in str(error)


@pytest.mark.parametrize(
    "echo",
    [
        "authorization: Bearer s3cret-t0ken",
        "no: eyJhbGciOi.eyJzdWIi.s3cret-t0ken",
        "no: v2:abcdefghijklmnopqrstuvwxyz.s3cret-t0ken",
        "Basic dXNlcjpzM2NyZXQtdDBrZW4=s3cret-t0ken",
    ],
)
def test_a_token_that_is_sent_back_does_not_get_into_the_error(echo: str) -> None:
    for body in (said(3, echo), f"<title>{echo}</title>", echo):
        assert "s3cret" not in str(error_of(GET, answer(400, body)))


def test_words_about_tokens_stay() -> None:
    words = "failed to create REST config: error parsing basic authentication; bearer token missing"
    assert words in str(error_of(GET, answer(401, said(16, words))))


def test_a_login_forms_secrets_are_left_out() -> None:
    error = error_of(GET, answer(302, "", "", Location="https://login.example/form?state=s3cret#s3cret"))
    assert "https://login.example/form" in str(error)
    assert "s3cret" not in str(error)


def test_a_stream_may_begin_only_as_a_stream() -> None:
    for kind in ("text/event-stream", "application/json"):
        api.read_stream_head(WATCH, answer(200, "", kind))
    for head, kind_of_error in (
        (answer(200, "<html>", "text/html"), errors.NotAnArgoServerError),
        (answer(429, {"error": {"http_code": 429, "message": "EOF"}}), errors.StreamEndedError),
        (answer(404, {}), errors.NotFoundError),
        (answer(302, ""), errors.NotAnArgoServerError),
    ):
        with pytest.raises(errors.ArgoError) as raised:
            api.read_stream_head(WATCH, head)
        assert type(raised.value) is kind_of_error


@pytest.mark.parametrize("body", [{"type": "ADDED"}, {"object": {}}, {"type": 1, "object": {}}, []])
def test_an_event_that_is_none_is_not_argos(body: Any) -> None:
    with pytest.raises(errors.NotAnArgoServerError):
        api.parsed(WATCH, body)


def test_an_empty_log_line_has_a_content() -> None:
    assert api.parsed(api.workflow_log("argo", "x"), {"podName": "p"}) == {"content": "", "podName": "p"}


json_like = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: (
        st.lists(inner) | st.dictionaries(st.sampled_from(["error", "code", "message", "metadata", "x"]), inner)
    ),
    max_leaves=8,
)


@given(
    call=st.sampled_from([GET, CREATE, SUBMIT, LINT, STOP, RETRY, LIST, api.version()]),
    status=st.integers(200, 599),
    body=st.binary() | json_like.map(lambda value: json.dumps(value).encode()),
    content_type=st.sampled_from(["application/json", "text/html", ""]),
    retry_after=st.text(),
)
def test_any_answer_is_a_value_or_an_argo_error(
    call: Call[Any], status: int, body: bytes, content_type: str, retry_after: str
) -> None:
    given_answer = Answer(status, {"Content-Type": content_type, "Retry-After": retry_after, "Date": retry_after}, body)
    # Anything else that is raised fails the test.
    with suppress(errors.ArgoError):
        assert isinstance(api.read(call, given_answer), dict)
