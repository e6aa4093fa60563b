"""What the tab's endpoints let whom see and do; against Airflow's own rules and database."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from tests.whole_airflow import wait_for

from airflow_argo.argo import api
from airflow_argo.argo.client import ArgoClient, ServerAddress
from airflow_argo.argo.fan_out import fan_out
from airflow_argo.argo.status import ARCHIVING_LABEL, is_finished
from airflow_argo.local.testing import running_server

FAILING = {
    "container": {"image": "alpine", "command": ["sh", "-c"], "args": ["echo no route; [ -e /tmp/never ] || exit 3"]}
}
OWN = {"X-Argo-Tab": "1"}


class Viewer:
    """Somebody who is logged in to Airflow, in a browser."""

    def __init__(self, http: Any, rows: Any) -> None:
        self._http = http
        self._rows = rows

    def __call__(self, path: str, task_id: str, *, method: str = "GET", **more: Any) -> Any:
        dag, index = more.pop("dag", self._rows.dag_id), more.pop("index", -1)
        base = f"/api/dags/{dag}/runs/{quote(self._rows.run_id)}/tasks/{task_id}/{index}"
        return self._http.request(method, f"{base}/{path}", **more)


@pytest.fixture(scope="module")
def make_viewer(rows: Any) -> Iterator[Callable[[str | None], Viewer]]:
    """Viewers by role; None: not logged in."""
    from airflow.api_fastapi.app import init_auth_manager
    from airflow.api_fastapi.auth.managers.simple.user import SimpleAuthManagerUser
    from fastapi.testclient import TestClient

    from airflow_argo.ui.web import make_app

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AIRFLOW__API_AUTH__JWT_SECRET", "a-secret-of-the-tests-that-is-long-enough-for-hs512-" * 2)
        manager = init_auth_manager()
        with TestClient(make_app()) as http:

            def make(role: str | None) -> Viewer:
                http.cookies.clear()
                if role:
                    user = SimpleAuthManagerUser(username=f"the-{role}", role=role)
                    http.cookies.set("_token", manager.generate_jwt(user))
                return Viewer(http, rows)

            yield make


@pytest.fixture
def viewer(make_viewer: Callable[[str | None], Viewer]) -> Callable[[str | None], Viewer]:
    return make_viewer


@pytest.fixture
def user(viewer: Callable[[str | None], Viewer]) -> Viewer:
    return viewer("user")


@pytest.fixture(autouse=True)
def _connections(
    argo_url: str, stand_in: Any, connection_json: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    places = {"ARGO_DEFAULT": argo_url, "ARGO_STAND_IN": stand_in.url, "ARGO_AWAY": "http://127.0.0.1:9"}
    for name, url in places.items():
        monkeypatch.setenv(f"AIRFLOW_CONN_{name}", connection_json(url, password="the-secret-token"))


@pytest.fixture
def given(stand_in: Any, rows: Any) -> Callable[..., dict[str, Any]]:
    """A workflow of a task, on the stand-in."""

    def give(task_id: str, name: str, owner: str | None = None, **more: Any) -> dict[str, Any]:
        node = {
            "id": "n",
            "name": f"{name}.worker(0:x)",
            "displayName": "worker(0:x)",
            "type": "Pod",
            "phase": "Running",
            "boundaryID": name,
            "templateName": "worker",
            "startedAt": "2026-01-01T00:00:00Z",
        }
        root = {"id": name, "name": name, "type": "DAG", "phase": "Running"}
        workflow = {
            "metadata": {
                "name": name,
                "namespace": "argo",
                "uid": f"uid-{name}",
                "resourceVersion": "1",
                "annotations": rows.owner(owner or task_id),
            },
            "spec": {"entrypoint": "fan-out", "templates": [{"name": "worker"}]},
            "status": {"phase": "Running", "nodes": {name: root, "n": node}},
        }
        rows.record(task_id, workflow, "argo_stand_in", **more)
        return dict(stand_in.put(workflow))

    return give


@pytest.fixture
def failed(argo_url: str, rows: Any) -> str:
    """The name of a workflow of the task ``bad`` that has failed, on the embedded server."""
    name = f"bad-{time.monotonic_ns()}"
    manifest = {**fan_out(worker=FAILING, items=["x"]), "metadata": {"name": name, "annotations": rows.owner("bad")}}
    with ArgoClient(ServerAddress(argo_url)) as client:
        client.send(api.create_workflow("argo", manifest))
        until = time.monotonic() + 30
        while not is_finished(workflow := client.send(api.get_workflow("argo", name))):
            assert time.monotonic() < until
    rows.record("bad", workflow)
    return name


def test_a_task_without_a_workflow_says_so(user: Viewer) -> None:
    answer = user("state", "none")
    assert answer.status_code == 200
    assert answer.json()["phase"] is None
    assert "Nothing yet" in answer.json()["why"]


def test_a_workflow_is_shown(user: Viewer, given: Callable[..., Any]) -> None:
    given("good", "good-1")
    answer = user("state", "good").json()
    assert (answer["name"], answer["phase"], answer["counts"]) == ("good-1", "Running", {"Running": 1})
    assert answer["link"] == "http://argo.example/workflows/argo/good-1?uid=uid-good-1"
    assert answer["actions"] == ["stop"]
    assert [node[2] for node in user("tree", "good").json()["nodes"]] == ["good-1", "worker(0:x)"]


def test_a_workflow_of_a_paused_dag_is_shown(user: Viewer, given: Callable[..., Any], rows: Any) -> None:
    from airflow.models.dag import DagModel
    from airflow.utils.session import create_session

    def pause(is_paused: bool) -> None:
        with create_session() as session:
            session.get(DagModel, rows.dag_id).is_paused = is_paused

    given("good", "good-paused")
    pause(True)
    try:
        answer = user("state", "good").json()
    finally:
        pause(False)
    assert (answer["name"], answer["actions"]) == ("good-paused", ["stop"])


def test_a_mapped_task_has_a_workflow_for_each_index(user: Viewer, given: Callable[..., Any], rows: Any) -> None:
    for index in (0, 1):
        workflow = given("mapped", f"mapped-{index}", map_index=index)
        workflow["metadata"]["annotations"] = rows.owner("mapped", index)
    assert [user("state", "mapped", index=index).json()["name"] for index in (0, 1)] == ["mapped-0", "mapped-1"]


@pytest.mark.parametrize(
    ("method", "path"), [("GET", "state"), ("GET", "tree"), ("GET", "log?node=n"), ("POST", "retry"), ("POST", "stop")]
)
def test_who_is_not_logged_in_sees_and_does_nothing(
    viewer: Callable[[str | None], Viewer], method: str, path: str
) -> None:
    assert viewer(None)(path, "bad", method=method, headers=OWN).status_code == 401


def test_a_viewer_sees_and_cannot_act(viewer: Callable[[str | None], Viewer], failed: str) -> None:
    vera = viewer("viewer")
    answer = vera("state", "bad").json()
    assert answer["name"] == failed
    assert (answer["can_act"], answer["actions"]) == (False, [])
    assert vera("retry", "bad", method="POST", headers=OWN).status_code == 403
    assert vera("stop", "bad", method="POST", headers=OWN).status_code == 403


@pytest.mark.parametrize(
    ("task_id", "more"), [("nobody", {}), ("bad", {"dag": "no_such_dag"}), ("bad", {"index": 7}), ("mapped", {})]
)
def test_what_is_not_there_is_404(user: Viewer, task_id: str, more: dict[str, Any]) -> None:
    assert user("state", task_id, **more).status_code == 404


@pytest.mark.parametrize("headers", [{}, {"X-Argo-Tab": "0"}, {**OWN, "Sec-Fetch-Site": "same-site"}])
def test_a_write_of_a_foreign_page_is_refused(user: Viewer, failed: str, headers: dict[str, str]) -> None:
    assert user("retry", "bad", method="POST", headers=headers).status_code == 403
    assert user("state", "bad").json()["phase"] == "Failed"


def test_reading_changes_nothing(user: Viewer, failed: str) -> None:
    assert user("retry", "bad", headers=OWN).status_code == 405


def test_the_log_of_a_failed_worker_is_read_and_it_is_retried(user: Viewer, failed: str) -> None:
    (worker,) = user("state", "bad").json()["workers"]
    assert worker[2] == "Failed"
    assert user(f"log?node={worker[9]}", "bad").json()["lines"] == ["no route"]

    answer = user("retry", "bad", method="POST", headers={**OWN, "Sec-Fetch-Site": "same-origin"})

    assert answer.json() == {"done": "Retrying 1 failed worker"}


def test_what_does_not_fit_is_a_conflict_in_words(user: Viewer, failed: str) -> None:
    answer = user("stop", "bad", method="POST", headers=OWN)
    assert answer.status_code == 409
    assert "The workflow is Failed: there is nothing to stop" in answer.json()["detail"]


def test_a_server_that_is_away_is_told_in_words_without_the_token(user: Viewer, rows: Any) -> None:
    rows.record("away", {"metadata": {"name": "w", "uid": "u"}}, "argo_away")
    answer = user("state", "away")
    assert answer.status_code == 502
    assert "cannot be reached" in answer.json()["detail"]
    assert "the-secret-token" not in answer.text


def test_argos_own_words_reach_the_viewer(user: Viewer, given: Callable[..., Any], stand_in: Any) -> None:
    given("away", "away-2")
    stand_in.failing = "etcd is on holiday"
    answer = user("state", "away")
    assert answer.status_code == 502
    assert "etcd is on holiday" in answer.json()["detail"]


def test_a_deleted_workflow_is_404_in_argos_words(user: Viewer, given: Callable[..., Any], stand_in: Any) -> None:
    given("spare", "spare-1")
    del stand_in.workflows["spare-1"]
    answer = user("state", "spare")
    assert answer.status_code == 404
    assert "not found" in answer.json()["detail"]


def test_a_record_that_names_another_tasks_workflow_shows_nothing_of_it(
    user: Viewer, given: Callable[..., Any]
) -> None:
    given("foreign", "of-another", owner="good")
    for path in ("state", "tree", "log?node=n"):
        answer = user(path, "foreign")
        assert answer.status_code == 404
        assert "does not belong to this task instance" in answer.json()["detail"]
    assert user("stop", "foreign", method="POST", headers=OWN).status_code == 404


def test_an_archived_workflow_is_shown_and_offers_nothing(
    user: Viewer,
    rows: Any,
    tmp_path: Path,
    connection_json: Callable[..., str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with running_server(tmp_path) as url, ArgoClient(ServerAddress(url)) as client:
        monkeypatch.setenv("AIRFLOW_CONN_ARGO_ARCHIVE", connection_json(url))
        manifest = fan_out(worker=FAILING, items=["x"])
        manifest["metadata"] = {"name": "old", "annotations": rows.owner("bad")}
        rows.record("bad", client.send(api.create_workflow("argo", manifest)), "argo_archive")

        def archiving() -> str:
            return str(client.send(api.get_workflow("argo", "old"))["metadata"].get("labels", {}).get(ARCHIVING_LABEL))

        wait_for("its archiving", 30, lambda: archiving() == "Archived")
        assert user("state", "bad").json()["actions"] == ["retry"]

        client.send(api.delete_workflow("argo", "old"))

        wait_for("the archived one", 30, lambda: user("state", "bad").json()["archived"])
        answer = user("state", "bad").json()
        (worker,) = answer["workers"]
        assert (answer["phase"], answer["actions"], worker[2]) == ("Failed", [], "Failed")
        assert user("tree", "bad").json()["nodes"]
        assert user(f"log?node={worker[9]}", "bad").json() == {"lines": [], "truncated": False}
        refused = user("retry", "bad", method="POST", headers=OWN)
        assert (refused.status_code, "archive" in refused.text) == (409, True)


@pytest.mark.parametrize("record", [{"name": "x", "uid": "u"}, {"conn_id": 7, "uid": [], "name": {}}, {"uid": None}])
def test_a_record_that_is_none_is_no_fault(user: Viewer, rows: Any, record: dict[str, Any]) -> None:
    from airflow.models.xcom import XComModel

    XComModel.set(key="workflow", value=record, dag_id=rows.dag_id, task_id="spare", run_id=rows.run_id)
    answer = user("state", "spare")
    assert answer.status_code == 200
    assert "Run the task again" in answer.json()["why"]


def test_many_viewers_cost_argo_one_request(user: Viewer, given: Callable[..., Any], stand_in: Any) -> None:
    given("good", "good-2")
    for search in "abcdefghij":
        assert user(f"state?search={search}", "good").status_code == 200
    assert len(stand_in.asked) == 1


@pytest.mark.parametrize("query", ["sort=nothing", "offset=x", "limit=-1"])
def test_a_question_that_makes_no_sense_is_400_by_name(user: Viewer, given: Callable[..., Any], query: str) -> None:
    given("good", "good-3")
    answer = user(f"state?{query}", "good")
    assert answer.status_code == 400
    assert query.partition("=")[0] in answer.json()["detail"]


def test_half_a_surrogate_pair_breaks_nothing(user: Viewer, given: Callable[..., Any]) -> None:
    workflow = given("hostile", "hostile-1")
    workflow["status"]["nodes"]["n"]["message"] = "\ud800 </script>"
    assert user("state", "hostile").json()["workers"][0][7] == "\ud800 </script>"


@pytest.mark.parametrize("name", ["tab.js", "view.js", "view.css"])
def test_the_files_are_such_that_browsers_run_them(viewer: Callable[[str | None], Viewer], name: str) -> None:
    answer = viewer(None)._http.get(f"/static/{name}")
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith(("text/javascript", "text/css"))
    assert answer.headers["cache-control"] == "no-cache"


@pytest.mark.parametrize("name", ["..%2Fassets.py", "nothing.js", "__init__.py"])
def test_no_other_files_are_given(viewer: Callable[[str | None], Viewer], name: str) -> None:
    assert viewer(None)._http.get(f"/static/{name}").status_code == 404


def test_the_plugin_costs_task_processes_no_web_framework() -> None:
    script = (
        "import sys, airflow_argo.ui.plugin as plugin, json;"
        "app = plugin.ArgoPlugin.react_apps[0];"
        "print(json.dumps(['fastapi' in sys.modules, 'starlette' in sys.modules, app['name'], app['bundle_url']]))"
    )
    answer = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    fastapi, starlette, name, url = json.loads(answer.stdout.splitlines()[-1])
    assert (fastapi, starlette, name) == (False, False, "Argo")
    assert url.startswith("argo-ui/static/tab.js?v=")
