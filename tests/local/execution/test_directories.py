from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from airflow_argo.local.execution.directories import PodDirectory, Spares, make_base, remove, visible_below_tmp


@pytest.fixture
def root() -> Iterator[Path]:
    """A directory that is not below /tmp."""
    root = Path(tempfile.mkdtemp(prefix="argo-test-", dir="/var/tmp"))
    yield root
    shutil.rmtree(root)


def test_pods_are_below_the_root(root):
    assert root in make_base(root).parents


@pytest.mark.parametrize("name", ["with space", "quo'te", "$HOME", "*"])
def test_pods_are_elsewhere_if_a_shell_would_not_take_the_name(root, name):
    base = make_base(root / name)
    assert root not in base.parents
    remove(base)


def test_pods_are_never_below_tmp_where_workers_could_not_see_them():
    base = make_base(Path("/tmp/argo-test"))
    assert Path("/tmp") not in base.parents
    remove(base)


def test_what_killed_servers_left_is_removed_and_nothing_else(root):
    left = root / "pods" / "argo-pods-999999999-abc"
    kept = [root / "pods" / f"argo-pods-{os.getpid()}-abc", root / "pods" / "argo-pods-mine", root / "pods" / "other"]
    for directory in (left, *kept):
        (directory / "root").mkdir(parents=True)
    make_base(root)
    assert not left.exists()
    assert all(directory.exists() for directory in kept)


def test_removing_does_not_follow_links(root):
    precious = root / "precious"
    precious.mkdir()
    (precious / "file").write_text("1")
    pod = PodDirectory(root / "pod", private_tmp=True)
    pod.make()
    (Path(pod.layout.root) / "link").symlink_to(precious)
    locked = Path(pod.layout.root) / "locked"
    locked.mkdir()
    (locked / "link").symlink_to(precious)
    locked.chmod(0)
    remove(pod.path)
    assert not pod.path.exists()
    assert (precious / "file").exists()


@pytest.mark.parametrize(
    ("paths", "visible"),
    [
        (["/usr", "/tmp", "/"], []),
        (["/tmp/a/venv", "/tmp/a", "/tmp/ab", "/usr"], ["/tmp/a", "/tmp/ab"]),
        (["/tmp/a", "/tmp/a"], ["/tmp/a"]),
    ],
)
def test_what_a_private_tmp_would_hide(paths, visible):
    assert visible_below_tmp(paths) == visible


@pytest.fixture
def spares(root) -> Spares:
    model = root / "model"
    model.mkdir()
    return Spares(model)


def made(root: Path) -> PodDirectory:
    pod = PodDirectory(root / "pod", private_tmp=True)
    pod.make()
    return pod


def test_a_directory_that_a_pod_left_as_it_was_is_used_again(root, spares):
    pod = made(root)
    pod.script.write_text("true")
    assert spares.keep(pod.path)
    assert sorted(entry.name for entry in pod.path.iterdir()) == ["root", "tmp"]
    assert spares.take() == pod.path
    assert spares.take() is None


@pytest.mark.parametrize(
    "spoil",
    [
        lambda pod: Path(pod.layout.tmp, "left").write_text("1"),
        lambda pod: Path(pod.layout.root, "left").mkdir(),
        lambda pod: Path(pod.path, "beside").mkdir(),
        lambda pod: Path(pod.layout.tmp).chmod(0o700),
        lambda pod: Path(pod.layout.root).rmdir(),
        lambda pod: (Path(pod.layout.root).rmdir(), Path(pod.layout.root).symlink_to("/var/empty")),
    ],
)
def test_a_directory_in_which_a_pod_has_left_something_is_not(root, spares, spoil):
    pod = made(root)
    spoil(pod)
    assert not spares.keep(pod.path)
    assert spares.take() is None
