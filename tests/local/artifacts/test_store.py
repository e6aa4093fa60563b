from __future__ import annotations

from pathlib import Path

import pytest

from airflow_argo.local.artifacts.errors import ArtifactError, ArtifactNotFoundError
from airflow_argo.local.artifacts.store import ArtifactStore


@pytest.fixture
def store(tmp_path: Path) -> ArtifactStore:
    return ArtifactStore(tmp_path / "store")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "file"
    path.write_bytes(b"\x00content\xff")
    return path


@pytest.mark.parametrize("key", ["a", "a/b.txt", "a/", "../a", "/a", "a//b", "100%", "ü/世界"])
def test_what_is_stored_is_given_back(store: ArtifactStore, file: Path, tmp_path: Path, key: str) -> None:
    store.put_file(file, key)
    store.get(key, tmp_path / "copy")
    assert (tmp_path / "copy").read_bytes() == file.read_bytes()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["copy", "file", "store"]


def test_the_last_one_wins(store: ArtifactStore, tmp_path: Path, file: Path) -> None:
    store.put_file(file, "k")
    file.write_bytes(b"new")
    store.put_file(file, "k")
    with store.open("k") as found:
        assert found.read() == b"new"


@pytest.mark.parametrize("key", ["nothing", "nothing/below", "", "/", "..", "x" * 300, "\ud800"])
def test_what_is_not_there_is_said_in_the_words_of_s3(
    store: ArtifactStore, tmp_path: Path, file: Path, key: str
) -> None:
    store.put_file(file, "something")
    with pytest.raises(ArtifactNotFoundError, match=r"^The specified key does not exist\.$"):
        store.get(key, tmp_path / "copy")


def test_of_a_directory_its_files_are_kept(store: ArtifactStore, tmp_path: Path) -> None:
    tree = tmp_path / "tree"
    (tree / "sub").mkdir(parents=True)
    (tree / "empty").mkdir()
    (tree / "a").write_text("1")
    (tree / "sub" / "b").write_text("2")
    (tree / "link").symlink_to("/etc/passwd")
    (tree / "links").symlink_to("/etc")
    store.put_tree(tree, "k")
    assert store.keys_below("k") == ["k/a", "k/sub/b"]
    assert store.is_directory("k")
    assert not store.is_directory("k/a")
    store.get("k", tmp_path / "copy")
    assert sorted(path.relative_to(tmp_path / "copy").as_posix() for path in (tmp_path / "copy").rglob("*")) == [
        "a",
        "sub",
        "sub/b",
    ]


def test_a_slash_at_the_end_means_what_is_below(store: ArtifactStore, file: Path) -> None:
    store.put_tree(file.parent, "k/")
    assert store.is_directory("k/")
    assert "k/file" in store.keys_below("k/")


def test_a_directory_cannot_be_opened(store: ArtifactStore, file: Path) -> None:
    store.put_file(file, "d/f")
    with pytest.raises(IsADirectoryError):
        store.open("d")


def test_no_link_in_the_store_is_followed(store: ArtifactStore, file: Path, tmp_path: Path) -> None:
    store.put_file(file, "k")
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "secret").write_text("secret")
    (tmp_path / "store" / "link").symlink_to(tmp_path / "outside")
    (tmp_path / "store" / "file").symlink_to(tmp_path / "outside" / "secret")
    for key in ("link", "link/secret", "file"):
        with pytest.raises(ArtifactNotFoundError):
            store.get(key, tmp_path / "copy")
    with pytest.raises(ArtifactError, match="failed to put file: key link/new"):
        store.put_file(file, "link/new")
    assert [path.name for path in (tmp_path / "outside").iterdir()] == ["secret"]


def test_a_key_cannot_lie_below_a_file(store: ArtifactStore, file: Path) -> None:
    store.put_file(file, "a")
    with pytest.raises(ArtifactError, match="failed to put file: key a/b: "):
        store.put_file(file, "a/b")


def test_what_is_deleted_leaves_nothing(store: ArtifactStore, file: Path, tmp_path: Path) -> None:
    for key in ("wf/pod/a", "wf/pod/d/b", "other"):
        store.put_file(file, key)
    for key in ("wf/pod/a", "wf/pod/d", "never/there"):
        store.delete(key)
    assert store.keys_below("wf") == []
    assert not (tmp_path / "store" / "wf").exists()
    assert (tmp_path / "store" / "other").exists()


def test_all_keys_are_listed_and_nothing_else(store: ArtifactStore, file: Path) -> None:
    assert store.all_keys() == []
    for key in ("b", "a/x", "/c"):
        store.put_file(file, key)
    assert store.all_keys() == ["/c", "a/x", "b"]


@pytest.mark.parametrize(("key", "there"), [("a/x", True), ("a", False), ("a/x/", False), ("b", False)])
def test_a_folder_is_no_key(store: ArtifactStore, file: Path, key: str, there: bool) -> None:
    store.put_file(file, "a/x")
    assert store.has_key(key) is there
