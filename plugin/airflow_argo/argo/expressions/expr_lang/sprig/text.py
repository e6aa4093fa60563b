"""sprig's functions for text; positions and lengths count bytes, as in Go."""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
import zlib
from typing import Any

from airflow_argo.argo.expressions import gojson
from airflow_argo.argo.expressions.expr_lang.builtins_lists import go_kind
from airflow_argo.argo.expressions.expr_lang.builtins_text import (
    GO_SPACE,
    from_base64,
    joined,
    lower,
    replace,
    split,
    upper,
)
from airflow_argo.argo.expressions.expr_lang.frame import MEMORY_BUDGET, bounded
from airflow_argo.argo.expressions.expr_lang.source import Fault
from airflow_argo.argo.expressions.expr_lang.sprig.declaring import declare, strval
from airflow_argo.argo.expressions.expr_lang.values import Strings, go_text

_WORD_START = re.compile(r"(?<!\w)[^\W\d_]")


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "replace")


def _cut(text: str, start: int | None, end: int | None = None) -> str:
    return _bytes(text)[start:end].decode("utf-8", "replace")


def _trunc(count: int, text: str) -> str:
    size = len(_bytes(text))
    if count < 0:
        return _cut(text, size + count) if size + count > 0 else text
    return _cut(text, 0, count)


def _substring(start: int, end: int, text: str) -> str:
    size = len(_bytes(text))
    first = max(start, 0)
    last = end if 0 <= end <= size or start < 0 else size
    if not 0 <= first <= last <= size:
        raise Fault(f"runtime error: slice bounds out of range [{first}:{last}]")
    return _cut(text, first, last)


def _repeat(count: int, text: str) -> str:
    if count < 0:
        raise Fault("strings: negative Repeat count")
    if count * len(text) >= MEMORY_BUDGET:
        raise Fault("memory budget exceeded")
    return text * count


def _abbreviate(width: int, text: str) -> str:
    if width < 4 or len(_bytes(text)) <= width:
        return text
    return _cut(text, 0, width - 3) + "..."


def _indent(spaces: int, text: str) -> str:
    padding = _repeat(spaces, " ")
    bounded(len(text) + text.count("\n") * spaces)
    return padding + text.replace("\n", "\n" + padding)


def _quoted(*values: Any) -> str:
    return " ".join(f'"{gojson.quote(strval(value))}"' for value in values if value is not None)


def _single_quoted(*values: Any) -> str:
    return " ".join(f"'{go_text(value)}'" for value in values if value is not None)


def to_strings(value: Any) -> Strings:
    """Make a list of texts of a list, or of anything else a list of one."""
    if isinstance(value, (list, tuple)):
        return Strings(strval(item) for item in value if item is not None)
    return Strings([] if value is None else [strval(value)])


def _sort_alpha(value: Any) -> Strings:
    return Strings(sorted(to_strings(value)) if go_kind(value) == "slice" else [strval(value)])


def _parts(parts: list[str]) -> dict[str, str]:
    return {f"_{index}": part for index, part in enumerate(parts)}


def _base64_or_error(text: str) -> str:
    try:
        return from_base64(text)
    except Fault as fault:
        return str(fault)


def _base32_decoded(text: str) -> str:
    try:
        return base64.b32decode(text).decode("utf-8", "replace")
    except (binascii.Error, ValueError):
        return "illegal base32 data at input byte 0"


TEXT = dict(
    (
        declare("hello", "", lambda: "Hello!"),
        declare("trim", "s", lambda text: text.strip(GO_SPACE)),
        declare("upper", "s", upper),
        declare("lower", "s", lower),
        declare("title", "s", lambda text: _WORD_START.sub(lambda found: found[0].upper(), text)),
        declare("untitle", "s", lambda text: re.sub(r"(?:^|(?<=\s))\S", lambda found: found[0].lower(), text)),
        declare("swapcase", "s", str.swapcase),
        declare("substr", "i i s", _substring),
        declare("repeat", "i s", _repeat),
        declare("trunc", "i s", _trunc),
        declare("abbrev", "i s", _abbreviate),
        declare("trimAll", "s s", lambda cut, text: text.strip(cut) if cut else text),
        declare("trimall", "s s", lambda cut, text: text.strip(cut) if cut else text),
        declare("trimSuffix", "s s", lambda suffix, text: text.removesuffix(suffix)),
        declare("trimPrefix", "s s", lambda prefix, text: text.removeprefix(prefix)),
        declare("nospace", "s", lambda text: "".join(text.split())),
        declare("initials", "s", lambda text: "".join(word[0] for word in text.split())),
        declare("contains", "s s", lambda part, text: part in text),
        declare("hasPrefix", "s s", lambda prefix, text: text.startswith(prefix)),
        declare("hasSuffix", "s s", lambda suffix, text: text.endswith(suffix)),
        declare("quote", "*...", _quoted),
        declare("squote", "*...", _single_quoted),
        declare("cat", "*...", lambda *values: " ".join(go_text(value) for value in values if value is not None)),
        declare("indent", "i s", _indent),
        declare("nindent", "i s", lambda spaces, text: "\n" + _indent(spaces, text)),
        declare("replace", "s s s", lambda old, new, text: replace(text, old, new)),
        declare("plural", "s s i", lambda one, many, count: one if count == 1 else many),
        declare("toString", "*", strval),
        declare("toStrings", "*", to_strings),
        declare("join", "s *", lambda separator, value: joined(separator, to_strings(value))),
        declare("sortAlpha", "*", _sort_alpha),
        declare("split", "s s", lambda separator, text: _parts(split(text, separator))),
        declare("splitn", "s i s", lambda separator, count, text: _parts(split(text, separator, count))),
        declare("splitList", "s s", lambda separator, text: Strings(split(text, separator))),
        declare("b64enc", "s", lambda text: base64.b64encode(_bytes(text)).decode()),
        declare("b64dec", "s", _base64_or_error),
        declare("b32enc", "s", lambda text: base64.b32encode(_bytes(text)).decode()),
        declare("b32dec", "s", _base32_decoded),
        declare("sha1sum", "s", lambda text: hashlib.sha1(_bytes(text), usedforsecurity=False).hexdigest()),
        declare("sha256sum", "s", lambda text: hashlib.sha256(_bytes(text)).hexdigest()),
        declare("sha512sum", "s", lambda text: hashlib.sha512(_bytes(text)).hexdigest()),
        declare("adler32sum", "s", lambda text: str(zlib.adler32(_bytes(text)))),
    )
)
