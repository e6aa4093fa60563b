"""``{{tags}}``: found in the JSON text of an object, as Argo does it, and replaced by values.

A tag that begins with ``=`` is an expression, any other the name of a variable. The rules are those of Argo's
``util/template`` and of fasttemplate; the traps are in what they do with quotes (values are quoted as Go source, which
is not JSON) and with braces (a tag ends at the first ``}}``, wherever that is).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal

from airflow_argo.argo.expressions import expr_lang, gojson
from airflow_argo.argo.expressions.errors import (
    AbsentOptionalError,
    ExpressionError,
    InvalidJSONError,
    MissingVariableError,
    UnclosedTagError,
)

PLACEHOLDER = "__argo__internal__placeholder-"
"""What a value begins with that stands for one not known yet, while a manifest is checked; see ``substitute``."""

LATE_VARIABLES = frozenset(
    (
        "item", "retries", "lastRetry.exitCode", "lastRetry.status", "lastRetry.duration", "lastRetry.message",
        "workflow.status", "workflow.failures",
    )
)  # fmt: skip
"""Variables that come late: an expression that names an absent one is not even tried."""

Scope = Mapping[str, "str | None"]
_ARTIFACTS = ".outputs.artifacts."


@dataclass(frozen=True, slots=True)
class Tag:
    """What is between ``{{`` and ``}}``, and of an expression what follows the ``=``.

    :param text: a name as it stands there, spaces and all; an expression with ``<>&`` but else still escaped as JSON.
    """

    kind: Literal["simple", "expression"]
    text: str

    @property
    def expression(self) -> str:
        """The expression itself, without the escapes of the JSON text around it.

        :raises InvalidJSONError: where the tag cuts an escape in two.
        """
        return str(gojson.loads(f'"{self.text}"'))


@lru_cache(maxsize=1024)
def _parse(text: str) -> tuple[str | Tag, ...]:
    parts: list[str | Tag] = []
    at = 0
    while (opening := text.find("{{", at)) >= 0:
        closing = text.find("}}", opening + 2)
        if closing < 0:
            shown = f'template="{gojson.quote(text)}" starting from "{gojson.quote(text[opening + 2 :])}"'
            raise UnclosedTagError(f'Cannot find end tag="}}}}" in the {shown}')
        parts += [text[at:opening], _tag(text[opening + 2 : closing])]
        at = closing + 2
    return (*parts, text[at:])


def _tag(text: str) -> Tag:
    if not text.startswith("="):
        return Tag("simple", text)
    return Tag("expression", gojson.unescaped(text)[1:])


def parse(text: str) -> list[str | Tag]:
    """Cut a text into what is between the tags and the tags.

    :raises UnclosedTagError: for a ``{{`` that no ``}}`` follows.
    """
    return list(_parse(text))


def references(text: str) -> list[str]:
    """List the variables that the tags of a text speak of, each once.

    Of an expression these are the names that may not be missing (``a``, ``a.b`` and ``a.b.c`` for ``a.b.c``), or none
    if it cannot be parsed.

    :raises UnclosedTagError: for a ``{{`` that no ``}}`` follows.
    """
    found: dict[str, None] = {}
    for part in _parse(text):
        if isinstance(part, Tag):
            found.update(dict.fromkeys([part.text.strip()] if part.kind == "simple" else _names(part)))
    return list(found)


def _names(tag: Tag) -> Sequence[str]:
    try:
        return _identifiers(tag.expression)
    except ExpressionError:
        return ()


@lru_cache(maxsize=2048)
def _identifiers(expression: str) -> tuple[str, ...]:
    return tuple(expr_lang.identifiers(expr_lang.parse(expression)))


@lru_cache(maxsize=2048)
def _roots(expression: str) -> frozenset[str] | None:
    """Tell which variables an expression may see, by the first part of their names; None for all of them."""
    names = expr_lang.names_used(expr_lang.parse(expression))
    return None if "$env" in names else frozenset(names)


def substitute_object(obj: Any, scope: Scope, *, strict: Iterable[str] = ()) -> Any:
    """Replace the tags in an object, wherever they are: keys, values, scripts.

    :param obj: anything that JSON can hold; given back as it is if there is no tag in it.
    :raises ExpressionError: as ``substitute`` does.
    """
    text = gojson.dumps(obj)
    if "{{" not in text:
        return obj
    replaced = _substitute(text, scope, tuple(strict))
    try:
        return gojson.loads(replaced)
    except InvalidJSONError:
        raise _invalid_result() from None


def substitute(text: str, scope: Scope, *, strict: Iterable[str] = ()) -> str:
    """Replace the tags in the JSON text of an object.

    A tag that cannot be resolved stays as it is, unless it is strict. A value that begins with ``PLACEHOLDER`` is one
    that is not known yet: where there is one, a failing expression stays as it is, too.

    :param scope: values by dotted name; None is an output that is not there and has no default.
    :param strict: first parts of names that have to be there, such as ``("steps.", "tasks.")``; ``("",)`` for all. An
        artifact (``….outputs.artifacts.…``) may be missing unless all are strict.
    :raises MissingVariableError: for a strict reference to what is not there.
    :raises AbsentOptionalError: for a tag whose value is None.
    :raises InvalidJSONError: if the text is no JSON, or is none any more with the values in it.
    :raises UnclosedTagError: for a ``{{`` that no ``}}`` follows.
    :raises ExpressionError: for an expression that fails, where that is not tolerated.
    """
    if not gojson.valid(text):
        raise InvalidJSONError("cannot do template replacements with invalid JSON")
    return substitute_valid(text, scope, strict=strict)[0]


def substitute_valid(text: str, scope: Scope, *, strict: Iterable[str] = ()) -> tuple[str, Any]:
    """Do what ``substitute`` does, with text that is known to be JSON: give the new text, and the value that it holds.

    :raises ExpressionError: as ``substitute`` does.
    """
    replaced = _substitute(text, scope, tuple(strict)) if "{{" in text else text
    try:
        return replaced, gojson.value(replaced)
    except ValueError:
        raise _invalid_result() from None


def substitute_item(text: str, scope: Scope, *, strict: Iterable[str] = ()) -> Any:
    """Do what ``substitute_valid`` does, for the copy of a step that a loop makes: what is wrong with its JSON is told.

    :raises ExpressionError: as ``substitute`` does, but with the message of Go's ``encoding/json``.
    """
    return gojson.loads(_substitute(text, scope, tuple(strict)) if "{{" in text else text)


def _invalid_result() -> InvalidJSONError:
    return InvalidJSONError("cannot finish template replacement because the result was invalid JSON")


def _substitute(text: str, scope: Scope, strict: tuple[str, ...]) -> str:
    prefixes = _Strictness(strict)
    parts: list[str] = []
    for part in _parse(text):
        if isinstance(part, str):
            parts.append(part)
        elif part.kind == "simple":
            parts.append(_simple(part.text, scope, prefixes))
        else:
            parts.append(_expression(part, scope, prefixes))
    return "".join(parts)


class _Strictness:
    """Which names have to be there."""

    def __init__(self, prefixes: tuple[str, ...]) -> None:
        self.all = "" in prefixes
        self.any = bool(prefixes)
        self.roots = tuple(prefix.rstrip(".") for prefix in prefixes if prefix)

    def wants(self, name: str) -> bool:
        """Tell whether a name has to be there."""
        return self.all or any(name == root or name.startswith(f"{root}.") for root in self.roots)


def _simple(text: str, scope: Scope, strict: _Strictness) -> str:
    name = text.strip()
    if name in scope:
        value = scope[name]
        if value is None:
            absent = "output is an absent optional (skipped/omitted node with no default)"
            raise AbsentOptionalError(f"unable to substitute {{{{{text}}}}}: {absent}")
        return gojson.quote(value)
    outer, opening, inner = text.rpartition("{{")
    if opening and outer and inner in scope:
        value = scope[inner]
        if value is None:
            raise AbsentOptionalError(
                f'unable to substitute nested tag {{{{{text}}}}}: "{gojson.quote(inner)}" is an absent optional'
            )
        return "{{" + outer + gojson.quote(value)
    if strict.wants(name) and (strict.all or _ARTIFACTS not in name):
        raise MissingVariableError(f"failed to resolve {{{{{text}}}}}")
    return f"{{{{{text}}}}}"


def _expression(tag: Tag, scope: Scope, strict: _Strictness) -> str:
    try:
        expression = tag.expression
    except InvalidJSONError as error:
        raise ExpressionError(f"failed to unmarshall JSON expression: {error}") from None
    try:
        names: Sequence[str] = _identifiers(expression)
    except ExpressionError as error:
        return _tolerated(tag, scope, False, f"failed to evaluate expression: {error}")
    env = expr_lang.environment(scope, _roots(expression))
    missing = [name for name in names if not _is_there(env, scope, name)]
    for name in missing:
        if strict.wants(name):
            raise MissingVariableError(f"failed to evaluate expression: {name} is missing")
    lenient = bool(missing) or not strict.any
    if lenient and not LATE_VARIABLES.isdisjoint(missing):
        return _unresolved(tag)
    return _evaluated(tag, expression, env, scope, lenient)


def _evaluated(tag: Tag, expression: str, env: Mapping[str, Any], scope: Scope, lenient: bool) -> str:
    try:
        value = expr_lang.evaluate(expression, env)
    except ExpressionError as error:
        return _tolerated(tag, scope, lenient, f"failed to evaluate expression: {error}")
    if value is None:
        return _tolerated(tag, scope, lenient, f'failed to evaluate expression "{gojson.quote(expression)}"')
    try:
        written = gojson.dumps(value)
    except ExpressionError as error:
        if lenient:
            return _unresolved(tag)
        raise ExpressionError(f"failed to marshal evaluated expression: {error}") from None
    # Not only text is in quotes, a time is, too.
    return written[1:-1] if written.startswith('"') else gojson.quote(written)


def _tolerated(tag: Tag, scope: Scope, lenient: bool, message: str) -> str:
    if lenient or any(value is not None and value.startswith(PLACEHOLDER) for value in scope.values()):
        return _unresolved(tag)
    raise ExpressionError(message)


def _unresolved(tag: Tag) -> str:
    return "{{=" + tag.text + "}}"


def _is_there(env: Mapping[str, Any], scope: Scope, name: str) -> bool:
    """Tell whether an expression would find a name; a value of None is there."""
    found: Any = env
    for part in name.split("."):
        if not isinstance(found, Mapping) or part not in found:
            return False
        found = found[part]
    return True


def resolve(text: str, scope: Scope) -> tuple[str, Any]:
    """Resolve one single tag, the way of ``valueFrom.parameter`` and ``from``.

    :param text: ``{{name}}`` or ``{{=expression}}``; the braces may be missing.
    :returns: what is between the braces, and the value; None is an output that is not there and has no default.
    :raises ExpressionError: ``Unable to resolve: "name"`` and the like.
    """
    tag = text.removeprefix("{{").removesuffix("}}").strip()
    if not tag.startswith("="):
        if tag not in scope:
            raise MissingVariableError(f'Unable to resolve: "{gojson.quote(tag)}"')
        return tag, scope[tag]
    expression = _tag(tag).text
    shown = gojson.quote(expression)
    env = dict(scope)  # no maps to go into, and no functions of Argo's: such an expression gets no further than this
    try:
        expr_lang.check(expression, env)
    except ExpressionError:
        raise ExpressionError(f'Unable to compile: "{shown}"') from None
    try:
        value = expr_lang.evaluate(expression, env)
    except ExpressionError:
        raise ExpressionError(f'Invalid expression: "{shown}"') from None
    if value is None:
        raise MissingVariableError(f'Unable to resolve: "{gojson.quote(tag)}"')
    return tag, value
