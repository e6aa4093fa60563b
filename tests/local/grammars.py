"""Grammars of Argo's expression languages, and texts that hurt."""

from __future__ import annotations

from random import Random

from airflow_argo.argo.expressions.expr_lang.names import BUILTIN_NAMES
from airflow_argo.argo.expressions.expr_lang.sprig import SPRIG

HOSTILE = (
    "", " ", "{{", "}}", "{{=", "{{=1+}}", "{{workflow.name}}", "{{item}}", "{{item.a}}", "{{=item}}",
    "{{=workflow.status}}",
    "{{inputs.parameters.a}}", "{{steps.one.outputs.result}}", "{{tasks.one.outputs.result}}", "one && two",
    "one.Succeeded || (",
    "one.Bogus", "'a' =~ '('", "1 ==", "\x00", "\ud800", "ü\u202e\u200b😀", "../../etc", "/", "$(rm)", "'\"`",
    "\n", "a" * 300,
    "9" * 400, "9" * 5000, "1e999", "-1", "0x10", "-5s", "100000000h", "NaN", "null", "[1,2",
    '{"a":', '[{"a":1}]', "*/5 * * * *",
    "(" * 300, "!" * 3000 + "true",
    "[[" * 300, "{{" * 50 + "a" + "}}" * 50, "{{=" + "(" * 200 + "1" + ")" * 200 + "}}",
    "{{=1..1000000000}}", "{{=repeat('x', 1000000000)}}", "{{=sprig.repeat(1000000000, 'x')}}",
    "{{=sprig.until(1000000000)}}",
    "'" + "a" * 40 + "!' =~ '(a+)+$'", "{{='" + "a" * 40 + "!' matches '(a+)+$'}}", "%1000000000d",
)  # fmt: skip
_LITERALS = (
    "0", "1", "-1", "2.5", "1e300", "9223372036854775807", "1000000000", "'a'", "''", "'(a+)+$'",
    "'" + "a" * 40 + "!'", "true", "nil",
    "[]", "{}", "[1, 'a', nil]", "{'a': 1}", "name", "list", "text", "number", "'2006-01-02'", "'1h'",
    "'%1000000000d'", "'10'", "'{}'",
    "1..1000000000", "repeat('x', 1000000)", "1..10000",
)  # fmt: skip
_BINARY = ("+", "-", "*", "/", "%", "**", "^", "==", "!=", "<", ">=", "&&", "||", "and", "or", "in", "not in",
    "contains",
           "startsWith", "matches", "..", "??", "|")  # fmt: skip


def expr_lang(random: Random, depth: int = 4) -> str:
    if depth == 0 or random.random() < 0.15:
        return random.choice(_LITERALS)

    def part() -> str:
        return expr_lang(random, depth - 1)

    kind = random.randrange(12)
    if kind < 3:
        return f"({part()} {random.choice(_BINARY)} {part()})"
    if kind < 6:
        arguments = ", ".join(part() for _ in range(random.choice((0, 1, 1, 2, 2, 3))))
        return f"sprig.{random.choice(sorted(SPRIG))}({arguments})"
    if kind < 8:
        arguments = ", ".join(
            [part(), random.choice((part(), "# == 1", "{# * 2}", "#acc + #", "#index > 1")), part()][
                : random.choice((1, 2, 2, 3))
            ]
        )
        return f"{random.choice(sorted(BUILTIN_NAMES))}({arguments})"
    if kind == 8:
        return f"{random.choice(('-', '!', 'not '))}{part()}"
    if kind == 9:
        return f"({part()} ? {part()} : {part()})"
    if kind == 10:
        return f"{part()}{random.choice(('.a', '?.a', '[0]', '[1:]', '[-1]', '.Year()'))}"
    return f"(let x = {part()}; x + {part()})"


_ATOMS = (
    "1",
    "2.5",
    "'a'",
    "a",
    "true",
    "'(a+)+$'",
    "'" + "a" * 40 + "!'",
    "''",
    "0x10",
    "'2020-01-01'",
    "1e9",
    "[a b]",
    "(1, 2)",
)
_WHEN = (
    "==",
    "!=",
    "<",
    ">=",
    "&&",
    "||",
    "=~",
    "!~",
    "+",
    "-",
    "*",
    "/",
    "**",
    "%",
    "<<",
    ">>",
    "&",
    "|",
    "^",
    "in",
    ",",
    "?",
    ":",
    "??",
)


def when(random: Random, depth: int = 5) -> str:
    if depth == 0 or random.random() < 0.2:
        return random.choice(_ATOMS)
    left, right = when(random, depth - 1), when(random, depth - 1)
    return random.choice((f"{left} {random.choice(_WHEN)} {right}", f"({left})", f"!{left}", f"-{left}", f"~{left}"))


def depends(random: Random, depth: int = 5) -> str:
    if depth == 0 or random.random() < 0.3:
        result = random.choice(
            ("", ".Succeeded", ".Failed", ".AnySucceeded", ".AllFailed", ".Skipped", ".Daemoned", ".Bogus")
        )
        return random.choice(("one", "two", "nope", "a-b")) + result
    left, right = depends(random, depth - 1), depends(random, depth - 1)
    return random.choice((f"{left} && {right}", f"{left} || {right}", f"!{left}", f"({left})", f"{left} {right}"))


def json_path(random: Random) -> str:
    parts = ("{", "}", "$", ".a", "..", "..a", "[0]", "[*]", "[-1:]", "[?(@.a>1)]", "['a']",
    "[?(@.a =~ /(a+)+$/)]", ".*", "[0:9:0]", "[1,2]",
             "[(@.length-1)]", "range", "'x'", "{end}")  # fmt: skip
    return "".join(random.choice(parts) for _ in range(random.randrange(1, 8)))
