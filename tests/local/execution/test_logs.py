from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_argo.local.execution.logs import MAX_LINE, Logs, safe_name
from airflow_argo.local.execution.streams import MAX_RESULT, Result


def write(logs: Logs, *blocks: bytes) -> None:
    log = logs.create("uid", "pod")
    for block in blocks:
        log.write(block)
    logs.close(log)


def read(logs: Logs, **limits: int) -> list[str]:
    return [line for _, line in logs.read_timed("uid", "pod", **limits)]


async def followed(logs: Logs, tail: int | None = None) -> AsyncIterator[str]:
    async for _, line in logs.follow_timed("uid", "pod", tail=tail):
        yield line


@pytest.mark.parametrize(
    ("blocks", "lines"),
    [
        ([], []),
        ([b"a\nb\n"], ["a", "b"]),
        ([b"a\nb"], ["a", "b"]),
        ([b"a", b"b\n", b"c"], ["ab", "c"]),
        ([b"\n\n"], ["", ""]),
        (["ä".encode()[:1], "ä".encode()[1:]], ["ä"]),
        ([b"\xff\n"], ["\ufffd"]),
        ([b"x" * (MAX_LINE + 1)], ["x" * MAX_LINE, "x"]),
    ],
)
def test_lines_as_they_were_written(tmp_path, blocks, lines):
    logs = Logs(tmp_path)
    write(logs, *blocks)
    assert read(logs) == lines


@given(
    lines=st.lists(st.text(st.sampled_from("ab"), max_size=5), max_size=8),
    ending=st.booleans(),
    tail=st.integers(0, 10),
)
def test_the_tail_is_the_last_lines(tmp_path_factory, lines, ending, tail):
    text = "\n".join(lines) + ("\n" if ending and lines else "")
    logs = Logs(tmp_path_factory.mktemp("logs"))
    write(logs, text.encode())
    everything = read(logs)
    assert read(logs, tail=tail) == everything[max(0, len(everything) - tail) :]


def test_the_tail_of_a_log_of_many_blocks(tmp_path):
    logs = Logs(tmp_path)
    write(logs, b"".join(b"%d\n" % number for number in range(50_000)))
    assert read(logs, tail=20_000) == [str(number) for number in range(30_000, 50_000)]


def test_limit_in_bytes_counts_from_where_the_tail_begins(tmp_path):
    logs = Logs(tmp_path)
    write(logs, b"one\ntwo\nthree\n")
    assert read(logs, limit_bytes=5) == ["one", "t"]
    assert read(logs, tail=2, limit_bytes=5) == ["two", "t"]


def test_a_log_that_is_not_there_has_no_lines(tmp_path):
    assert read(Logs(tmp_path)) == []


def test_a_log_is_cut_once_and_says_so(tmp_path):
    logs = Logs(tmp_path, limit=10)
    write(logs, b"12345\n", b"67890", b"more", b"and more")
    assert read(logs) == ["12345", "6789", "[the log is cut here: it is larger than 10 bytes]"]


def test_a_log_that_just_fits_is_not_cut(tmp_path):
    logs = Logs(tmp_path, limit=6)
    write(logs, b"12345\n")
    assert read(logs) == ["12345"]


def test_a_full_disk_stops_the_log_and_nothing_else(tmp_path):
    log = Logs(tmp_path / "logs").create("uid", "pod")
    (tmp_path / "logs").write_text("a file where the directory should be")
    log.write(b"a")
    log.write(b"b")
    log.close()


class TestFollow:
    async def test_it_gives_what_is_there_and_what_comes(self, tmp_path):
        logs = Logs(tmp_path)
        log = logs.create("uid", "pod")
        log.write(b"1\n2\n")
        seen: list[str] = []

        async def follow() -> None:
            seen.extend([line async for line in followed(logs, tail=1)])

        task = asyncio.ensure_future(follow())
        for block in (b"3", b"3\n", b"4"):
            await asyncio.sleep(0)
            log.write(block)
        logs.close(log)
        await task
        assert seen == ["2", "33", "4"]

    async def test_it_waits_for_the_first_line(self, tmp_path):
        logs = Logs(tmp_path)
        log = logs.create("uid", "pod")
        lines = followed(logs)
        first = asyncio.ensure_future(anext(lines))
        await asyncio.sleep(0)
        assert not first.done()
        log.write(b"1\n")
        assert await first == "1"
        logs.close(log)

    async def test_of_a_silent_pod_it_ends_with_it(self, tmp_path):
        logs = Logs(tmp_path)
        log = logs.create("uid", "pod")
        task = asyncio.ensure_future(anext(followed(logs), "nothing"))
        await asyncio.sleep(0)
        logs.close(log)
        assert await task == "nothing"

    async def test_of_a_pod_that_has_ended(self, tmp_path):
        logs = Logs(tmp_path)
        write(logs, b"1\n2\n")
        assert [line async for line in followed(logs, tail=1)] == ["2"]

    async def test_a_new_pod_of_the_name_does_not_hold_the_followers_of_the_old(self, tmp_path):
        logs = Logs(tmp_path)
        old = logs.create("uid", "pod")
        old.write(b"old\n")
        lines = followed(logs)
        assert await anext(lines) == "old"
        logs.create("uid", "pod")
        logs.close(old)
        assert [line async for line in lines] == []
        assert read(logs) == []


@given(st.text(max_size=300), st.text(max_size=300))
def test_names_of_directories_are_safe_and_distinct(one, other):
    assert "/" not in safe_name(one)
    assert "\0" not in safe_name(one)
    assert safe_name(one) not in ("", ".", "..")
    assert len(safe_name(one).encode()) < 250
    assert (safe_name(one) == safe_name(other)) == (one == other)


@given(st.lists(st.binary(min_size=1, max_size=20), max_size=20), st.integers(1, 40))
def test_a_result_is_the_end_of_what_was_written(blocks, factor):
    result = Result()
    written = b"".join(block * (factor * 1000) for block in blocks)
    for block in blocks:
        result.write(block * (factor * 1000))
    assert result.value() == written.removesuffix(b"\n")[-MAX_RESULT:]
