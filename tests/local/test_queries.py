import pytest
from starlette.requests import Request

from airflow_argo.local.queries import check, integer, parameters
from airflow_argo.local.refusal import Refusal


@pytest.mark.parametrize(
    ("text", "number"),
    [("0", 0), ("-7", -7), ("+7", 7), ("0x1F", 31), ("0b11", 3), ("0o17", 15), ("017", 15), ("0x_f", 15)],
)
def test_numbers_are_read_as_go_reads_them(text: str, number: int) -> None:
    assert integer({"n": text}, "n") == number


def test_what_is_not_there_is_zero() -> None:
    assert integer({}, "n") == 0


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "invalid syntax"),
        ("x", "invalid syntax"),
        ("1.5", "invalid syntax"),
        (" 1", "invalid syntax"),
        ("1_000", "invalid syntax"),
        ("08", "invalid syntax"),
        ("٣", "invalid syntax"),
        ("9223372036854775808", "value out of range"),
        ("9" * 10_000, "value out of range"),
    ],
)
def test_other_texts_are_no_numbers(text: str, problem: str) -> None:
    with pytest.raises(Refusal) as refused:
        integer({"n": text}, "n")

    assert refused.value.status == 400
    assert refused.value.message == f'strconv.ParseInt: parsing "{text}": {problem}'


@pytest.mark.parametrize(
    ("options", "query", "problem"),
    [
        ("listOptions", {"listOptions.timeoutSeconds": "x"}, 'strconv.ParseInt: parsing "x": invalid syntax'),
        ("listOptions", {"listOptions.watch": ""}, 'strconv.ParseBool: parsing "": invalid syntax'),
        ("listOptions", {"listOptions.limit": "\x00"}, 'strconv.ParseInt: parsing "\\x00": invalid syntax'),
        ("logOptions", {"logOptions.follow": "yes"}, 'strconv.ParseBool: parsing "yes": invalid syntax'),
        ("listOptions", {"listOptions": "x"}, "field type *v1.ListOptions is not supported in query parameters"),
        ("getOptions", {"getOptions": ""}, "field type *v1.GetOptions is not supported in query parameters"),
        ("logOptions", {"logOptions.sinceTime": "now"}, "field type *v1.Time is not supported in query parameters"),
        ("deleteOptions", {"deleteOptions.orphanDependents": "x"}, 'strconv.ParseBool: parsing "x": invalid syntax'),
    ],
)
def test_an_option_that_cannot_be_read_is_refused_whether_or_not_it_is_used(
    options: str, query: dict[str, str], problem: str
) -> None:
    with pytest.raises(Refusal) as refused:
        check(query, options)

    assert (refused.value.status, refused.value.message) == (400, problem)


def test_options_of_other_messages_do_not_matter() -> None:
    check({"listOptions.limit": "x", "nonsense": "x"}, "logOptions")


def request(query: str) -> Request:
    headers = [(b"host", b"localhost")]
    return Request({"type": "http", "path": "/", "query_string": query.encode("ascii"), "headers": headers})


@pytest.mark.parametrize(
    ("query", "read"),
    [
        ("", {}),
        ("a=1&b=2", {"a": "1", "b": "2"}),
        ("a=1&a=2", {"a": "1"}),
        ("a&=x&&b=", {"a": "", "b": ""}),
        ("a=%20b+c%3D", {"a": " b c="}),
        ("a=%C3%A4%ff", {"a": "ä\ufffd"}),
        ("a=b=c", {"a": "b=c"}),
    ],
)
def test_parameters_are_read_as_go_reads_them(query: str, read: dict[str, str]) -> None:
    assert parameters(request(query)) == read


@pytest.mark.parametrize(
    ("query", "problem"),
    [
        ("a;b", "invalid semicolon separator in query"),
        ("%zz", 'invalid URL escape "%zz"'),
        ("a=%", 'invalid URL escape "%"'),
        ("a=%4", 'invalid URL escape "%4"'),
    ],
)
def test_a_query_that_go_cannot_read_is_refused(query: str, problem: str) -> None:
    with pytest.raises(Refusal) as refused:
        parameters(request(query))

    assert (refused.value.status, refused.value.message) == (400, problem)
