"""Go's regular expressions (RE2) by means of Python's."""

from __future__ import annotations

import re
from functools import lru_cache

from airflow_argo.argo.expressions.expr_lang.source import Fault

_PERL_ONLY = re.compile(
    r"\\.|\(\?(?P<look><?[=!])|\(\?(?P<other>\(|>|P=|#)|(?P<possessive>[*+?}]\+)|\[\^?\]?(?:\\.|[^\]])*\]"
)
_BACKREFERENCE = re.compile(r"\\\\|\\(?P<digit>[1-9])")
_POSIX = {
    "alnum": "0-9A-Za-z", "alpha": "A-Za-z", "ascii": "\\x00-\\x7F", "blank": "\\t ", "cntrl": "\\x00-\\x1F\\x7F",
    "digit": "0-9", "graph": "!-~", "lower": "a-z", "print": " -~", "punct": "!-/:-@\\[-`{-~",
    "space": "\\t\\n\\v\\f\\r ",
    "upper": "A-Z", "word": "0-9A-Za-z_", "xdigit": "0-9A-Fa-f",
}  # fmt: skip


@lru_cache(maxsize=512)
def compiled(pattern: str) -> re.Pattern[str]:
    r"""Compile a regular expression of Go's; ASCII classes, ``$`` and ``\z`` mean the very end.

    :raises Fault: ``error parsing regexp: …`` for what is malformed or RE2 does not know: look-around, back references.
    """
    for found in _PERL_ONLY.finditer(pattern):
        if found["look"] or found["other"]:
            end = pattern[found.start() : found.start() + (4 if (found["look"] or "").startswith("<") else 3)]
            raise Fault(f"error parsing regexp: invalid or unsupported Perl syntax: `{end}`")
        if found["possessive"]:
            raise Fault(f"error parsing regexp: invalid nested repetition operator: `{found['possessive']}`")
    for found in _BACKREFERENCE.finditer(pattern):
        if found["digit"]:
            raise Fault(f"error parsing regexp: invalid escape sequence: `\\{found['digit']}`")
    try:
        return re.compile(_translated(pattern), re.ASCII)
    except re.error as error:
        raise Fault(f"error parsing regexp: {_go_message(error, pattern)}") from None


def _go_message(error: re.error, pattern: str) -> str:
    at = error.pos or 0
    if error.msg.startswith("unterminated character set"):
        return f"missing closing ]: `{pattern[at:]}`"
    if error.msg.startswith("missing ), unterminated subpattern"):
        return f"missing closing ): `{pattern}`"
    if error.msg.startswith("unbalanced parenthesis"):
        return f"unexpected ): `{pattern}`"
    if error.msg.startswith("nothing to repeat"):
        return f"missing argument to repetition operator: `{pattern[at : at + 1]}`"
    if error.msg.startswith("multiple repeat"):
        return f"invalid nested repetition operator: `{pattern[at - 1 : at + 1]}`"
    return f"{error.msg}: `{pattern}`"


def _translated(pattern: str) -> str:
    pattern = re.sub(r"\[:(\^?)(\w+):\]", lambda found: _POSIX.get(found[2], found[0]), pattern)
    multiline = re.match(r"\(\?[a-zA-Z]*m", pattern) is not None
    return re.sub(
        r"\\z|\\.|\[\^?\]?(?:\\.|[^\]])*\]|\$",
        lambda found: "\\Z" if found[0] == "\\z" or (found[0] == "$" and not multiline) else found[0],
        pattern,
        flags=re.S,
    )
