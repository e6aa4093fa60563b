"""Reads requests and writes answers as the Argo Server's gateway does."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any, NoReturn

from starlette.requests import Request
from starlette.responses import Response

from airflow_argo.argo.expressions.gojson_fault import fault
from airflow_argo.local.refusal import Refusal, invalid

VERSION = "v4.1.2+embedded"
MAX_BODY = 32 * 1024 * 1024
_TYPE_NAMES = {str: "string", bool: "bool", int: "number", float: "number", list: "array", dict: "object"}
_GO_NAMES = {str: "string", bool: "bool", int: "int32", list: "[]string"}
_MESSAGE_TYPES = {
    "workflow": "v1alpha1.Workflow",
    "cronWorkflow": "v1alpha1.CronWorkflow",
    "submitOptions": "v1alpha1.SubmitOpts",
    "createOptions": "v1.CreateOptions",
}
# What messages have besides what their own handlers read first: a name, a namespace, and these.
_MEMBERS: Mapping[str, tuple[tuple[str, type], ...]] = {
    "WorkflowCreateRequest": (("instanceID", str), ("serverDryRun", bool)),
    "RetryArchivedWorkflowRequest": (("uid", str),),
    "ResubmitArchivedWorkflowRequest": (("uid", str),),
}
_UNNAMED = frozenset(
    {
        "WorkflowCreateRequest",
        "WorkflowLintRequest",
        "WorkflowSubmitRequest",
        "WorkflowTemplateCreateRequest",
        "WorkflowTemplateLintRequest",
        "ClusterWorkflowTemplateCreateRequest",
        "ClusterWorkflowTemplateLintRequest",
        "CreateCronWorkflowRequest",
        "LintCronWorkflowRequest",
    }
)
_WITH_CREATE_OPTIONS = _UNNAMED - {"WorkflowLintRequest", "WorkflowSubmitRequest", "LintCronWorkflowRequest"}
_SURROGATES = dict.fromkeys(range(0xD800, 0xE000), "\ufffd")


def encoded(value: object) -> bytes:
    """A value as JSON in pure ASCII."""
    return json.dumps(value, separators=(",", ":")).encode("ascii")


def answer(value: object) -> Response:
    """HTTP 200 with a JSON body."""
    headers = {"Grpc-Metadata-Argo-Version": VERSION}
    return Response(encoded(value), media_type="application/json", headers=headers)


def refused(refusal: Refusal) -> Response:
    """A refusal as the answer to a request that is no stream."""
    body = {"code": refusal.number, "message": refusal.message}
    return Response(encoded(body), refusal.status, media_type="application/json")


async def read_message(request: Request, type_name: str) -> dict[str, Any]:
    """The request's JSON body; no body at all and ``null`` count as ``{}``.

    :param type_name: what Go calls the message, for its error texts, such as ``workflow.WorkflowCreateRequest``.
    :raises Refusal: HTTP 400 in Go's words if it is no JSON object, or too large.
    """
    message = await read_json(request)
    if message is None:
        return {}
    if not isinstance(message, dict):
        raise invalid(f"json: cannot unmarshal {_TYPE_NAMES[type(message)]} into Go value of type {type_name}")
    _check_members(message, type_name.rpartition(".")[2])
    return message


def _check_members(message: Mapping[str, Any], where: str) -> None:
    """Refuse members of a wrong type, whether or not anything reads them."""
    for name, kind in _MEMBERS.get(where, ()):
        entry(message, name, kind, where)
    if where not in _UNNAMED:
        entry(message, "name", str, where)
    if not where.startswith("Cluster"):
        entry(message, "namespace", str, where)
    options = entry(message, "createOptions", dict, where) if where in _WITH_CREATE_OPTIONS else None
    if options:
        texts(options, "dryRun", "CreateOptions.createOptions")


async def read_json(request: Request) -> Any:
    """The request's body, any JSON value; None if there is none.

    :raises Refusal: HTTP 400 in Go's words if it is no JSON, or too large.
    """
    return parse(await _read(request))


async def _read(request: Request) -> str:
    parts: list[bytes] = []
    size = 0
    async for part in request.stream():
        size += len(part)
        if size > MAX_BODY:
            raise invalid(f"Request entity too large: limit is {MAX_BODY}")
        parts.append(part)
    return b"".join(parts).decode("utf-8", "replace")


def parse(text: str) -> Any:
    """The first JSON value of a text, None if there is none; what follows it is ignored, as Go's decoder does.

    :raises Refusal: HTTP 400 in Go's words.
    """
    text = text.lstrip(" \t\r\n")
    if not text:
        return None
    try:
        value, _ = _DECODER.raw_decode(text)
    except RecursionError as error:
        raise invalid("exceeded max depth") from error
    except ValueError as error:
        problem = fault(text) or str(error)
        raise invalid(problem.replace("unexpected end of JSON input", "unexpected EOF")) from error
    return _without_surrogates(value) if "\\ud" in text.lower() else value


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(name)


def _whole(text: str) -> int:
    _fraction(text)
    return int(text)


def _fraction(text: str) -> float:
    number = float(text)
    if math.isinf(number):
        raise invalid(f"json: cannot unmarshal number {text[:_SHOWN]} into Go value of type float64")
    return number


_SHOWN = 100
_DECODER = json.JSONDecoder(parse_constant=_refuse_constant, parse_int=_whole, parse_float=_fraction)


def _without_surrogates(value: Any) -> Any:
    """Half surrogate pairs become U+FFFD, as in Go; nothing else could be stored or sent."""
    if isinstance(value, str):
        return value.translate(_SURROGATES)
    if isinstance(value, list):
        return [_without_surrogates(item) for item in value]
    if isinstance(value, dict):
        return {_without_surrogates(key): _without_surrogates(item) for key, item in value.items()}
    return value


def entry(message: Mapping[str, Any], name: str, kind: type, where: str) -> Any:
    """An entry of a message, in any letter case as Go reads it; None if it is not there.

    :param where: what Go calls the message, such as ``WorkflowStopRequest``.
    :raises Refusal: HTTP 400 in Go's words if it is of another JSON type.
    """
    value = message.get(name)
    if value is None:
        lowered = name.lower()
        value = next((item for key, item in message.items() if key.lower() == lowered), None)
    if value is None or type(value) is kind:
        return value
    wanted = _message_type(name, where) if kind is dict else _GO_NAMES[kind]
    found = _TYPE_NAMES[type(value)]
    raise invalid(f"json: cannot unmarshal {found} into Go struct field {where}.{name} of type {wanted}")


def _message_type(name: str, where: str) -> str:
    if name == "template":
        return f"v1alpha1.{'Cluster' * where.startswith('Cluster')}WorkflowTemplate"
    return _MESSAGE_TYPES.get(name, name)


def text(message: Mapping[str, Any], name: str, kind: str) -> str:
    """A text of a message, empty if it is not there.

    :raises Refusal: HTTP 400 in Go's words if it is of another JSON type.
    """
    return str(entry(message, name, str, kind) or "")


def texts(message: Mapping[str, Any], name: str, kind: str) -> list[str]:
    """A list of texts of a message, empty if it is not there.

    :raises Refusal: HTTP 400 in Go's words if it is of another JSON type.
    """
    found = entry(message, name, list, kind) or []
    for item in found:
        if not isinstance(item, str):
            shown = {dict: "object", list: "array", bool: "bool"}.get(type(item), "number")
            raise invalid(f"json: cannot unmarshal {shown} into Go struct field {kind}.{name} of type string")
    return list(found)
