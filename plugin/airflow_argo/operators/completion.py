"""From a finished workflow to XComs, and to the message that fails the task."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from airflow.sdk import conf

from airflow_argo.argo import api, results
from airflow_argo.argo.errors import ArgoError, ResultError, WorkflowFailedError
from airflow_argo.argo.fan_out import COLLECT
from airflow_argo.argo.report import MAX_WORKERS_NAMED, describe, failed_workers, failure_of, worker_lines
from airflow_argo.argo.status import SUCCEEDED, phase, pod_name

if TYPE_CHECKING:
    from airflow.sdk import Context

    from airflow_argo.argo.client import ArgoClient
    from airflow_argo.operators.base import ArgoOperator

_PODS_SHOWN = 5
_EXECUTOR_LINES = 20
"""How many lines Argo's executor may write after a worker's own."""
_LOG_BYTES = 256 * 1024
_LOG_SECONDS = 10.0


class Completion:
    """One workflow's end, as seen by the task that waited for it."""

    def __init__(self, operator: ArgoOperator, workflow: Mapping[str, Any], namespace: str) -> None:
        self._operator = operator
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
        if results.collect_node(self._workflow) is not None:
            context["ti"].xcom_push(key=COLLECT, value=results.collected(self._workflow))
        if self._operator.do_xcom_push and self.failed and self._problem_of_size(context) is None:
            context["ti"].xcom_push(key="return_value", value=self._results.values)

    @property
    def failed(self) -> bool:
        """Whether the workflow did not succeed."""
        return phase(self._workflow) != SUCCEEDED

    def failure(self, log_client: ArgoClient) -> WorkflowFailedError:
        """What the task fails with.

        :param log_client: for the workers' logs, which are worth some seconds and no more than that.
        """
        failed = failed_workers(self._workers)
        for worker in failed[MAX_WORKERS_NAMED:]:
            self._operator.log.error("%s", describe(worker))
        pods = results.failed_pods(self._workflow, failed)[:_PODS_SHOWN] if self._operator.log_lines > 0 else []
        last_words = {who: self._last_lines(log_client, pod_name(self._workflow, node)) for who, node in pods}
        return failure_of(self._workflow, self._workers, self._operator.workflow_link, last_words)

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

    def _last_lines(self, client: ArgoClient, pod: str) -> list[str]:
        call = api.workflow_log(
            self._namespace,
            self._workflow["metadata"]["name"],
            pod_name=pod,
            tail_lines=self._operator.log_lines + _EXECUTOR_LINES,
            limit_bytes=_LOG_BYTES,
        )
        entries: list[Any] = []
        trouble = []
        try:
            # Its end is not waited for: some servers never end it (argo-workflows issue 14366).
            entries.extend(client.stream(call, within=_LOG_SECONDS))
        except ArgoError as error:
            trouble = [f"(no more of its log can be read: {error.message})"]
        return worker_lines(entries, self._operator.log_lines) + trouble

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
