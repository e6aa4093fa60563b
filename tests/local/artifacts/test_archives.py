"""What is packed can be unpacked, and an archive of somebody else's cannot do harm."""

from __future__ import annotations

import gzip
import io
import os
import posixpath
import tarfile
import zipfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_argo.local.artifacts.errors import ArtifactError
from airflow_argo.local.artifacts.packing import (
    check_links,
    illegal_link,
    stored_name,
    strategy_of,
    write_tgz,
    write_zip,
)
from airflow_argo.local.artifacts.unpacking import is_tarball, unpack

TAR: dict[str, Any] = {"archive": {"tar": {}}}
ZIP: dict[str, Any] = {"archive": {"zip": {}}}


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    tree = tmp_path / "tree"
    (tree / "sub").mkdir(parents=True)
    (tree / "empty").mkdir()
    (tree / "run").write_text("x")
    (tree / "run").chmod(0o751)
    (tree / "sub" / "ü").write_text("y")
    (tree / "link").symlink_to("sub/ü")
    os.link(tree / "run", tree / "same")
    return tree


def tgz(path: Path, *entries: tuple[str, bytes | str | None]) -> Path:
    """Write an archive: bytes make a file, text a link, None a directory."""
    with tarfile.open(path, "w:gz") as archive:
        for name, content in entries:
            entry = tarfile.TarInfo(name)
            if isinstance(content, str):
                entry.type, entry.linkname = tarfile.SYMTYPE, content
                archive.addfile(entry)
            elif content is None:
                entry.type = tarfile.DIRTYPE
                archive.addfile(entry)
            else:
                entry.size = len(content)
                archive.addfile(entry, io.BytesIO(content))
    return path


@pytest.mark.parametrize(
    ("archive", "path", "name"),
    [
        (None, "/tmp/out.txt", "art.tgz"),
        ({"tar": {"compressionLevel": 0}}, "/tmp/out.txt", "art.tgz"),
        ({"none": {}}, "/tmp/out.txt", "out.txt"),
        ({"none": {}}, "/tmp/dir/", "dir"),
        ({"zip": {}}, "/tmp/dir", "art.zip"),
        ({}, "/tmp/dir", "art.tgz"),
    ],
)
def test_the_default_key_ends_as_argos_does(archive: dict[str, Any] | None, path: str, name: str) -> None:
    assert stored_name({"name": "art", "path": path, "archive": archive}) == name


def test_no_archive_is_said_to_be_tar() -> None:
    assert [strategy_of({"archive": kind}) for kind in (None, {"tar": {}}, {"none": {}}, {"zip": {}})] == [
        "tar",
        "tar",
        "none",
        "zip",
    ]


def test_a_directory_comes_back_as_it_was(tree: Path, tmp_path: Path) -> None:
    write_tgz(tree, "tree", tmp_path / "a.tgz")
    with tarfile.open(tmp_path / "a.tgz") as archive:
        assert archive.getnames() == [
            "tree",
            "tree/empty",
            "tree/link",
            "tree/run",
            "tree/same",
            "tree/sub",
            "tree/sub/ü",
        ]
    unpack({}, tmp_path / "a.tgz", tmp_path / "copy")
    assert (tmp_path / "copy" / "run").stat().st_mode & 0o777 == 0o751
    assert (tmp_path / "copy" / "same").read_text() == "x"
    assert str((tmp_path / "copy" / "link").readlink()) == "sub/ü"
    assert (tmp_path / "copy" / "empty").is_dir()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["copy", "tree"]


def test_a_zip_holds_the_files_alone(tree: Path, tmp_path: Path) -> None:
    write_zip(tree, "art", tmp_path / "a.zip")
    with zipfile.ZipFile(tmp_path / "a.zip") as archive:
        assert archive.namelist() == ["art/link", "art/run", "art/same", "art/sub/ü"]
    unpack(ZIP, tmp_path / "a.zip", tmp_path / "copy")
    assert (tmp_path / "copy" / "sub" / "ü").read_text() == "y"


