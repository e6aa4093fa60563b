"""Tags: finding and replacing them."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_argo.argo.expressions import gojson, tags
from airflow_argo.argo.expressions.errors import (
    AbsentOptionalError,
    ExpressionError,
    InvalidJSONError,
    MissingVariableError,
    UnclosedTagError,
)

STRICT = ("steps.", "tasks.")
FAN_OUT = (
    "{{=toJson(map(0..(int(ceil(int(tasks.generate.outputs.parameters.rows) / int(inputs.parameters.per))) - 1), "
    '{ {"offset": # * int(inputs.parameters.per), "limit": min(int(inputs.parameters.per), '
    "int(tasks.generate.outputs.parameters.rows) - # * int(inputs.parameters.per))} } ))}}"
)


def replaced(text: str, *, strict: tuple[str, ...] = (), **scope: str | None) -> Any:
    names = {name.replace("__", "."): value for name, value in scope.items()}
    return tags.substitute_object({"value": text}, names, strict=strict)["value"]


def test_a_text_is_cut_at_its_tags() -> None:
    assert tags.parse("a {{b}} {{=c \\u003c 1}} {{ =d }}") == [
        "a ",
        tags.Tag("simple", "b"),
        " ",
        tags.Tag("expression", "c < 1"),
        " ",
        tags.Tag("simple", " =d "),
        "",
    ]


def test_an_expression_loses_the_escapes_of_the_json_around_it() -> None:
    (_, tag, _) = tags.parse('{{=\\"a\\" + \\"\\\\n\\"}}')
    assert isinstance(tag, tags.Tag)
    assert tag.expression == '"a" + "\\n"'


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("no tag", []),
        ("{{ a.b }} {{a.b}} {{c}}", ["a.b", "c"]),
        ("{{=steps.a.outputs.result}}", ["steps", "steps.a", "steps.a.outputs", "steps.a.outputs.result"]),
        ("{{=steps.a.outputs.result ?? 'x'}}", ["steps"]),
        ("{{=inputs?.a?.b}}", ["inputs"]),
        ("{{={'b': 1}}}", []),
    ],
)
def test_references(text: str, names: list[str]) -> None:
    assert tags.references(text) == names


@pytest.mark.parametrize(
    ("text", "result"),
    [
        ("{{a}}", "x"),
        ("{{ a }}-{{a}}", "x-x"),
        ("{{unknown}}", "{{unknown}}"),
        ("{{=a + 'y'}}", "xy"),
        ("{{=[1, 2]}}", "[1,2]"),
        ("{{=1 == 1}}", "true"),
        ("{{={'b': 1, 'a': '<x>'} }}", '{"a":"\\u003cx\\u003e","b":1}'),
        ("{{=10/5}} {{=7/2}} {{=1.0}} {{=1e21}} {{=0.1+0.2}}", "2 3.5 1 1e+21 0.30000000000000004"),
        ("{{=asInt(n) + 1}}", "4"),
        ("{{=nil}}", "{{=nil}}"),
        ("{{=nosuch.thing}}", "{{=nosuch.thing}}"),
        ("{{=asInt('x')}}", "{{=asInt('x')}}"),
        ("{{ =1 + 1}}", "{{ =1 + 1}}"),
        ('{{="<" + ">"}}', "<>"),
        ("{{steps.{{a}}.status}}", "{{steps.x.status}}"),
        ("${{#if}}", "${{#if}}"),
    ],
)
def test_lenient_replacement(text: str, result: str) -> None:
    assert replaced(text, a="x", n="3") == result


def test_keys_and_nested_objects_are_replaced_too() -> None:
    assert tags.substitute_object({"{{a}}": [{"b": "{{a}}"}]}, {"a": "x"}) == {"x": [{"b": "x"}]}


def test_an_object_without_tags_is_given_back() -> None:
    obj = {"a": ["}}", "{ {"]}
    assert tags.substitute_object(obj, {}) is obj


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{{steps.a.status}}", "failed to resolve {{steps.a.status}}"),
        ("{{ tasks.a.status }}", "failed to resolve {{ tasks.a.status }}"),
        ("{{=steps.a.status}}", "failed to evaluate expression: steps is missing"),
    ],
)
def test_a_strict_reference_has_to_be_there(text: str, message: str) -> None:
    with pytest.raises(MissingVariableError) as failure:
        replaced(text, strict=STRICT)
    assert str(failure.value) == message


@pytest.mark.parametrize("text", ["{{stepsX.a}}", "{{item}}", "{{steps.a.outputs.artifacts.b}}", "{{=item + 'x'}}"])
def test_other_references_may_be_missing(text: str) -> None:
    assert replaced(text, strict=STRICT) == text


def test_everything_may_be_made_strict() -> None:
    with pytest.raises(MissingVariableError, match="failed to resolve"):
        replaced("{{a.outputs.artifacts.b}}", strict=("",))


@pytest.mark.parametrize("name", ["workflow.status", "workflow.failures", "lastRetry.exitCode", "lastRetry.message"])
def test_an_expression_on_a_late_variable_waits_for_it(name: str) -> None:
    text = f"{{{{=({name} == 'x') ? 'yes' : 'no'}}}}"
    others = {"workflow.name": "w", "lastRetry.duration": "1"}
    assert tags.substitute_object([text], others) == [text]
    assert tags.substitute_object([text], {**others, name: "x"}) == ["yes"]


def test_an_expression_on_another_absent_variable_does_not() -> None:
    assert replaced("{{=workflow.nope == 'x' ? 'yes' : 'no'}}", workflow__name="w") == "no"


def test_a_default_is_taken_as_soon_as_the_root_is_known() -> None:
    assert replaced("{{= steps.foo?.outputs?.result ?? 'd'}}", steps__name="") == "d"
    assert replaced("{{= steps.foo.outputs.result ?? 'd'}}", steps__name="") == "{{= steps.foo.outputs.result ?? 'd'}}"


def test_an_absent_optional_is_an_error_in_a_simple_tag_and_nil_in_an_expression() -> None:
    with pytest.raises(AbsentOptionalError) as failure:
        replaced("{{steps.a.outputs.result}}", steps__a__outputs__result=None)
    assert str(failure.value) == (
        "unable to substitute {{steps.a.outputs.result}}: "
        "output is an absent optional (skipped/omitted node with no default)"
    )
    assert replaced("{{=steps.a.outputs.result ?? 'd'}}", strict=STRICT, steps__a__outputs__result=None) == "d"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "{{=asInt('x')}}",
            "failed to evaluate expression: invalid operation: int(x) (1:1)\n | asInt('x')\n | ^",
        ),
        ("{{={'b': 1}}}", "failed to evaluate expression: unexpected token EOF (1:7)\n | {'b': 1\n | ......^"),
        (
            "{{=int(item) + 1}}",
            "failed to evaluate expression: invalid operation: int(2.5) (1:1)\n | int(item) + 1\n | ^",
        ),
        ("{{=nil}}", 'failed to evaluate expression "nil"'),
        ("{{=1/0}}", "failed to marshal evaluated expression: json: unsupported value: +Inf"),
    ],
)
def test_a_failing_expression_ends_a_strict_replacement(text: str, message: str) -> None:
    with pytest.raises(ExpressionError) as failure:
        replaced(text, strict=STRICT, item="2.5")
    assert str(failure.value) == message


def test_a_syntax_error_is_an_error_even_in_a_lenient_replacement() -> None:
    with pytest.raises(ExpressionError, match="unexpected token EOF"):
        replaced("{{={'b': 1}}}")


def test_a_placeholder_makes_failures_harmless() -> None:
    text = "{{=asInt(a) + nosuch}}"
    assert replaced(text, strict=STRICT, a=tags.PLACEHOLDER + "1") == text


def test_a_tag_has_to_be_closed() -> None:
    with pytest.raises(UnclosedTagError, match=r'^Cannot find end tag="}}" in the template='):
        replaced("{{a")


@pytest.mark.parametrize("value", ["\x1b[31mred", "\x07", "\x00", "\x7f", "\v"])
def test_unusual_control_characters_break_the_json(value: str) -> None:
    with pytest.raises(
        InvalidJSONError, match="cannot finish template replacement because the result was invalid JSON"
    ):
        replaced("{{a}}", a=value)


def test_the_text_has_to_be_json() -> None:
    with pytest.raises(InvalidJSONError, match="cannot do template replacements with invalid JSON"):
        tags.substitute("{{a}}", {"a": "1"})
    assert tags.substitute('["{{a}}"]', {"a": '"'}) == '["\\""]'


@given(st.text(st.characters(codec="utf-8", exclude_categories=("C", "Zl", "Zp"), include_characters="\n\t\r")))
def test_a_value_arrives_as_it_is(value: str) -> None:
    assert replaced("{{a}}", a=value) == value
    assert replaced("<{{=a}}>", a=value) == f"<{value}>"


@given(st.text(st.characters(codec="utf-8")))
def test_an_expression_gives_any_value_as_it_is(value: str) -> None:
    assert replaced("{{=a}}", a=value) == value


@given(st.text(st.sampled_from("{}= a.bc?'\"\\[]1+")))
def test_any_text_is_replaced_or_refused(text: str) -> None:
    try:
        replaced(text, strict=("",), a="1", b="{{c}}")
    except ExpressionError as error:
        assert str(error)  # noqa: PT017 - either outcome is right


def test_a_list_of_ranges_is_made_by_an_expression() -> None:
    scope = {"tasks.generate.outputs.parameters.rows": "1050", "inputs.parameters.per": "100"}
    ranges = gojson.loads(tags.substitute_object([FAN_OUT], scope, strict=STRICT)[0])
    assert len(ranges) == 11
    assert ranges[0] == {"limit": 100, "offset": 0}
    assert ranges[-1] == {"limit": 50, "offset": 1000}


def test_no_rows_make_no_ranges() -> None:
    scope = {"tasks.generate.outputs.parameters.rows": "0", "inputs.parameters.per": "100"}
    assert tags.substitute_object([FAN_OUT], scope) == ["[]"]


def test_single_tags_are_resolved() -> None:
    scope = {"steps.a.outputs.result": "x", "absent": None}
    assert tags.resolve("{{steps.a.outputs.result}}", scope) == ("steps.a.outputs.result", "x")
    assert tags.resolve("{{absent}}", scope) == ("absent", None)
    assert tags.resolve("{{=$env['steps.a.outputs.result'] + 'y'}}", scope)[1] == "xy"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{{b}}", 'Unable to resolve: "b"'),
        ("{{=b}}", 'Unable to compile: "b"'),
        ("{{=a + 1}}", 'Unable to compile: "a + 1"'),
        ("{{=asInt(a)}}", 'Unable to compile: "asInt(a)"'),
        ("{{=steps.a}}", 'Unable to compile: "steps.a"'),
        ("{{=int(a)}}", 'Invalid expression: "int(a)"'),
        ("{{=nil}}", 'Unable to resolve: "=nil"'),
    ],
)
def test_a_single_tag_that_cannot_be_resolved(text: str, message: str) -> None:
    with pytest.raises(ExpressionError) as failure:
        tags.resolve(text, {"a": "x", "steps.a": "y"})
    assert str(failure.value) == message


def test_a_time_is_inserted_without_its_quotes() -> None:
    assert replaced('{{=date("2024-02-29")}}') == "2024-02-29T00:00:00Z"
    assert replaced('{{=[date("2024-02-29")]}}') == '["2024-02-29T00:00:00Z"]'
