"""What a task log says of a workflow that has failed: who, with which item, how, and the last words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from airflow_argo.argo.diagnosis import NO_RESULT, kind_of_failure
from airflow_argo.argo.errors import RetryWithoutEffectError, WorkflowFailedError, WorkflowStoppedError
from airflow_argo.argo.results import Worker, failed_nodes, failed_pods, shown
from airflow_argo.argo.status import POD_TYPES, Workflow, message, nodes, phase, started_at

MAX_WORKERS_NAMED = 10
_LINE_LENGTH = 1000


def failed_workers(found: Sequence[Worker]) -> list[Worker]:
    """The workers that failed, in item order; one that was skipped or never ran has not."""
    return [worker for worker in found if worker.failed]


def failure(workflow: Workflow, found: Sequence[Worker], link: str, logs: Mapping[str, Sequence[str]]) -> str:
    """The message of the error that fails the task: short enough for an e-mail, complete enough to act on.

    :param logs: the last log lines of those whose log was read, by the name that is to stand over them.
    """
    metadata, failed = workflow["metadata"], failed_workers(found)
    lines = [f"Workflow {metadata['name']} has ended as {phase(workflow)}{_because(message(workflow))}"]
    if failed:
        lines[0] += f": {len(failed)} of {len(found)} workers failed"
        lines += [f"  {describe(worker)}" for worker in failed[:MAX_WORKERS_NAMED]]
        if len(failed) > MAX_WORKERS_NAMED:
            lines.append(f"  … and {len(failed) - MAX_WORKERS_NAMED} more; the XCom 'workers' has them all")
    else:
        lines += [_node_line(node) for node in failed_nodes(workflow)[:MAX_WORKERS_NAMED]]
    for who, last in logs.items():
        lines += [f"  last log lines of {who}:", *(f"    {line[:_LINE_LENGTH]}" for line in last or ("(none)",))]
    lines.append(f"  {link}")
    return "\n".join(lines)


def failure_of(
    workflow: Workflow, found: Sequence[Worker], link: str, logs: Mapping[str, Sequence[str]]
) -> WorkflowFailedError:
    """The error that fails the task: its class says why, its message all the rest; see :func:`failure`."""
    words = failure(workflow, found, link, logs)
    pods = [node for _, node in failed_pods(workflow, failed_workers(found))]
    kind = kind_of_failure(workflow, pods)
    if kind is not WorkflowStoppedError and retried_in_vain(workflow):
        return RetryWithoutEffectError(f"{words}\n  Argo's retry has run nothing again")
    return kind(words)


def retried_in_vain(workflow: Workflow) -> bool:
    """Whether Argo retried the workflow and ran nothing: it counts the time anew, and no pod has begun since.

    That is so where all that failed has a dependent that succeeded (seen on v4.1.2).
    """
    started = started_at(workflow)
    pods = [node for node in nodes(workflow).values() if node.get("type") in POD_TYPES]
    begun = [str(node.get("startedAt") or "") for node in pods]
    # Times are whole seconds, of one form, so that they compare as text.
    return bool(started and begun) and max(begun) < started


def describe(worker: Worker) -> str:
    """One failed worker in one line."""
    code = "" if worker.exit_code is None else f", exit code {worker.exit_code}"
    tries = f" after {worker.attempts} attempts" if worker.attempts > 1 else ""
    words = worker.message or "without a message"
    if NO_RESULT.search(words):
        words += " (it wrote no result: the file of an output parameter is missing)"
    return f"{worker}: {worker.node.get('phase')}{tries}{code}: {words}"


def worker_lines(entries: Sequence[Mapping[str, Any]], limit: int) -> list[str]:
    """A worker's own last lines, of the log entries that the server gave.

    Argo's executor writes into the same log, after the worker has ended.
    """
    lines = [str(entry.get("content") or "") for entry in entries]
    return [line for line in lines if " argo=true" not in line][-limit:] if limit > 0 else []


def _because(words: str) -> str:
    return f" ({shown(words)})" if words else ""


def _node_line(node: Mapping[str, Any]) -> str:
    return f"  {node.get('name')}: {node.get('phase')}: {node.get('message') or 'without a message'}"
