"""Every answer of a real Argo Server (v4.1.2) is a value or one of the errors, never anything else."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from airflow_argo.argo import errors
from airflow_argo.argo.api import Answer, Call, read, read_stream_head
from airflow_argo.argo.api.shapes import an_object
from airflow_argo.argo.streams import StreamDecoder

TRANSCRIPTS = Path(__file__).resolve().parents[3] / "../shared/golden/api/transcripts.jsonl"

pytestmark = pytest.mark.skipif(not TRANSCRIPTS.exists(), reason="the recordings are not here")


def exchanges() -> dict[str, Any]:
    if not TRANSCRIPTS.exists():
        return {}
    with TRANSCRIPTS.open(encoding="utf-8") as lines:
        records = [json.loads(line) for line in lines]
    return {record["id"]: record for record in records if record.get("response", {}).get("status")}


EXCHANGES = exchanges()
STREAMS = [name for name, record in EXCHANGES.items() if {"chunks", "lines"} & record["response"].keys()]
# Here the recorder left out the middle of a line, or lines.
SHORTENED = {"log.many-lines", "watch.fields-none"}
ANSWERS = [name for name in EXCHANGES if name not in STREAMS]


def call_of(record: dict[str, Any]) -> Call[Any]:
    return Call(record["request"]["method"], record["request"]["path"], an_object)


def answer_of(record: dict[str, Any]) -> Answer:
    response = record["response"]
    body = response.get("body", "")
    text = body if isinstance(body, str) else json.dumps(body)
    return Answer(response["status"], response["headers"], text.encode())


def pieces_of(record: dict[str, Any]) -> Iterator[bytes]:
    response = record["response"]
    for _, text in response.get("chunks", []):
        yield text.encode()
    for _, text in response.get("lines", []):
        yield text.encode() + b"\n"


def outcome(record: dict[str, Any]) -> Any:
    try:
        return read(call_of(record), answer_of(record))
    except errors.ArgoError as error:
        return type(error)


def stream_outcome(record: dict[str, Any]) -> tuple[list[dict[str, Any]], type[errors.ArgoError] | None]:
    results: list[dict[str, Any]] = []
    answer = Answer(record["response"]["status"], record["response"]["headers"], b"".join(pieces_of(record)))
    decoder = StreamDecoder()
    try:
        read_stream_head(call_of(record), answer)
        for piece in pieces_of(record):
            results += decoder.feed(piece)
        results += decoder.close()
    except errors.ArgoError as error:
        return results, type(error)
    return results, None


@pytest.mark.parametrize("name", ANSWERS)
def test_an_answer_is_a_value_or_a_kind_of_error(name: str) -> None:
    record = EXCHANGES[name]
    got = outcome(record)
    is_json = "application/json" in record["response"]["headers"].get("Content-Type", "")
    expected_value = record["response"]["status"] == 200 and is_json and isinstance(record["response"]["body"], dict)
    assert isinstance(got, dict) == expected_value


@pytest.mark.parametrize("name", [name for name in STREAMS if name not in SHORTENED])
def test_a_stream_gives_its_results_and_a_kind_of_error(name: str) -> None:
    results, _ = stream_outcome(EXCHANGES[name])
    text = b"".join(pieces_of(EXCHANGES[name]))
    assert len(results) == text.count(b'{"result":')


@pytest.mark.parametrize(
    ("status", "kinds"),
    [
        (401, {errors.UnauthenticatedError}),
        (403, {errors.PermissionDeniedError}),
        (501, {errors.NotSupportedError, errors.ServerError}),
        (503, {errors.ServerError}),
        (504, {errors.ServerError}),
        (429, {errors.StreamEndedError}),
    ],
)
def test_a_status_has_its_kinds(status: int, kinds: set[type[errors.ArgoError]]) -> None:
    records = [record for record in EXCHANGES.values() if record["response"]["status"] == status]
    got = {
        stream_outcome(record)[1] if {"chunks", "lines"} & record["response"].keys() else outcome(record)
        for record in records
    }
    assert got <= kinds


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("create.duplicate-name", errors.AlreadyExistsError),
        ("race.create-while-terminating", errors.AlreadyExistsError),
        ("templates.update-stale", errors.ConflictError),
        ("submit.missing-parameter", errors.RequestRefusedError),
        ("ops.suspend-succeeded", errors.RequestRefusedError),
        ("delete.again", errors.NotFoundError),
        ("info.root-other", errors.NotAnArgoServerError),
        ("artifact.files-folder", errors.NotAnArgoServerError),
    ],
)
def test_a_refusal_is_told_from_its_neighbours(name: str, kind: type[errors.ArgoError]) -> None:
    assert outcome(EXCHANGES[name]) is kind


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("watch.timeout", errors.StreamEndedError),
        ("watch.timeout-sse", errors.StreamEndedError),
        ("watch.timeout-after-event", errors.StreamEndedError),
        ("watch.timeout-after-event-sse", errors.StreamEndedError),
        ("watch.expired", errors.StreamEndedError),
        ("watch.bad-selector-sse", errors.RequestRefusedError),
        ("watch.missing", errors.NotFoundError),
        ("crash.no-log-options-missing", errors.ServerError),
        ("log.tail", None),
    ],
)
def test_a_stream_ends_as_it_should(name: str, kind: type[errors.ArgoError] | None) -> None:
    assert stream_outcome(EXCHANGES[name])[1] is kind
