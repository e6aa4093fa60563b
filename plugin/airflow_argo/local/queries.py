"""Query parameters as Argo's gateway reads them: one that cannot be read is refused, whether or not it is used."""

from __future__ import annotations

import re
from collections.abc import Mapping
from urllib.parse import unquote_plus

from starlette.requests import Request

from airflow_argo.argo.expressions.gojson import quote
from airflow_argo.local.refusal import invalid

_NUMBERS = {
    "listOptions": ("limit", "timeoutSeconds"),
    "logOptions": ("sinceSeconds", "tailLines", "limitBytes"),
    "deleteOptions": ("gracePeriodSeconds",),
}
_BOOLEANS = {
    "listOptions": ("watch", "allowWatchBookmarks", "sendInitialEvents"),
    "logOptions": ("follow", "previous", "timestamps", "insecureSkipTLSVerifyBackend"),
    "deleteOptions": ("orphanDependents",),
}
_TIMES = {"logOptions": ("sinceTime",)}
_MESSAGES = {
    "listOptions": "ListOptions",
    "logOptions": "PodLogOptions",
    "deleteOptions": "DeleteOptions",
    "getOptions": "GetOptions",
}
_BAD_ESCAPE = re.compile(r"%(?![0-9A-Fa-f]{2}).{0,2}", re.DOTALL)
# As Go's ParseInt reads them with base 0, a number of zeros in front being octal.
_NUMBER = re.compile(r"(?i)([+-]?)(?:0x(_?[0-9a-f_]+)|0b(_?[01_]+)|0o?(_?[0-7_]+)|(0|[1-9][0-9_]*))", re.ASCII)
_BASES = (16, 2, 8, 10)
_LONGEST = 70


def parameters(request: Request, options: str = "") -> Mapping[str, str]:
    """The request's query parameters; of a repeated one the first counts.

    :param options: the options message that it may have, such as ``listOptions``, all of whose fields are checked.
    :raises Refusal: HTTP 400 in Go's words.
    """
    found: dict[str, str] = {}
    for part in request.url.query.split("&"):
        if ";" in part:
            raise invalid("invalid semicolon separator in query")
        key, _, value = part.partition("=")
        if key:
            found.setdefault(_unescaped(key), _unescaped(value))
    if options:
        check(found, options)
    return found


def _unescaped(text: str) -> str:
    broken = _BAD_ESCAPE.search(text)
    if broken:
        raise invalid(f'invalid URL escape "{quote(broken[0])}"')
    return unquote_plus(text, errors="replace")


def check(query: Mapping[str, str], options: str) -> None:
    """Check all fields of an options message.

    :param options: ``listOptions``, ``logOptions``, ``deleteOptions`` or ``getOptions``.
    :raises Refusal: HTTP 400 in Go's words.
    """
    if options in query:
        raise invalid(f"field type *v1.{_MESSAGES[options]} is not supported in query parameters")
    for name in _TIMES.get(options, ()):
        if f"{options}.{name}" in query:
            raise invalid("field type *v1.Time is not supported in query parameters")
    for name in _NUMBERS.get(options, ()):
        integer(query, f"{options}.{name}")
    for name in _BOOLEANS.get(options, ()):
        boolean(query, f"{options}.{name}")


def integer(query: Mapping[str, str], name: str) -> int:
    """A number among the query parameters, 0 if it is not there.

    :raises Refusal: HTTP 400 in Go's words.
    """
    if name not in query:
        return 0
    text = query[name]
    found = _NUMBER.fullmatch(text)
    if found is None or "__" in text or text.endswith("_") or ("_" in text and found[5]):
        raise invalid(f'strconv.ParseInt: parsing "{quote(text)}": invalid syntax')
    digits, base = next((part, base) for part, base in zip(found.groups()[1:], _BASES, strict=True) if part)
    number = int(digits.strip("_"), base) if len(digits) <= _LONGEST else 2**64
    number = -number if found[1] == "-" else number
    if not -(2**63) <= number < 2**63:
        raise invalid(f'strconv.ParseInt: parsing "{quote(text)}": value out of range')
    return number


def boolean(query: Mapping[str, str], name: str) -> bool:
    """A boolean among the query parameters, False if it is not there.

    :raises Refusal: HTTP 400 in Go's words.
    """
    return boolean_text(query[name]) if name in query else False


def boolean_text(text: str) -> bool:
    """Read a boolean as Go does.

    :raises Refusal: HTTP 400 in Go's words.
    """
    if text in ("1", "t", "T", "true", "TRUE", "True"):
        return True
    if text in ("0", "f", "F", "false", "FALSE", "False"):
        return False
    raise invalid(f'strconv.ParseBool: parsing "{quote(text)}": invalid syntax')
