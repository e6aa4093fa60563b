from __future__ import annotations

import posixpath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_argo.local.execution.paths import (
    Layout,
    absolute,
    declared_paths,
    private_names,
    rewriter,
    unreadable_reason,
    working_directory,
)

MOUNTED = Layout(root="/p/root", tmp="/p/tmp", private_tmp=True)
REWRITTEN = Layout(root="/p/root", tmp="/p/tmp", private_tmp=False)


@given(st.text(st.sampled_from("./ab-"), max_size=30))
def test_no_path_leads_out_of_the_pods_directories(path):
    host = posixpath.normpath(MOUNTED.on_host(absolute(path)))
    assert host in ("/p/root", "/p/tmp") or host.startswith(("/p/root/", "/p/tmp/"))


@pytest.mark.parametrize(
    ("path", "host"),
    [
        ("/tmp/a", "/p/tmp/a"),
        ("/tmp", "/p/tmp"),
        ("/tmpfile", "/p/root/tmpfile"),
        ("/result.txt", "/p/root/result.txt"),
        ("result.txt", "/p/root/result.txt"),
        ("/", "/p/root"),
        ("//tmp//a/", "/p/tmp/a"),
    ],
)
def test_where_a_workers_path_is(path, host):
    assert MOUNTED.on_host(absolute(path)) == host


def test_declared_paths_are_those_of_files_and_artifacts():
    template = {
        "inputs": {"artifacts": [{"name": "a", "path": "/in/a"}, {"name": "b"}]},
        "outputs": {
            "parameters": [
                {"name": "v", "valueFrom": {"path": "/tmp/v"}},
                {"name": "r", "valueFrom": {"path": "relative"}},
                {"name": "s", "valueFrom": {"supplied": {}}},
                {"name": "n"},
            ],
            "artifacts": [{"name": "c", "path": "/tmp/x/../c"}],
        },
    }
    assert declared_paths(template) == ["/in/a", "/tmp/c", "/tmp/v"]
    assert declared_paths({"outputs": None}) == []


@pytest.mark.parametrize(
    ("layout", "declared", "names"),
    [
        (MOUNTED, "/tmp/v", {}),
        (REWRITTEN, "/tmp/v", {"/tmp/v": "/p/tmp/v"}),
        (MOUNTED, "/result.txt", {"/result.txt": "/p/root/result.txt"}),
        (MOUNTED, "/mnt/out/v", {"/mnt/out/v": "/p/root/mnt/out/v", "/mnt/out": "/p/root/mnt/out"}),
        (MOUNTED, "/usr/v", {"/usr/v": "/p/root/usr/v"}),
        (MOUNTED, "/out/v", {"/out/v": "/p/root/out/v", "/out": "/p/root/out"}),
        (REWRITTEN, "/tmp/a/v", {"/tmp/a/v": "/p/tmp/a/v", "/tmp/a": "/p/tmp/a"}),
    ],
)
def test_what_has_to_be_rewritten(layout, declared, names):
    assert private_names([declared], layout, lambda path: path in ("/tmp", "/tmp/a", "/usr", "/mnt")) == names


@pytest.mark.parametrize(
    ("text", "rewritten"),
    [
        ("echo 1 >/tmp/out", "echo 1 >P"),
        ("echo 1 > '/tmp/out'", "echo 1 > 'P'"),
        ("--file=/tmp/out", "--file=P"),
        ("cat /tmp/out/part", "cat P/part"),
        ("wrote /tmp/out.", "wrote P."),
        ("/tmp/output", "/tmp/output"),
        ("/tmp/out.txt", "/tmp/out.txt"),
        ("/tmp/out-2", "/tmp/out-2"),
        ("/var/tmp/out", "/var/tmp/out"),
        ("$DIR/tmp/out", "$DIR/tmp/out"),
        ("${DIR}/tmp/out", "${DIR}/tmp/out"),
        ("./tmp/out", "./tmp/out"),
        ("/tmp/out /tmp/out/x", "P P/x"),
    ],
)
def test_a_path_is_rewritten_where_it_is_meant(text, rewritten):
    assert rewriter({"/tmp/out": "P"})(text) == rewritten


def test_the_longest_path_wins():
    assert rewriter({"/a": "A", "/a/b": "B"})("/a/b /a/c") == "B A/c"


def test_backslashes_and_special_characters_are_plain_text():
    assert rewriter({"/a.b": r"/p\1"})("/a.b /axb") == r"/p\1 /axb"


@pytest.mark.parametrize(
    ("declared", "layout", "cwd"),
    [
        (None, MOUNTED, "/p/root"),
        ("/", MOUNTED, "/p/root"),
        ("/tmp", MOUNTED, "/tmp"),
        ("/tmp/a", REWRITTEN, "/p/tmp/a"),
        ("/usr", MOUNTED, "/usr"),
        ("/app", MOUNTED, "/p/root/app"),
    ],
)
def test_working_directory(declared, layout, cwd):
    assert working_directory({"workingDir": declared}, layout, lambda path: path == "/usr") == cwd


@pytest.mark.parametrize(("path", "told"), [("/tmp/v", "/tmp/v"), ("v", "/v"), ("../v", "/v"), ("/a//b", "/a/b")])
def test_the_wording_of_a_missing_file(path, told):
    assert unreadable_reason(path, "gone") == f"open /var/run/argo/outputs/parameters{told}: gone"
