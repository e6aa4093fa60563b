"""``airflow-argo run``: a workflow from its file to its end, on an embedded server of its own."""

from __future__ import annotations

import json
import re
import sys
import time
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.text import Text

from airflow_argo.argo import api, lint, manifest
from airflow_argo.argo.client import ArgoClient, ServerAddress
from airflow_argo.argo.errors import ManifestError
from airflow_argo.argo.lint import Finding
from airflow_argo.argo.lint.decode import decode_workflow
from airflow_argo.argo.manifest_lines import Lines
from airflow_argo.argo.status import SUCCEEDED, Node, Workflow, is_finished, message, phase, pod_name
from airflow_argo.argo.view.tree import lines
from airflow_argo.argo.waiting import pauses
from airflow_argo.local import terminal
from airflow_argo.local.execution.images import IMAGES, ImageTable
from airflow_argo.local.interruption import Interruption, interruptions
from airflow_argo.local.run_view import LineView, LiveView
from airflow_argo.local.support import missing
from airflow_argo.local.terminal import PHASE_COLOURS, harmless, logged
from airflow_argo.local.testing import running_server

NAMESPACE = "argo"
_POLL_SECONDS = 0.5
# A workflow of thousands of nodes is asked for less often than a small one.
_PAUSE_PER_ANSWER = 4


@dataclass(frozen=True)
class RunOptions:
    """How a workflow is run.

    :param parameters: values for the workflow's parameters.
    :param workers: how many pods run at a time.
    :param objects: a directory with ConfigMaps and Secrets as YAML files.
    :param directory: where the server keeps the workflow, its logs and artifacts; None forgets them.
    :param as_json: whether standard output gets the finished workflow as JSON and nothing else.
    """

    parameters: Mapping[str, str]
    workers: int | None = None
    objects: Path | None = None
    directory: Path | None = None
    as_json: bool = False


def run_file(path: str, options: RunOptions) -> int:
    """Run the workflow in a file and print what it does.

    :returns: 0 if it succeeded, 1 if not, 128 and the signal's number if one has stopped it.
    :raises ArgoError: for a file or a workflow that cannot be run.
    """
    read = manifest.sanitized(manifest.read(Path(path)))
    _require_readable(read, path)
    made = _with_a_name(manifest.with_parameters(read, options.parameters), path)
    _require_clean(made, path, options.directory)
    console = terminal.stderr() if options.as_json else terminal.stdout()
    with ExitStack() as stack:
        server = running_server(options.directory, workers=options.workers, objects=options.objects)
        client = stack.enter_context(ArgoClient(ServerAddress(stack.enter_context(server))))
        asked = stack.enter_context(interruptions())
        workflow = client.send(api.create_workflow(NAMESPACE, made))
        name = workflow["metadata"]["name"]
        console.print(f"{name} is submitted")
        with LiveView(console) if terminal.is_live(console) else LineView(console) as view:
            finished = _followed(client, name, view, asked)
        if options.as_json:
            console.print(_end(finished))
            json.dump(finished, sys.stdout, indent=2)
            print()
        else:
            _show(console, client, finished)
    return asked.status or (0 if phase(finished) == SUCCEEDED else 1)


def _require_readable(read: Mapping[str, Any], path: str) -> None:
    """Refuse what Go cannot decode: only what has Argo's types can be given parameters."""
    try:
        decode_workflow(read)
    except ManifestError:
        _refuse(lint.lint(read), path)
        raise


def _require_clean(made: Mapping[str, Any], path: str, directory: Path | None) -> None:
    """Refuse what Argo would refuse, and what cannot be run here, each with its line in the file."""
    found, hint = lint.lint(made), ""
    if not found:
        images = ImageTable(directory / "images.yaml") if directory else IMAGES
        faults = (fault.partition(": ") for fault in missing(made, images))
        found, hint = [Finding(place, reason) for place, _, reason in faults], "A cluster's Argo runs it."
    _refuse(found, path, hint)


def _refuse(found: list[Finding], path: str, hint: str = "") -> None:
    if not found:
        return
    lines = Lines(Path(path).read_text(encoding="utf-8"))
    told = sorted((lines.of(finding.path or finding.message) or 0, str(finding)) for finding in found)
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


def _followed(client: ArgoClient, name: str, view: LineView | LiveView, asked: Interruption) -> Workflow:
    """Show the workflow until it has ended, and stop it where that is asked for."""
    stopped, rhythm = False, pauses(_POLL_SECONDS)
    while True:
        if asked.status and not stopped:
            stopped = True
            view.say("Stopping the workflow; once more Ctrl-C leaves it at once.")
            client.send(api.stop_workflow(NAMESPACE, name))
        begun = time.monotonic()
        workflow = client.send(api.get_workflow(NAMESPACE, name))
        view.show(workflow)
        if is_finished(workflow):
            return workflow
        time.sleep(max(next(rhythm), _PAUSE_PER_ANSWER * (time.monotonic() - begun)))


def _show(console: Console, client: ArgoClient, workflow: Workflow) -> None:
    logs = _logs(client, workflow)
    bar = "│" if terminal.writes_unicode(console.file) else "|"
    for indent, node in lines(workflow):
        console.print(_line(indent, node))
        for content in logs.get(pod_name(workflow, node), ()):
            console.print(Text(f"{'  ' * indent}    {bar} ", style="dim") + logged(content, style="dim"))
    console.print(_end(workflow))


def _end(workflow: Workflow) -> Text:
    words = message(workflow)
    told = f"{phase(workflow)}{f': {harmless(words)}' if words else ''}"
    return Text(told, style=PHASE_COLOURS.get(phase(workflow), ""))


def _logs(client: ArgoClient, workflow: Workflow) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for entry in client.stream(api.workflow_log(NAMESPACE, str(workflow["metadata"]["name"]))):
        found.setdefault(str(entry.get("podName")), []).append(str(entry.get("content") or ""))
    return found


def _line(indent: int, node: Node) -> Text:
    text = Text("  " * indent)
    text.append(f"{node.get('phase') or 'Pending':<10}", style=PHASE_COLOURS.get(str(node.get("phase")), ""))
    text.append(f"{harmless(node.get('displayName'))}  ")
    outputs: Mapping[str, Any] = node.get("outputs") or {}
    given = {item["name"]: item["value"] for item in outputs.get("parameters") or () if "value" in item}
    if outputs.get("result") is not None:
        given["result"] = outputs["result"]
    text.append("  ".join(f"{name}={harmless(value)}" for name, value in given.items()), style="cyan")
    if node.get("message"):
        text.append(f"  {harmless(node['message'])}", style="yellow")
    return text
