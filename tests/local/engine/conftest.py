"""A world of pods for the engine: no processes, and a clock that only moves when it is told to."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Mapping
from typing import Any

import pytest
import yaml

from airflow_argo.local.engine import Execution
from airflow_argo.local.engine.messages import (
    Event,
    PodFinished,
    PodReport,
    PodStarted,
    StartPod,
    Step,
    StopPod,
    Tick,
)

NAME = "wf"
START = 1_700_000_000.0

WORK = {
    "name": "work",
    "inputs": {"parameters": [{"name": "value", "default": "x"}]},
    "container": {"image": "busybox", "command": ["echo"], "args": ["{{inputs.parameters.value}}"]},
    "outputs": {"parameters": [{"name": "out", "valueFrom": {"path": "/tmp/out"}}]},
}

Worker = Callable[[StartPod], PodReport]


def succeed(pod: StartPod) -> PodReport:
    """A worker whose outputs are all called after its pod's first argument."""
    parameters = (pod.template.get("outputs") or {}).get("parameters") or []
    said = " ".join(map(str, (pod.template.get("container") or {}).get("args") or ["done"]))
    values = {parameter["name"]: said for parameter in parameters}
    return PodReport(exit_code=0, parameters=values, result=said if pod.include_result else None)


class World:
    """One workflow, the pods it has asked for, and a clock."""

    def __init__(self, spec: Mapping[str, Any], worker: Worker = succeed, **metadata: Any) -> None:
        self.workflow: dict[str, Any] = {
            "metadata": {"name": NAME, "namespace": "argo", "uid": "uid-1", **metadata},
            "spec": copy.deepcopy(dict(spec)),
        }
        self.templates: dict[tuple[str, bool], dict[str, Any]] = {}
        self.shared: dict[str, Any] = {}
        self.worker = worker
        self.now = START
        self.waiting: dict[str, StartPod] = {}
        self.running: dict[str, StartPod] = {}
        self.stopped: set[str] = set()
        self.started: list[str] = []
        self.step = Step()
        self.most_at_once = 0
        self.execution = self._new_execution()

    def _new_execution(self) -> Execution:
        lookup = lambda name, cluster: self.templates.get((name, cluster))  # noqa: E731
        return Execution(self.workflow, templates=lookup, **self.shared)

    def share(self, **shared: Any) -> World:
        """Give the execution what it has in common with others: ``locks``, ``cache``, ``config_map``."""
        self.shared.update(shared)
        self.execution = self._new_execution()
        return self

    def start(self) -> World:
        self._take(self.execution.start(self.now))
        return self

    def restart(self) -> World:
        """Lose the server's memory, but not the workflow, nor the pods that run."""
        self.workflow = json.loads(json.dumps(self.workflow))
        self.execution = self._new_execution()
        return self.start()

    def tell(self, event: Event) -> World:
        self._take(self.execution.handle(event, self.now))
        return self

    def _take(self, step: Step) -> None:
        self.step = step
        for command in step.commands:
            if isinstance(command, StartPod):
                self.waiting[command.node_id] = command
                if self.name_of(command.node_id) not in self.started:
                    self.started.append(self.name_of(command.node_id))
            elif isinstance(command, StopPod):
                self.stopped.add(command.node_id)
        self.most_at_once = max(self.most_at_once, len(self.waiting) + len(self.running))

    def turn(self) -> bool:
        """Let one thing happen: a stopped pod ends, a pod starts, the oldest pod ends, or time passes."""
        self.now += 0.25
        for node_id in sorted(self.stopped):
            self.stopped.discard(node_id)
            known = self.running.pop(node_id, None) or self.waiting.pop(node_id, None)
            if known is not None:
                self.tell(PodFinished(node_id, PodReport(exit_code=143)))
                return True
        if self.waiting:
            node_id = next(iter(self.waiting))
            self.running[node_id] = self.waiting.pop(node_id)
            self.tell(PodStarted(node_id))
        elif self.running:
            node_id = next(iter(self.running))
            self.tell(PodFinished(node_id, self.worker(self.running.pop(node_id))))
        elif self.step.wake_at is not None:
            self.now = max(self.now, self.step.wake_at)
            self.tell(Tick())
        else:
            return False
        return True

    def run(self, turns: int = 10_000) -> World:
        """Go on until nothing happens any more."""
        if "phase" not in self.workflow.get("status", {}):
            self.start()
        for _ in range(turns):
            if self.step.finished or not self.turn():
                break
        return self

    def run_until(self, holds: Callable[[], bool]) -> World:
        """Go on until something is so."""
        self.start()
        while not holds():
            assert self.turn(), "nothing happens any more"
        return self

    @property
    def status(self) -> dict[str, Any]:
        return dict(self.workflow["status"])

    @property
    def phase(self) -> str:
        return str(self.status["phase"])

    @property
    def message(self) -> str:
        return str(self.status.get("message", ""))

    def name_of(self, node_id: str) -> str:
        name = str(self.workflow["metadata"]["name"])
        return str(self.status["nodes"][node_id]["name"]).removeprefix(name).removeprefix(".")

    @property
    def nodes(self) -> dict[str, dict[str, Any]]:
        """The nodes by their name without the workflow's; the root is ``""``."""
        return {self.name_of(node_id): node for node_id, node in self.status["nodes"].items()}

    @property
    def phases(self) -> dict[str, str]:
        return {name: node["phase"] for name, node in self.nodes.items()}

    def children(self, name: str) -> list[str]:
        return sorted(self.name_of(child) for child in self.nodes[name].get("children", ()))

    def outputs(self, name: str) -> dict[str, Any]:
        rows = (self.nodes[name].get("outputs") or {}).get("parameters") or ()
        return {row["name"]: row.get("value") for row in rows}

    def inputs(self, name: str) -> dict[str, Any]:
        rows = (self.nodes[name].get("inputs") or {}).get("parameters") or ()
        return {row["name"]: row.get("value") for row in rows}


@pytest.fixture
def world() -> Callable[..., World]:
    """Make the world of one workflow, whose spec is given as YAML.

    The template ``work`` needs not be defined: a container with an input ``value`` and an output ``out``.
    """

    def make(spec: str, worker: Worker = succeed, **metadata: Any) -> World:
        manifest = yaml.safe_load(spec)
        manifest.setdefault("entrypoint", "main")
        manifest.setdefault("templates", []).append(copy.deepcopy(WORK))
        return World(manifest, worker, **metadata)

    return make


@pytest.fixture
def failing() -> Callable[..., Worker]:
    """Make a worker that exits with 1 where its argument is one of these."""

    def make(*values: str, report: PodReport | None = None) -> Worker:
        def work(pod: StartPod) -> PodReport:
            said = (pod.template["container"].get("args") or [""])[0]
            return (report or PodReport(exit_code=1)) if said in values else succeed(pod)

        return work

    return make
