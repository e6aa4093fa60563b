from __future__ import annotations

import io
import socket
import zipfile
from pathlib import Path
from typing import Any

import pytest

from airflow_argo.local.artifacts.store import ArtifactStore
from airflow_argo.local.execution.artifact_outputs import Leavings, has_outputs, save_outputs
from airflow_argo.local.execution.artifact_paths import clean_path, is_mounted, missing
from airflow_argo.local.execution.paths import Layout


class Pod:
    """A pod that has ended, and what it has left."""

    def __init__(self, path: Path) -> None:
        for name in ("root/out", "tmp"):
            (path / name).mkdir(parents=True)
        self.tmp = path / "tmp"
        self.root = path / "root"
        self.log = path / "pod.log"
        self.store = ArtifactStore(path / "store")
        layout = Layout(root=str(self.root), tmp=str(self.tmp), private_tmp=True)
        self._leavings = Leavings(layout, str(self.root), {"main": self.log}, path / "outputs")

    def save(self, *artifacts: dict[str, Any], logs: bool = False) -> tuple[list[dict[str, Any]], str]:
        location = {"archiveLogs": logs, "s3": {"key": "wf/pod"}}
        template = {"outputs": {"artifacts": list(artifacts)}, "archiveLocation": location}
        return save_outputs(template, self._leavings, self.store)

    def content(self, key: str) -> bytes:
        with self.store.open(key) as file:
            return file.read()


@pytest.fixture
def pod(tmp_path: Path) -> Pod:
    return Pod(tmp_path)


def test_what_is_there_is_stored_under_the_pods_key(pod: Pod) -> None:
    (pod.tmp / "f.txt").write_text("text")
    saved, reason = pod.save(
        {"name": "packed", "path": "/tmp/f.txt"},
        {"name": "plain", "path": "/tmp/f.txt", "archive": {"none": {}}},
        {"name": "zipped", "path": "/tmp/f.txt", "archive": {"zip": {}}},
        {"name": "keyed", "path": "/tmp/f.txt", "archive": {"none": {}}, "s3": {"key": "my/key"}},
    )
    assert reason == ""
    keys = [artifact["s3"]["key"] for artifact in saved]
    assert keys == ["wf/pod/packed.tgz", "wf/pod/f.txt", "wf/pod/zipped.zip", "my/key"]
    assert pod.content("wf/pod/f.txt") == pod.content("my/key") == b"text"


def test_a_folder_is_stored_file_by_file(pod: Pod) -> None:
    (pod.root / "out" / "d").mkdir()
    (pod.root / "out" / "d" / "x").write_text("x")
    saved, _ = pod.save({"name": "a", "path": "/out/d/", "archive": {"none": {}}})
    assert saved == [{"name": "a", "path": "/out/d", "archive": {"none": {}}, "s3": {"key": "wf/pod/d"}}]
    assert pod.store.keys_below("wf/pod/d") == ["wf/pod/d/x"]


def test_what_is_missing_is_an_error_and_the_rest_is_stored_nevertheless(pod: Pod) -> None:
    (pod.tmp / "there").write_text("")
    saved, reason = pod.save(
        {"name": "nothing", "path": "/tmp/nothing"},
        {"name": "never", "path": "/tmp/never/", "optional": True},
        {"name": "there", "path": "/tmp/there"},
        {"name": "also", "path": "/tmp/there/below"},
    )
    assert [artifact["name"] for artifact in saved] == ["there"]
    assert reason == (
        "open /var/run/argo/outputs/artifacts/tmp/nothing.tgz: no such file or directory; "
        "open /var/run/argo/outputs/artifacts/tmp/there/below.tgz: no such file or directory; "
    )


