"""What is asked of the two servers, over their REST APIs alone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import requests
from tests.whole_airflow import AirflowApi


@dataclass(frozen=True)
class Task:
    """A task instance as Airflow tells it."""

    run: str
    state: str
    tries: int
    start: str | None
    triggerer: int | None


class ChaosAirflow(AirflowApi):
    """What the faults and the judge ask Airflow."""

    def dags(self) -> set[str]:
        return {dag["dag_id"] for dag in self("GET", "dags?limit=200")["dags"]}

    def import_errors(self) -> list[Any]:
        return list(self("GET", "importErrors")["import_errors"])

    def start(self, dag_id: str, run: str) -> None:
        self("POST", f"dags/{dag_id}/dagRuns", dag_run_id=run, logical_date=None)

    def tasks(self, dag_id: str) -> dict[str, Task]:
        """The one task of each run."""
        found = self("GET", f"dags/{dag_id}/dagRuns/~/taskInstances?limit=500")["task_instances"]
        return {
            each["dag_run_id"]: Task(
                run=each["dag_run_id"],
                state=each["state"] or "none",
                tries=each["try_number"],
                start=each["start_date"],
                triggerer=(each.get("triggerer_job") or {}).get("id"),
            )
            for each in found
        }

    def run_states(self, dag_id: str) -> list[str]:
        """The states of a DAG's runs."""
        return [run["state"] for run in self("GET", f"dags/{dag_id}/dagRuns?limit=500")["dag_runs"]]

    def result(self, dag_id: str, run: str) -> Any:
        """The XCom ``return_value``, None if there is none."""
        path = f"dags/{dag_id}/dagRuns/{run}/taskInstances/work/xcomEntries/return_value?deserialize=true"
        answer = self.session.get(f"{self.url}/api/v2/{path}", timeout=60)
        return answer.json()["value"] if answer.ok else None

    def clear(self, dag_id: str, run: str) -> None:
        body = {"dry_run": False, "dag_run_id": run, "task_ids": ["work"], "only_failed": False}
        self("POST", f"dags/{dag_id}/clearTaskInstances", **body)

    def mark(self, dag_id: str, run: str, state: str) -> None:
        self("PATCH", f"dags/{dag_id}/dagRuns/{run}/taskInstances/work", new_state=state)

    def delete_run(self, dag_id: str, run: str) -> None:
        """A run that goes on cannot be deleted: it is failed first, as Airflow's UI has people do."""
        self("PATCH", f"dags/{dag_id}/dagRuns/{run}", state="failed")
        self("DELETE", f"dags/{dag_id}/dagRuns/{run}")


@dataclass(frozen=True)
class Workflow:
    """A workflow as the server tells it."""

    name: str
    run: str
    phase: str
    shutdown: str

    @property
    def has_ended(self) -> bool:
        return self.phase in ("Succeeded", "Failed", "Error")


class ArgoApi:
    """The Argo Server's REST API, asked directly and not through the proxy."""

    def __init__(self, url: str, token: str) -> None:
        self.url = url
        self._session = requests.Session()
        if token:
            self._session.headers["Authorization"] = f"Bearer {token}"

    def is_there(self) -> bool:
        try:
            return self._session.get(f"{self.url}/api/v1/version", timeout=2).ok
        except requests.RequestException:
            return False

    def workflows(self, dag_id: str) -> list[Workflow]:
        """All workflows of a DAG, oldest first."""
        query = {
            "listOptions.labelSelector": f"airflow-argo/dag_id={dag_id}",
            "fields": "items.metadata.name,items.metadata.creationTimestamp",
        }
        metadata = [item["metadata"] for item in self._get("", query).get("items") or []]
        metadata.sort(key=lambda each: str(each.get("creationTimestamp")))
        return [self.workflow(each["name"]) for each in metadata]

    def workflow(self, name: str) -> Workflow:
        """One of them; a list does not say whether an archived one was told to stop."""
        found = self._get(f"/{name}", {"fields": "metadata.name,metadata.labels,spec.shutdown,status.phase"})
        return Workflow(
            name=name,
            run=found["metadata"]["labels"]["airflow-argo/run_id"],
            phase=(found.get("status") or {}).get("phase", ""),
            shutdown=(found.get("spec") or {}).get("shutdown", ""),
        )

    def _get(self, path: str, query: dict[str, str]) -> Any:
        answer = self._session.get(f"{self.url}/api/v1/workflows/argo{path}", params=query, timeout=30)
        answer.raise_for_status()
        return answer.json()

    def terminate(self, name: str) -> None:
        self._session.put(f"{self.url}/api/v1/workflows/argo/{name}/terminate", json={}, timeout=30)

    def delete(self, dag_id: str) -> None:
        """Delete all workflows of a DAG."""
        for workflow in self.workflows(dag_id):
            self._session.delete(f"{self.url}/api/v1/workflows/argo/{workflow.name}", timeout=30)
