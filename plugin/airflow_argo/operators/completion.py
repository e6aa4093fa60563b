"""From a finished workflow to XComs, and to the message that fails the task."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from airflow.sdk import conf

from airflow_argo.argo import api, results
from airflow_argo.argo.errors import ArgoError, ResultError
from airflow_argo.argo.fan_out import COLLECT
from airflow_argo.argo.report import describe, failed_workers, failure, worker_lines
from airflow_argo.argo.status import SUCCEEDED, phase, pod_name

if TYPE_CHECKING:
    from airflow.sdk import Context

    from airflow_argo.argo.client import ArgoClient
    from airflow_argo.operators.base import ArgoOperator

_PODS_SHOWN = 5
_EXECUTOR_LINES = 20
"""How many lines Argo's executor may write after a worker's own."""
_LOG_BYTES = 256 * 1024


class Completion:
    """One workflow's end, as seen by the task that waited for it."""

    def __init__(self, operator: ArgoOperator, client: ArgoClient, workflow: Mapping[str, Any], namespace: str) -> None:
        self._operator = operator
        self._client = client
        self._workflow = workflow
        self._namespace = namespace
        self._workers = results.workers(workflow, of_fan_out=operator.results_are_json)
        self._results = results.results(self._workers, json_only=operator.results_are_json)

    def push(self, context: Context) -> None:
        """Push ``workers`` (and ``collect``), and on failure the results that there are."""
        rows = [worker.row() for worker in self._workers]
        for row, value in zip(rows, self._results.values, strict=True):
            if self._results.problems and isinstance(value, str):
                row["result"] = value
        context["ti"].xcom_push(key="workers", value=rows)
        if self._has_collect():
            context["ti"].xcom_push(key=COLLECT, value=results.collected(self._workflow))
        if self._operator.do_xcom_push and self.failure() and self._problem_of_size(context) is None:
            context["ti"].xcom_push(key="return_value", value=self._results.values)

    def failure(self) -> str:
        """Why the task fails, empty if the workflow succeeded."""
        if phase(self._workflow) == SUCCEEDED:
            return ""
        return failure(self._workflow, self._workers, self._operator.workflow_link)

    def values(self, context: Context) -> list[Any]:
        """The results in item order.

        :raises ResultError: when one is not what was agreed on, or all of them are too large for Airflow.
        """
        if self._results.problems:
            raise ResultError(
                "\n  ".join(
                    [f"{len(self._results.problems)} workers gave unreadable results", *self._results.problems]
                ),
                hint="Let the worker write JSON into the file of its output parameter 'result'; "
                "what it wrote is in the XCom 'workers'.",
            )
        problem = self._problem_of_size(context)
        if problem is not None:
            raise problem
        return self._results.values

    def show_logs(self) -> None:
        """Write every failed worker and the last log lines of the first ones into the task log."""
        log = self._operator.log
        for worker in failed_workers(self._workers):
            log.error("%s", describe(worker))
        for who, node in results.failed_pods(self._workflow, failed_workers(self._workers))[:_PODS_SHOWN]:
            try:
                lines = self._last_lines(pod_name(self._workflow, node))
            except ArgoError as error:
                lines = [f"(its log cannot be read: {error})"]
            log.error("Last log lines of %s:\n%s", who, "\n".join(f"    {line}" for line in lines))

    def _last_lines(self, pod: str) -> list[str]:
        call = api.workflow_log(
            self._namespace,
            self._workflow["metadata"]["name"],
            pod_name=pod,
            tail_lines=self._operator.log_lines + _EXECUTOR_LINES,
            limit_bytes=_LOG_BYTES,
        )
        return worker_lines(list(self._client.stream(call)), self._operator.log_lines)

    def _has_collect(self) -> bool:
        name = f"{self._workflow['metadata']['name']}.{COLLECT}"
        return any(node.get("name") == name for node in self._workflow.get("status", {}).get("nodes", {}).values())

    def _problem_of_size(self, context: Context) -> ResultError | None:
        count, limit = len(self._results.values), conf.getint("core", "max_map_length")
        if count > limit and next(context["task"].iter_mapped_dependants(), None) is not None:
            return ResultError(
                f"A mapped task depends on these {count} results, and Airflow maps over {limit} at most",
                hint="Raise [core] max_map_length, or use fewer workers; a retry then collects the results again "
                "without running anything.",
            )
        size = len(json.dumps(self._results.values))
        if size > self._operator.max_xcom_bytes and "BaseXCom" in conf.get("core", "xcom_backend"):
            return ResultError(
                f"The results are {size} bytes of JSON, and 'max_xcom_bytes' is {self._operator.max_xcom_bytes}",
                hint="Let the workers write to storage and give an address, or configure an object storage XCom "
                "backend; a retry then collects the results again without running anything.",
            )
        return None
