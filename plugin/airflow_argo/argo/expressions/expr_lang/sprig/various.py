"""sprig's functions for defaults, JSON, types, paths and random text."""

from __future__ import annotations

import base64
import posixpath
import secrets
import string
import uuid
from collections.abc import Callable
from typing import Any

from airflow_argo.argo.expressions import gojson
from airflow_argo.argo.expressions.errors import ExpressionError
from airflow_argo.argo.expressions.expr_lang.builtins_lists import go_kind
from airflow_argo.argo.expressions.expr_lang.builtins_text import from_json
from airflow_argo.argo.expressions.expr_lang.frame import MEMORY_BUDGET
from airflow_argo.argo.expressions.expr_lang.source import Fault
from airflow_argo.argo.expressions.expr_lang.sprig.declaring import declare, is_empty, several
from airflow_argo.argo.expressions.expr_lang.values import go_type, identical


def _default(fallback: Any, *given: Any) -> Any:
    return fallback if not given or is_empty(given[0]) else given[0]


def _coalesce(*values: Any) -> Any:
    return next((value for value in values if not is_empty(value)), None)


def _json(indent: int | None = None, *, html: bool = True, fails: bool = False) -> Callable[[Any], str]:
    def call(value: Any) -> str:
        try:
            return gojson.dumps(value, html=html, indent=indent)
        except ExpressionError as error:
            if fails:
                raise Fault(str(error)) from None
            return ""

    return call


def _from_json(text: str) -> Any:
    try:
        return from_json(text)
    except Fault:
        return None


def _fail(message: str) -> Any:
    raise Fault(message)


def _random(alphabet: str) -> Callable[[int], str]:
    def call(count: int) -> str:
        if count >= MEMORY_BUDGET:
            raise Fault("memory budget exceeded")
        return "".join(secrets.choice(alphabet) for _ in range(count))

    return call


def _random_bytes(count: int) -> str:
    if not 0 <= count < MEMORY_BUDGET:
        raise Fault("runtime error: makeslice: len out of range" if count < 0 else "memory budget exceeded")
    return base64.b64encode(secrets.token_bytes(count)).decode()


def _base(path: str) -> str:
    stripped = path.rstrip("/")
    return posixpath.basename(stripped) or ("/" if path else ".")


def _clean(path: str) -> str:
    cleaned = posixpath.normpath(path) if path else "."
    return cleaned[1:] if cleaned.startswith("//") else cleaned


def _extension(path: str) -> str:
    name = path.rpartition("/")[2]
    return name[name.rfind(".") :] if "." in name else ""


VARIOUS = dict(
    [
        declare("default", "* *...", _default),
        declare("empty", "*", is_empty),
        declare("coalesce", "*...", _coalesce),
        declare("all", "*...", lambda *values: not any(map(is_empty, values))),
        declare("any", "*...", lambda *values: not all(map(is_empty, values))),
        declare("ternary", "* * b", lambda yes, no, test: yes if test else no),
        declare("fail", "s", _fail),
        declare("fromJson", "s", _from_json),
        declare("mustFromJson", "s", from_json),
        declare("toJson", "*", _json()),
        declare("mustToJson", "*", _json(fails=True)),
        declare("toPrettyJson", "*", _json(2)),
        declare("mustToPrettyJson", "*", _json(2, fails=True)),
        declare("toRawJson", "*", _json(html=False, fails=True)),
        declare("mustToRawJson", "*", _json(html=False, fails=True)),
        declare("typeOf", "*", go_type),
        declare("typeIs", "s *", lambda name, value: name == go_type(value)),
        declare("typeIsLike", "s *", lambda name, value: go_type(value) in (name, f"*{name}")),
        declare("kindOf", "*", go_kind),
        declare("kindIs", "s *", lambda name, value: name == go_kind(value)),
        declare("deepEqual", "* *", identical),
        *several("base osBase", "s", _base),
        *several("dir osDir", "s", lambda path: _clean(path[: path.rfind("/") + 1])),
        *several("clean osClean", "s", _clean),
        *several("ext osExt", "s", _extension),
        *several("isAbs osIsAbs", "s", lambda path: path.startswith("/")),
        declare("uuidv4", "", lambda: str(uuid.uuid4())),
        declare("randAlphaNum", "i", _random(string.ascii_letters + string.digits)),
        declare("randAlpha", "i", _random(string.ascii_letters)),
        declare("randAscii", "i", _random("".join(map(chr, range(32, 127))))),
        declare("randBytes", "i", _random_bytes),
        declare("randNumeric", "i", _random(string.digits)),
    ]
)
