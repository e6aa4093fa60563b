"""ConfigMaps, Secrets, locks and caches through the whole server, with several workflows."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from airflow_argo.argo.errors import ArgoError
from airflow_argo.local.testing import running_server

Sh = Callable[..., dict[str, Any]]
Connect = Callable[[str], Any]
MUTEX = {"mutexes": [{"name": "m"}]}
HOLDER = {"name": "main", "suspend": {}}
SEMAPHORE = {"semaphores": [{"configMapKeyRef": {"name": "limits", "key": "k"}}]}


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    (tmp_path / "objects").mkdir()
    return tmp_path


@pytest.fixture
def api(directory: Path, connect: Connect) -> Iterator[Any]:
    with running_server(directory, workers=4) as url:
        yield connect(url)


def phase(wanted: str) -> Callable[[dict[str, Any]], bool]:
    return lambda workflow: workflow["status"].get("phase") == wanted


def write(directory: Path, text: str, name: str = "x.yaml") -> None:
    (directory / "objects" / name).write_text(text)


def limits(directory: Path, limit: int) -> None:
    write(directory, f"kind: ConfigMap\nmetadata: {{name: limits}}\ndata: {{k: '{limit}'}}\n", "limits.yaml")


def resume(api: Any, name: str) -> None:
    assert api("PUT", f"/api/v1/workflows/argo/{name}/resume", json={}).status_code == 200


def test_a_secret_reaches_the_worker_and_nothing_else(api: Any, directory: Path, sh: Sh) -> None:
    write(directory, "kind: Secret\nmetadata: {name: s}\nstringData: {p: 'hunter2 $(x)'}\n")
    template = sh('[ ${#P} = 12 ] && [ "$S_p" = "$P" ]', "reader")
    template["container"]["env"] = [{"name": "P", "valueFrom": {"secretKeyRef": {"name": "s", "key": "p"}}}]
    template["container"]["envFrom"] = [{"prefix": "S_", "secretRef": {"name": "s"}}]
    main = {"name": "main", "steps": [[{"name": "read", "template": "reader"}]]}
    api.create("secret", main, template)

    assert api.wait("secret")["status"]["phase"] == "Succeeded"
    kept = [path for path in directory.rglob("*") if path.is_file() and path.parent.name != "objects"]
    assert any(path.name.startswith("argo.db") for path in kept)
    assert not [path for path in kept if b"hunter2" in path.read_bytes()]


def test_what_is_missing_is_named_on_the_node(api: Any, sh: Sh) -> None:
    template = sh("true")
    template["container"]["env"] = [{"name": "P", "valueFrom": {"secretKeyRef": {"name": "nope", "key": "p"}}}]
    api.create("missing", template)

    node = api.wait("missing")["status"]["nodes"]["missing"]
    assert (node["phase"], node["message"]) == ("Error", 'env P: secret "nope" not found')


def test_a_bad_file_is_named_with_its_line(api: Any, directory: Path, sh: Sh) -> None:
    write(directory, "kind: ConfigMap\nmetadata: {name: limits}\ndata: {k: 2}\n")
    api.create("bad-file", sh("true"), synchronization=SEMAPHORE)

    message = api.wait("bad-file")["status"]["message"]
    assert "x.yaml, line 3: ConfigMap 'limits': data.k is no text" in message


def test_workflows_wait_for_one_another_and_a_deleted_one_lets_go(api: Any, sh: Sh) -> None:
    api.create("first", HOLDER, synchronization=MUTEX)
    api.wait("first", phase("Running"))
    api.create("second", sh("true"), synchronization=MUTEX)
    assert api.wait("second", phase("Pending"))["status"]["message"].endswith("Lock status: 0/1")

    api("DELETE", "/api/v1/workflows/argo/first")

    assert api.wait("second")["status"]["phase"] == "Succeeded"


def test_a_limit_that_is_raised_in_its_file_lets_more_in(api: Any, directory: Path, sh: Sh) -> None:
    limits(directory, 1)
    api.create("one", HOLDER, synchronization=SEMAPHORE)
    api.wait("one", phase("Running"))
    api.create("two", sh("true"), synchronization=SEMAPHORE)
    api.wait("two", phase("Pending"))

    limits(directory, 2)

    assert api.wait("two")["status"]["phase"] == "Succeeded"
    resume(api, "one")
    assert api.wait("one")["status"]["phase"] == "Succeeded"


def test_priority_decides_who_is_next(api: Any, sh: Sh) -> None:
    api.create("holder", HOLDER, synchronization=MUTEX)
    api.wait("holder", phase("Running"))
    for name, priority in (("low", 1), ("high", 2)):
        api.create(name, sh("true"), synchronization=MUTEX, priority=priority)
        api.wait(name, phase("Pending"))

    resume(api, "holder")

    high, low = (int(api.wait(name)["metadata"]["resourceVersion"]) for name in ("high", "low"))
    assert high < low


def test_locks_outlive_a_restart(directory: Path, connect: Connect, sh: Sh) -> None:
    with running_server(directory) as url:
        api = connect(url)
        api.create("holder", HOLDER, synchronization=MUTEX)
        api.wait("holder", phase("Running"))
        api.create("waiter", sh("true"), synchronization=MUTEX)
        api.wait("waiter", phase("Pending"))
    with running_server(directory) as url:
        api = connect(url)
        assert api("GET", "/api/v1/workflows/argo/waiter").json()["status"]["phase"] == "Pending"
        resume(api, "holder")
        assert api.wait("waiter")["status"]["phase"] == "Succeeded"


def test_a_cache_is_a_config_map_that_outlives_the_server(directory: Path, connect: Connect, sh: Sh) -> None:
    for name in ("ran", "remembered"):
        with running_server(directory) as url:
            api = connect(url)
            template = sh("true")
            template["memoize"] = {"key": "k", "maxAge": "1h", "cache": {"configMap": {"name": "memo"}}}
            api.create(name, template)
            node = api.wait(name)["status"]["nodes"][name]
        assert node["memoizationStatus"] == {"hit": name == "remembered", "key": "k", "cacheName": "memo"}
    assert [path.name for path in (directory / "objects").iterdir()] == ["memo.yaml"]


def test_locks_in_a_database_are_refused_by_name(api: Any, sh: Sh) -> None:
    template = {**sh("true"), "synchronization": {"mutexes": [{"name": "m", "database": True}]}}
    answer = api.create("database", template)

    assert answer.status_code == 400
    assert "templates.main.synchronization.mutexes[0].database" in answer.json()["message"]


def test_the_objects_may_be_elsewhere(tmp_path: Path, connect: Connect, sh: Sh) -> None:
    elsewhere = tmp_path / "elsewhere"
    with pytest.raises(ArgoError, match="there is no such directory"), running_server(objects=elsewhere):
        pass
    elsewhere.mkdir()
    label = "workflows.argoproj.io/configmap-type: Parameter"
    text = f"kind: ConfigMap\nmetadata: {{name: cm, labels: {{{label}}}}}\ndata: {{k: v}}\n"
    (elsewhere / "cm.yaml").write_text(text)
    parameter = {"name": "p", "valueFrom": {"configMapKeyRef": {"name": "cm", "key": "k"}}}
    with running_server(objects=elsewhere) as url:
        api = connect(url)
        api.create("elsewhere", sh('[ "{{workflow.parameters.p}}" = v ]'), arguments={"parameters": [parameter]})
        assert api.wait("elsewhere")["status"]["phase"] == "Succeeded"
