from __future__ import annotations

import http.server
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from airflow_argo.local.artifacts.errors import ArtifactError
from airflow_argo.local.artifacts.packing import write_tgz
from airflow_argo.local.artifacts.store import ArtifactStore
from airflow_argo.local.execution.inputs import load_inputs
from airflow_argo.local.execution.paths import Layout


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    for name in ("root", "tmp"):
        (tmp_path / name).mkdir()
    return Layout(root=str(tmp_path / "root"), tmp=str(tmp_path / "tmp"), private_tmp=True)


@pytest.fixture
def store(tmp_path: Path) -> ArtifactStore:
    store = ArtifactStore(tmp_path / "store")
    (tmp_path / "tree" / "sub").mkdir(parents=True)
    (tmp_path / "tree" / "f").write_text("f")
    (tmp_path / "tree" / "sub" / "g").write_text("g")
    store.put_tree(tmp_path / "tree", "tree")
    write_tgz(tmp_path / "tree", "tree", tmp_path / "tree.tgz")
    store.put_file(tmp_path / "tree.tgz", "packed")
    return store


@pytest.fixture
def load(layout: Layout, store: ArtifactStore, tmp_path: Path) -> Any:
    def load(*artifacts: dict[str, Any]) -> None:
        named = [{"name": f"a{number}", **artifact} for number, artifact in enumerate(artifacts)]
        load_inputs({"inputs": {"artifacts": named}}, [layout], store, tmp_path / "staging")

    return load


@pytest.mark.parametrize(
    ("path", "where"),
    [("/tmp/a/b.json", "tmp/a/b.json"), ("/data/in", "root/data/in"), ("/../../../etc/outside", "root/etc/outside")],
)
def test_a_raw_artifact_is_a_file_of_the_pod(load: Any, tmp_path: Path, path: str, where: str) -> None:
    load({"path": path, "raw": {"data": "ü\n"}})
    assert (tmp_path / where).read_text(encoding="utf-8") == "ü\n"
    assert (tmp_path / where).stat().st_mode & 0o777 == 0o666
    assert not (tmp_path / "staging").exists()


def test_a_key_is_looked_up_in_the_store_whatever_it_is_written_as(load: Any, tmp_path: Path) -> None:
    load({"path": "/in/s3", "s3": {"key": "tree/f"}}, {"path": "/in/gcs", "gcs": {"key": "tree/f"}})
    assert (tmp_path / "root/in/s3").read_text() == (tmp_path / "root/in/gcs").read_text() == "f"


@pytest.mark.parametrize("key", ["tree", "packed"])
def test_a_folder_arrives_whole(load: Any, tmp_path: Path, key: str) -> None:
    load({"path": "/in/d/", "s3": {"key": key}})
    assert (tmp_path / "root/in/d/sub/g").read_text() == "g"


def test_one_may_lie_inside_another(load: Any, tmp_path: Path) -> None:
    load({"path": "/in/d/sub/h", "raw": {"data": "h"}}, {"path": "/in/d", "s3": {"key": "packed"}})
    assert sorted(path.name for path in (tmp_path / "root/in/d/sub").iterdir()) == ["g", "h"]


def test_one_may_be_all_of_tmp(load: Any, tmp_path: Path) -> None:
    (tmp_path / "tmp" / "there").write_text("")
    load({"path": "/tmp", "s3": {"key": "packed"}})
    assert sorted(path.name for path in (tmp_path / "tmp").iterdir()) == ["f", "sub", "there"]


def test_each_container_gets_its_own_copy(store: ArtifactStore, tmp_path: Path) -> None:
    layouts = [Layout(str(tmp_path / name), str(tmp_path / name / "t"), private_tmp=True) for name in ("one", "two")]
    artifacts = [
        {"name": "d", "path": "/in/d", "s3": {"key": "packed"}},
        {"name": "f", "path": "/in/d/x", "raw": {"data": "f"}},
    ]
    load_inputs({"inputs": {"artifacts": artifacts}}, layouts, store, tmp_path / "staging")
    (tmp_path / "one/in/d/sub/g").write_text("changed")
    assert (tmp_path / "two/in/d/sub/g").read_text() == "g"
    assert (tmp_path / "one/in/d/x").read_text() == (tmp_path / "two/in/d/x").read_text() == "f"


