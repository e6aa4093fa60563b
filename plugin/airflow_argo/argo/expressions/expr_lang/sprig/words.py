"""sprig's functions that look at the words of a text: other cases, and lines of a certain length."""

from __future__ import annotations

import secrets
import unicodedata
from collections.abc import Callable, Iterator

from airflow_argo.argo.expressions.expr_lang.builtins_text import GO_SPACE, lower
from airflow_argo.argo.expressions.expr_lang.frame import bounded
from airflow_argo.argo.expressions.expr_lang.sprig.declaring import declare

_NUMBER, _UPPER, _ALPHABET, _CONNECTOR, _PUNCTUATION, _OTHER = range(6)
_LETTERS_OR_DIGITS = (_ALPHABET, _NUMBER)
_NO_WORD = -1
_SEPARATE = (_NO_WORD, _CONNECTOR, _PUNCTUATION)

_Word = tuple[int, str]


def _is_connector(char: str) -> bool:
    return char in "-_" or char in GO_SPACE


def _is_punctuation(char: str) -> bool:
    return unicodedata.category(char).startswith("P")


def _is_upper(char: str) -> bool:
    return unicodedata.category(char) == "Lu"


def _is_number(char: str) -> bool:
    return unicodedata.category(char).startswith("N")


def _is_alphabet(char: str) -> bool:
    return unicodedata.category(char).startswith("L") and not _is_ideograph(char)


def _is_ideograph(char: str) -> bool:
    code = ord(char)
    return 0x3034 <= code < 0x30FF or 0x3400 <= code < 0x4DBF or 0x4E00 <= code < 0x9FFF


def _is_lower(char: str) -> bool:
    return _is_alphabet(char) and not _is_upper(char)


def _is_other(char: str) -> bool:
    return not (_is_connector(char) or _is_alphabet(char) or _is_number(char) or _is_punctuation(char))


_KINDS: tuple[tuple[Callable[[str], bool], int], ...] = (
    (_is_connector, _CONNECTOR),
    (_is_punctuation, _PUNCTUATION),
    (_is_upper, _UPPER),
    (_is_lower, _ALPHABET),
    (_is_number, _NUMBER),
)
_REST = {
    _CONNECTOR: _is_connector,
    _PUNCTUATION: _is_punctuation,
    _ALPHABET: _is_lower,
    _NUMBER: _is_number,
    _OTHER: _is_other,
}


def _words(text: str) -> Iterator[_Word]:
    """Cut a text into words of a kind; ``HTTPStatus`` is two, and the first has only capitals."""
    at = 0
    while at < len(text):
        kind = next((kind for is_one, kind in _KINDS if is_one(text[at])), _OTHER)
        end = _end_of_capitals(text, at) if kind == _UPPER else _end(text, at + 1, _REST[kind])
        yield kind, text[at:end]
        at = end


def _end(text: str, at: int, is_part: Callable[[str], bool]) -> int:
    while at < len(text) and is_part(text[at]):
        at += 1
    return at


def _end_of_capitals(text: str, at: int) -> int:
    end = _end(text, at + 1, _is_upper)
    if end == at + 1:
        return _end(text, end, _is_lower)
    return end - 1 if end < len(text) and _is_alphabet(text[end]) else end


def _joined_words(connector: str) -> Callable[[str], str]:
    """Write words in lower case with a connector between them; a number belongs to the word before or after it."""

    def call(text: str) -> str:
        return "".join(_connected(list(_words(text)), connector))

    return call


def _connected(words: list[_Word], connector: str) -> Iterator[str]:
    kinds = [kind for kind, _ in words] + [_NO_WORD, _NO_WORD]
    at = 0
    while at < len(words):
        kind = kinds[at]
        end = at + 1
        while kind == _NUMBER and kinds[end] in _LETTERS_OR_DIGITS:
            end += 1
        yield "".join(_written(*word, connector) for word in words[at:end])
        at = end
        if kind not in _SEPARATE and (kinds[at] != _NUMBER or kinds[at + 1] == _ALPHABET):
            yield "" if kinds[at] in _SEPARATE else connector


def _written(kind: int, word: str, connector: str) -> str:
    return connector * len(word) if kind == _CONNECTOR else lower(word)


def _camel_case(text: str) -> str:
    rest = text.lstrip("-_" + GO_SPACE)
    if not rest:
        return text + text[-1:]  # xstrings has it so
    made = [text[: len(text) - len(rest)]]
    before, capitals = rest[0].upper(), _is_upper(rest[0])
    for char in rest[1:]:
        now = char
        if _is_connector(char) and _is_connector(before):
            made.append(before)
        elif _is_connector(before):
            capitals, now = _is_upper(char), char.upper()
        else:
            capitals = capitals and _is_upper(char)
            now = char.lower() if capitals else char
            made.append(before)
        before = now
    return "".join([*made, before])


def _wrapped(text: str, width: int, line_end: str, *, cut: bool) -> str:
    data, width, line_end = text.encode("utf-8", "replace"), max(width, 1), line_end or "\n"
    bounded(len(data) + len(data) // width * len(line_end))
    lines: list[bytes] = []
    at = 0
    while len(data) - at > width:
        if data[at : at + 1] == b" ":
            at += 1
            continue
        space = data.rfind(b" ", at, at + width + 1)
        if space < 0 and cut:
            lines.append(data[at : at + width])
            at += width
            continue
        if space < 0:
            space = data.find(b" ", at + width)
        if space < 0:
            break
        lines.append(data[at:space])
        at = space + 1
    return line_end.join(line.decode("utf-8", "replace") for line in [*lines, data[at:]])


def _abbreviated_at_both_ends(left: int, right: int, text: str) -> str:
    data = text.encode("utf-8", "replace")
    if right < 4 or (left > 0 and right < 7) or len(data) <= right:
        return text
    start = min(left, len(data))
    if len(data) - start < right - 3:
        start = len(data) - (right - 3)
    if start <= 4:
        return data[: right - 3].decode("utf-8", "replace") + "..."
    if start + right - 3 < len(data):
        return "..." + data[start : start + right - 6].decode("utf-8", "replace") + "..."
    return "..." + data[len(data) - (right - 3) :].decode("utf-8", "replace")


def _shuffled(text: str) -> str:
    letters = list(text)
    secrets.SystemRandom().shuffle(letters)
    return "".join(letters)


WORDS = dict(
    [
        declare("snakecase", "s", _joined_words("_")),
        declare("kebabcase", "s", _joined_words("-")),
        declare("camelcase", "s", _camel_case),
        declare("wrap", "i s", lambda width, text: _wrapped(text, width, "\n", cut=False)),
        declare("wrapWith", "i s s", lambda width, line_end, text: _wrapped(text, width, line_end, cut=True)),
        declare("abbrevboth", "i i s", _abbreviated_at_both_ends),
        declare("shuffle", "s", _shuffled),
    ]
)
