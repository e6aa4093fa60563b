"""sprig's functions for regular expressions."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Any

from airflow_argo.argo.expressions.expr_lang import regexes
from airflow_argo.argo.expressions.expr_lang.regexes import Found
from airflow_argo.argo.expressions.expr_lang.source import Fault
from airflow_argo.argo.expressions.expr_lang.sprig.declaring import declare
from airflow_argo.argo.expressions.expr_lang.values import Function, NilStrings, Strings

_REFERENCE = re.compile(r"\$(?:\$|\{(\w+)\}|(\w+))")
_META = re.compile(r"([\\.+*?()|\[\]{}^$])")


def _matches(pattern: str, text: str) -> bool:
    try:
        regex = regexes.compiled(pattern)
    except Fault:
        return False
    return regex.matches(text)


def _found(pattern: str, text: str) -> Iterable[Found]:
    return regexes.compiled(pattern).find_all(text)


def _find(pattern: str, text: str) -> str:
    return next((match[0] for match in _found(pattern, text)), "")


def _find_all(pattern: str, text: str, count: int) -> Strings:
    matches = Strings(match[0] for match in _found(pattern, text))
    return (matches if count < 0 else Strings(matches[:count])) or NilStrings()


def _expanded(template: str) -> Callable[[Found], str]:
    """Fill in ``$1`` and ``${name}``; a group that does not exist is nothing."""

    def fill(match: Found) -> str:
        def group(reference: re.Match[str]) -> str:
            name = reference[1] or reference[2]
            if name is None:
                return "$"
            try:
                return match[int(name) if name.isdigit() else name]
            except IndexError:
                return ""

        return _REFERENCE.sub(group, template)

    return fill


def _replace(pattern: str, text: str, replacement: str) -> str:
    return regexes.compiled(pattern).replaced(text, _expanded(replacement))


def _replace_literal(pattern: str, text: str, replacement: str) -> str:
    return regexes.compiled(pattern).replaced(text, lambda match: replacement)


def _split(pattern: str, text: str, count: int) -> Strings:
    if count == 0:
        return Strings()
    parts = Strings()
    begin = end = 0
    for match in _found(pattern, text) if text or not pattern else ():
        if 0 < count == len(parts) + 1:
            break
        end = match.begin
        if match.end != 0:
            parts.append(text[begin:end])
        begin = match.end
    if end != len(text) or (pattern and not text):
        parts.append(text[begin:])
    return parts


_Regular = Callable[..., Any]


def _both(name: str, parameters: str, call: _Regular) -> list[tuple[str, Function]]:
    """Declare a function and its ``must`` form, which only differ in how they report a malformed expression."""

    def named(pattern: str, *given: Any) -> Any:
        try:
            regexes.compiled(pattern)
        except Fault as fault:
            raise Fault(f"regexp: Compile(`{pattern}`): {fault}") from None
        return call(pattern, *given)

    return [declare(name, parameters, named), declare(f"must{name[0].upper()}{name[1:]}", parameters, call)]


def _quote_meta(text: str) -> Any:
    return _META.sub(r"\\\1", text)


REGULAR = dict(
    [
        declare("regexMatch", "s s", _matches),
        declare("mustRegexMatch", "s s", lambda pattern, text: regexes.compiled(pattern).matches(text)),
        *_both("regexFind", "s s", _find),
        *_both("regexFindAll", "s s i", _find_all),
        *_both("regexReplaceAll", "s s s", _replace),
        *_both("regexReplaceAllLiteral", "s s s", _replace_literal),
        *_both("regexSplit", "s s i", _split),
        declare("regexQuoteMeta", "s", _quote_meta),
    ]
)
