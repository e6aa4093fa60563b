"""What is between the quotes of a string or bytes literal of an expression."""

from __future__ import annotations

import re

from airflow_argo.argo.expressions.expr_lang.source import Fault

_ESCAPED = {
    "a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v", "\\": "\\", "'": "'", '"': '"',
    "`": "`", "?": "?",
}  # fmt: skip
_ESCAPE = re.compile(
    r"\\(?:(?P<named>[abfnrtv\\'\"`?])|u\{(?P<braced>[0-9a-fA-F]{1,6})\}|[xX](?P<byte>[0-9a-fA-F]{2})"
    r"|u(?P<short>[0-9a-fA-F]{4})|U(?P<long>[0-9a-fA-F]{8})|(?P<octal>[0-3][0-7]{2})|(?P<bad>))",
)
_LAST_CODE_POINT = 0x10FFFF


def unescape(text: str) -> str:
    """Turn the inside of a string literal into the text it means.

    :raises Fault: for an escape that does not exist.
    """
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    return _ESCAPE.sub(lambda found: _char(found), text) if "\\" in text else text


def _char(found: re.Match[str]) -> str:
    if found["named"]:
        return _ESCAPED[found["named"]]
    if found["octal"]:
        return chr(int(found["octal"], 8))
    digits = found["braced"] or found["byte"] or found["short"] or found["long"]
    if digits is None:
        raise Fault("unable to unescape string")
    code = int(digits, 16)
    if code > _LAST_CODE_POINT:
        raise Fault("unable to unescape string")
    return "\ufffd" if 0xD800 <= code < 0xE000 else chr(code)


def unescape_bytes(text: str) -> bytes:
    r"""Turn the inside of a bytes literal into bytes: ``\xff`` is one byte, other characters are UTF-8.

    :raises Fault: for an escape that does not exist.
    """
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    parts: list[bytes] = []
    end = 0
    for found in _ESCAPE.finditer(text):
        parts.append(text[end : found.start()].encode("utf-8", "replace"))
        parts.append(_byte(found))
        end = found.end()
    return b"".join(parts) + text[end:].encode("utf-8", "replace")


def _byte(found: re.Match[str]) -> bytes:
    if found["named"]:
        return _ESCAPED[found["named"]].encode()
    if found["byte"]:
        return bytes([int(found["byte"], 16)])
    if found["octal"]:
        return bytes([int(found["octal"], 8)])
    raise Fault("unable to unescape string")