@pytest.mark.parametrize(
    ("more", "modes"),
    [({"mode": 0o750}, [0o750, 0o644]), ({"mode": 0o750, "recurseMode": True}, [0o750, 0o750])],
)
def test_a_mode_is_that_of_the_path_unless_it_goes_down(
    load: Any, tmp_path: Path, more: dict[str, Any], modes: list[int]
) -> None:
    (tmp_path / "tree" / "f").chmod(0o644)
    load({"path": "/in/d", "s3": {"key": "packed"}, **more})
    found = [(tmp_path / "root/in/d" / name).stat().st_mode & 0o777 for name in (".", "f")]
    assert found == modes


def test_an_optional_one_that_nobody_gave_is_not_there(load: Any, tmp_path: Path) -> None:
    load({"path": "/in/a", "optional": True}, {"path": "/in/b", "optional": True, "s3": {"key": "nothing"}})
    assert not (tmp_path / "root/in/a").exists()
    assert list((tmp_path / "root/in/b").iterdir()) == []  # It is mounted nevertheless; seen on v4.1.2.


@pytest.mark.parametrize(
    ("artifact", "reason"),
    [
        ({"s3": {"key": "nothing"}}, "^artifact a0 failed to load: The specified key does not exist.$"),
        ({}, "^required artifact 'a0' not supplied$"),
        ({"s3": {"key": ""}}, "^required artifact 'a0' not supplied$"),
        ({"path": "", "raw": {"data": ""}}, "^Artifact 'a0' did not specify a path$"),
        ({"path": "/safe/../x", "raw": {"data": ""}}, "Directory traversal is not permitted"),
        ({"s3": {"key": "tree/f"}, "archive": {"tar": {}}}, "^unexpected EOF$"),
        ({"s3": {"endpoint": "e", "bucket": "b", "key": "k"}}, "s3 artifacts are not supported"),
    ],
)
def test_what_cannot_be_had_is_said_in_argos_words(load: Any, artifact: dict[str, Any], reason: str) -> None:
    with pytest.raises(ArtifactError, match=reason):
        load({"path": "/in/a", **artifact})


class _Web(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        content = self.headers.get("X-Word", "none").encode()
        self.send_response({"/missing": 404, "/broken": 503}.get(self.path, 200))
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture(scope="module")
def web() -> Iterator[str]:
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Web) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def test_it_is_fetched_by_http_with_its_headers(load: Any, tmp_path: Path, web: str) -> None:
    load({"path": "/in/page", "http": {"url": f"{web}/x", "headers": [{"name": "X-Word", "value": "hello"}]}})
    assert (tmp_path / "root/in/page").read_text() == "hello"
    assert (tmp_path / "root/in/page").stat().st_mode & 0o777 == 0o666


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("nourl", '^artifact a0 failed to load: Get "nourl": unsupported protocol scheme ""$'),
        ("file:///etc/passwd", 'unsupported protocol scheme "file"'),
        ("http://127.0.0.1:9/x", 'Get "http://127.0.0.1:9/x": dial tcp 127.0.0.1:9: connect: connection refused$'),
    ],
)
def test_an_address_that_nobody_answers_is_an_error(load: Any, url: str, reason: str) -> None:
    with pytest.raises(ArtifactError, match=reason):
        load({"path": "/in/page", "http": {"url": url}})


@pytest.mark.parametrize(
    ("page", "reason"),
    [
        ("/missing", "^artifact a0 failed to load: 404 Not Found$"),
        ("/broken", r"loading content from http://[\d.:]+/broken failed with reason: 503 Service Unavailable"),
    ],
)
def test_an_answer_that_is_none_is_an_error(load: Any, web: str, page: str, reason: str) -> None:
    with pytest.raises(ArtifactError, match=reason):
        load({"path": "/in/page", "http": {"url": web + page}})