def test_nothing_outside_the_pod_is_stored(pod: Pod, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("secret")
    (pod.tmp / "link").symlink_to("../secret")
    (pod.tmp / "d").mkdir()
    (pod.tmp / "d" / "link").symlink_to("../../secret")
    saved, reason = pod.save(
        {"name": "a", "path": "/tmp/link"},
        {"name": "b", "path": "/tmp/d", "archive": {"none": {}}},
        {"name": "c", "path": "/../secret"},
    )
    assert saved == []
    assert reason.startswith("/tmp/link leads out of the pod's directories; illegal symlink target: d/link -> ")


def test_a_link_inside_the_pod_is_followed(pod: Pod) -> None:
    (pod.tmp / "real").write_text("x")
    (pod.tmp / "link").symlink_to("real")
    saved, _ = pod.save({"name": "a", "path": "/tmp/link", "archive": {"none": {}}})
    assert saved[0]["s3"]["key"] == "wf/pod/link"
    assert pod.content("wf/pod/link") == b"x"


def test_a_socket_is_no_artifact(pod: Pod, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(pod.tmp)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind("s")
    assert pod.save({"name": "a", "path": "/tmp/s"}) == ([], "/tmp/s is not a regular file or directory; ")


@pytest.mark.parametrize("written", [b"a line\n", None])
def test_the_log_is_an_artifact_if_it_is_asked_for(pod: Pod, written: bytes | None) -> None:
    if written is not None:
        pod.log.write_bytes(written)
    saved, reason = pod.save(logs=True)
    assert (saved, reason) == ([{"name": "main-logs", "s3": {"key": "wf/pod/main.log"}}], "")
    assert pod.content("wf/pod/main.log") == (written or b"")


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        ({}, False),
        ({"archiveLocation": {"archiveLogs": False}}, False),
        ({"archiveLocation": {"archiveLogs": True}}, True),
        ({"outputs": {"artifacts": [{"name": "a", "path": "/a"}]}}, True),
    ],
)
def test_most_pods_have_nothing_to_store(template: dict[str, Any], expected: bool) -> None:
    assert has_outputs(template) is expected


@pytest.mark.parametrize(
    ("path", "cleaned"),
    [
        ("/tmp//a/./b/", "/tmp/a/b"),
        ("out.txt", "out.txt"),
        ("/tmp/safe/../safe/x", "/tmp/safe/x"),
        ("//x", "/x"),
        ("/..", "/"),
    ],
)
def test_a_path_is_cleaned(path: str, cleaned: str) -> None:
    assert clean_path({"name": "a", "path": path}) == cleaned


@pytest.mark.parametrize("path", ["/tmp/safe/../other", "/tmp/safe/..", "/tmp/safe/../../etc/passwd", "", "/a\x00b"])
def test_a_path_that_leaves_its_directory_is_refused(pod: Pod, path: str) -> None:
    saved, reason = pod.save({"name": "a", "path": path})
    assert saved == []
    assert reason.startswith("Artifact 'a' ")


VOLUME = {"container": {"volumeMounts": [{"name": "v", "mountPath": "/vol/"}]}}
INPUT = {"inputs": {"artifacts": [{"name": "i", "path": "/in", "s3": {"key": "k"}}]}}
NOT_GIVEN = {"inputs": {"artifacts": [{"name": "i", "path": "/in", "optional": True}]}}


@pytest.mark.parametrize(
    ("template", "path", "expected"),
    [
        (VOLUME, "/vol", True),
        (VOLUME, "/vol/a", True),
        (VOLUME, "/volume/a", False),
        (INPUT, "/in", True),
        (INPUT, "/in/a", True),
        (INPUT, "/into", False),
        (NOT_GIVEN, "/in", False),
        ({}, "/in", False),
    ],
)
def test_what_the_executor_sees_through_a_mount(template: dict[str, Any], path: str, expected: bool) -> None:
    assert is_mounted(template, path) is expected


@pytest.mark.parametrize(
    ("archive", "mounted", "text"),
    [
        (None, False, "open /var/run/argo/outputs/artifacts/d/f.tgz: no such file or directory"),
        ({"none": {}}, False, "open /var/run/argo/outputs/artifacts/d/f.tgz: no such file or directory"),
        (None, True, "stat /mainctrfs/d/f: no such file or directory"),
        ({"zip": {}}, True, "stat /mainctrfs/d/f: no such file or directory"),
        ({"none": {}}, True, "/d/f no such file or directory"),
    ],
)
def test_what_is_missing_is_looked_for_where_it_would_be(archive: Any, mounted: bool, text: str) -> None:
    assert missing({"name": "a", "archive": archive}, "/d/f", mounted=mounted) == text


def test_a_zipped_folder_has_the_artifacts_name_inside(pod: Pod) -> None:
    (pod.tmp / "d").mkdir()
    (pod.tmp / "d" / "x").write_text("x")
    pod.save({"name": "art", "path": "/tmp/d", "archive": {"zip": {}}})
    with zipfile.ZipFile(io.BytesIO(pod.content("wf/pod/art.zip"))) as archive:
        assert archive.namelist() == ["art/x"]
