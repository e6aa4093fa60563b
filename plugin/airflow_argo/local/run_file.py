"""``airflow-argo run``: a workflow from its file to its end, on an embedded server of its own."""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.text import Text

from airflow_argo.argo import api, lint, manifest
from airflow_argo.argo.client import ArgoClient, ServerAddress
from airflow_argo.argo.errors import ManifestError
from airflow_argo.argo.lint import Finding
from airflow_argo.argo.lint.decode import decode_workflow
from airflow_argo.argo.manifest_lines import line_of
from airflow_argo.argo.status import SUCCEEDED, Node, Workflow, nodes, phase, pod_name
from airflow_argo.argo.waiting import Observer, pauses
from airflow_argo.local.execution.images import IMAGES
from airflow_argo.local.support import missing
from airflow_argo.local.testing import running_server
from airflow_argo.local.tree_view import lines

NAMESPACE = "argo"
_POLL_SECONDS = 1.0
_COLOURS = {"Succeeded": "green", "Failed": "red", "Error": "red", "Skipped": "dim", "Omitted": "dim"}


def run_file(
    path: str, parameters: Mapping[str, str], *, workers: int | None = None, objects: Path | None = None
) -> int:
    """Run the workflow in a file and print what it did; 0 if it succeeded, 1 if not.

    :param parameters: values for the workflow's parameters.
    :param workers: how many pods run at a time.
    :param objects: a directory with ConfigMaps and Secrets as YAML files.
    :raises ArgoError: for a file or a workflow that cannot be run.
    """
    read = manifest.sanitized(manifest.read(path))
    decode_workflow(read)
    made = _with_a_name(manifest.with_parameters(read, parameters), path)
    _require_clean(made, path)
    console = Console(highlight=False, soft_wrap=True)
    with running_server(workers=workers, objects=objects) as url, ArgoClient(ServerAddress(url)) as client:
        workflow = client.send(api.create_workflow(NAMESPACE, made))
        name = workflow["metadata"]["name"]
        console.print(f"{name} is submitted")
        _wait(client, name, console)
        finished = client.send(api.get_workflow(NAMESPACE, name))
        _show(console, client, finished)
    return 0 if phase(finished) == SUCCEEDED else 1


def _require_clean(made: Mapping[str, Any], path: str) -> None:
    """Refuse what Argo would refuse, and what cannot be run here, each with its line in the file."""
    found, hint = lint.lint(made), ""
    if not found:
        faults = (fault.partition(": ") for fault in missing(made, IMAGES))
        found, hint = [Finding(place, reason) for place, _, reason in faults], "A cluster's Argo runs it."
    if not found:
        return
    text = Path(path).read_text(encoding="utf-8")
    told = sorted((line_of(text, finding.path or finding.message) or 0, str(finding)) for finding in found)
    rows = [f"line {line}: {finding}" if line else finding for line, finding in told]
    if len(rows) == 1:
        raise ManifestError(f"{path}{', ' if told[0][0] else ': '}{rows[0]}", hint=hint)
    raise ManifestError(f"{path} has {len(rows)} faults:" + "".join(f"\n- {row}" for row in rows))


def _with_a_name(made: dict[str, Any], path: str) -> dict[str, Any]:
    metadata = made.get("metadata") or {}
    if metadata.get("name") or metadata.get("generateName"):
        return made
    stem = re.sub(r"[^a-z0-9]+", "-", Path(path).stem.lower()).strip("-")
    return {**made, "metadata": {**metadata, "generateName": f"{stem or 'workflow'}-"}}


def _wait(client: ArgoClient, name: str, console: Console) -> None:
    observer = Observer(counted="pods", tell=console.print)
    rhythm = pauses(_POLL_SECONDS)
    while not observer.seen(client.send(api.workflow_status(NAMESPACE, name))):
        time.sleep(next(rhythm))


def _show(console: Console, client: ArgoClient, workflow: Workflow) -> None:
    every = nodes(workflow)
    logs = _logs(client, workflow)
    for indent, node in lines(every, str(workflow["metadata"]["name"])):
        console.print(_line(indent, node))
        for content in logs.get(pod_name(workflow, node), ()):
            console.print(Text(f"{'  ' * indent}    │ {content}", style="dim"))
    words = (workflow.get("status") or {}).get("message")
    console.print(Text(f"{phase(workflow)}{f': {words}' if words else ''}", style=_COLOURS.get(phase(workflow), "")))


def _logs(client: ArgoClient, workflow: Workflow) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for entry in client.stream(api.workflow_log(NAMESPACE, str(workflow["metadata"]["name"]))):
        found.setdefault(str(entry.get("podName")), []).append(str(entry.get("content") or ""))
    return found


def _line(indent: int, node: Node) -> Text:
    text = Text("  " * indent)
    text.append(f"{node.get('phase') or 'Pending':<10}", style=_COLOURS.get(str(node.get("phase")), ""))
    text.append(f"{node.get('displayName')}  ")
    outputs: Mapping[str, Any] = node.get("outputs") or {}
    given = {item["name"]: item.get("value") for item in outputs.get("parameters") or ()}
    if outputs.get("result") is not None:
        given["result"] = outputs["result"]
    text.append("  ".join(f"{name}={value}" for name, value in given.items()), style="cyan")
    if node.get("message"):
        text.append(f"  {node['message']}", style="yellow")
    return text
