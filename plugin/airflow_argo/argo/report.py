"""What a task log says of a workflow that has failed: who, with which item, how, and the last words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from airflow_argo.argo.results import Worker, failed_nodes, shown
from airflow_argo.argo.status import Workflow, message, phase

MAX_WORKERS_NAMED = 10
_MISSING_RESULT = "no such file or directory"


def failed_workers(found: Sequence[Worker]) -> list[Worker]:
    """The workers that failed, in item order; one that was skipped or never ran has not."""
    return [worker for worker in found if worker.failed]


def failure(workflow: Workflow, found: Sequence[Worker], link: str) -> str:
    """The message of the error that fails the task: short enough for an e-mail, complete enough to act on."""
    metadata, failed = workflow["metadata"], failed_workers(found)
    lines = [f"Workflow {metadata['name']} has ended as {phase(workflow)}{_because(message(workflow))}"]
    if failed:
        lines[0] += f": {len(failed)} of {len(found)} workers failed"
        lines += [f"  {describe(worker)}" for worker in failed[:MAX_WORKERS_NAMED]]
        if len(failed) > MAX_WORKERS_NAMED:
            lines.append(f"  … and {len(failed) - MAX_WORKERS_NAMED} more; the XCom 'workers' has them all")
    else:
        lines += [_node_line(node) for node in failed_nodes(workflow)[:MAX_WORKERS_NAMED]]
    lines.append(f"  {link}")
    return "\n".join(lines)


def describe(worker: Worker) -> str:
    """One failed worker in one line."""
    code = "" if worker.exit_code is None else f", exit code {worker.exit_code}"
    tries = f" after {worker.attempts} attempts" if worker.attempts > 1 else ""
    words = worker.message or "without a message"
    if "(exit code 64)" in words and _MISSING_RESULT in words:
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