@given(st.binary(max_size=200))
def test_a_single_file_becomes_the_path_itself(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    tmp_path = tmp_path_factory.mktemp("single")
    (tmp_path / "f").write_bytes(content)
    write_tgz(tmp_path / "f", "f", tmp_path / "a.tgz")
    write_zip(tmp_path / "f", "f", tmp_path / "a.zip")
    assert is_tarball(tmp_path / "a.tgz")
    unpack({}, tmp_path / "a.tgz", tmp_path / "tar")
    unpack(ZIP, tmp_path / "a.zip", tmp_path / "zip")
    assert (tmp_path / "tar").read_bytes() == (tmp_path / "zip").read_bytes() == content


def test_two_entries_stay_a_directory(tmp_path: Path) -> None:
    unpack({}, tgz(tmp_path / "a", ("x", b"1"), ("y", b"2")), tmp_path / "out")
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["x", "y"]


def test_a_tarball_is_known_by_its_content(tmp_path: Path) -> None:
    (tmp_path / "text").write_text("text")
    (tmp_path / "gzip").write_bytes(gzip.compress(b"text"))
    (tmp_path / "nothing").write_bytes(b"")
    with tarfile.open(tmp_path / "plain-tar", "w") as archive:
        archive.add(tmp_path / "text", "text")
    found = {path.name: is_tarball(path) for path in tmp_path.iterdir()}
    assert found == {"text": False, "gzip": False, "nothing": False, "plain-tar": False}
    assert not is_tarball(tgz(tmp_path / "empty"))
    assert is_tarball(tgz(tmp_path / "data.bin", ("x", b"")))


@pytest.mark.parametrize("archive", [None, {"none": {}}])
def test_a_zip_is_not_looked_for(tmp_path: Path, archive: dict[str, Any] | None) -> None:
    (tmp_path / "f").write_text("x")
    write_zip(tmp_path / "f", "f", tmp_path / "a.zip")
    content = (tmp_path / "a.zip").read_bytes()
    unpack({"archive": archive}, tmp_path / "a.zip", tmp_path / "out")
    assert (tmp_path / "out").read_bytes() == content


def test_a_tarball_that_is_said_to_be_none_stays_one(tmp_path: Path) -> None:
    unpack({"archive": {"none": {}}}, tgz(tmp_path / "a", ("x", b"1")), tmp_path / "out")
    assert is_tarball(tmp_path / "out")


@pytest.mark.parametrize(
    ("artifact", "content", "reason"),
    [
        (TAR, b"a longer text", "gzip: invalid header"),
        (TAR, b"text", "unexpected EOF"),
        (TAR, gzip.compress(b"x" * 5000)[:-9], "unexpected EOF|archive/tar"),
        (TAR, gzip.compress(b"x" * 5000), "archive/tar: invalid tar header"),
        (ZIP, b"text", "zip: not a valid zip file"),
    ],
)
def test_what_is_no_archive_is_refused(tmp_path: Path, artifact: dict[str, Any], content: bytes, reason: str) -> None:
    (tmp_path / "a").write_bytes(content)
    with pytest.raises(ArtifactError, match=reason):
        unpack(artifact, tmp_path / "a", tmp_path / "out")


@pytest.mark.parametrize(
    ("entries", "reason"),
    [
        ([("../x", b"")], "illegal file path: ../x"),
        ([("a/../../x", b"")], "illegal file path"),
        ([("l", "/etc/passwd")], "illegal symlink target: l -> /etc/passwd"),
        ([("d/l", "../../x")], "illegal symlink target"),
        ([("l", "..")], "illegal symlink target"),
        ([("d", None), ("p/q", "../d"), ("q2", "p/q/../../outside"), ("q2/f", b"x")], "resolves outside destination"),
    ],
)
def test_nothing_is_written_outside(tmp_path: Path, entries: list[tuple[str, Any]], reason: str) -> None:
    place = tmp_path / "place"
    place.mkdir()
    (tmp_path / "outside").mkdir()
    with pytest.raises(ArtifactError, match=reason):
        unpack({}, tgz(place / "a", *entries), place / "out")
    assert not (place / "x").exists()
    assert list((tmp_path / "outside").iterdir()) == []
    assert sorted(path.name for path in tmp_path.iterdir()) == ["outside", "place"]


def test_a_file_replaces_a_link_of_its_name(tmp_path: Path) -> None:
    (tmp_path / "place").mkdir()
    archive = tgz(tmp_path / "place" / "a", ("d", None), ("p/q", "../d"), ("f", "p/q/../../victim"), ("f", b"x"))
    (tmp_path / "place" / "victim").write_text("mine")
    unpack({}, archive, tmp_path / "place" / "out")
    assert (tmp_path / "place" / "victim").read_text() == "mine"
    assert (tmp_path / "place" / "out" / "f").read_text() == "x"


def test_an_absolute_name_starts_in_the_target(tmp_path: Path) -> None:
    unpack({}, tgz(tmp_path / "a", ("/etc/passwd", b"x"), ("/b", b"y")), tmp_path / "out")
    assert (tmp_path / "out" / "etc" / "passwd").read_bytes() == b"x"


@given(st.lists(st.sampled_from(["a", "b", "..", "."]), min_size=1), st.sampled_from(["t/x", "t/d/x"]))
def test_a_link_that_is_let_through_stays_inside(target: list[str], name: str) -> None:
    reason = illegal_link(name, "/".join(target))
    landing = posixpath.normpath(posixpath.join("/base", posixpath.dirname(name), *target))
    assert bool(reason) != landing.startswith("/base/")


def test_a_directory_with_a_link_out_of_it_is_not_stored_unpacked(tree: Path) -> None:
    check_links(tree, "tree")
    (tree / "out").symlink_to("../../secret")
    with pytest.raises(ArtifactError, match=r"illegal symlink target: tree/out -> \.\./\.\./secret"):
        check_links(tree, "tree")
