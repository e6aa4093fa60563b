"""One workflow from its first step to its last: the engine's entry."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

from airflow_argo.argo.expressions.errors import ExpressionError
from airflow_argo.local.engine import metadata, stopping
from airflow_argo.local.engine.artifact_repository import resolve
from airflow_argo.local.engine.bodies import Bodies
from airflow_argo.local.engine.config_maps import ConfigMapLookup, no_config_map
from airflow_argo.local.engine.errors import NodeError
from airflow_argo.local.engine.gate import Gate
from airflow_argo.local.engine.lifecycle import Lifecycle, mark_workflow
from airflow_argo.local.engine.locks import LockManager
from airflow_argo.local.engine.memoization import CacheStore, NoCache
from airflow_argo.local.engine.merging import joined_specs
from airflow_argo.local.engine.messages import (
    ContainerChanged,
    Event,
    LocksGranted,
    PodEvent,
    PodFinished,
    PodStarted,
    Resume,
    Shutdown,
    Step,
    Suspend,
)
from airflow_argo.local.engine.nodes import COMPLETED
from airflow_argo.local.engine.run import Run
from airflow_argo.local.engine.substitution import filled_spec
from airflow_argo.local.engine.suspend import can_resume
from airflow_argo.local.engine.synchronization import Synchronization, no_limit
from airflow_argo.local.engine.templates import TemplateLookup, Templates
from airflow_argo.local.engine.variables import metadata_variables, start_variables
from airflow_argo.local.engine.volumes import claims


class Execution:
    """Argo's rules for one workflow.

    It decides only: what happens comes in as events, what is to be done goes out as commands. After a restart of the
    server a new one over the same dict takes up where the old one was: ``start`` goes over the nodes that are there,
    asks again for the pods that were still Pending, and expects a ``PodFinished`` for those that were Running.

    :param workflow: Argo's own dict, changed in place; ``status`` may be missing.
    :param templates: looks up a WorkflowTemplate by its name, or a ClusterWorkflowTemplate if the second argument is
        True; None if there is none.
    :param config_map: looks up a ConfigMap by its name.
    :param locks: what it shares with the other workflows of the server; after each step those that ``take_woken`` names
        have to be sent ``LocksGranted``.
    :param cache: where templates are memoized.
    :param has_time: says whether a step may go on; else it is left unfinished. It always gets a little further.
    """

    def __init__(
        self,
        workflow: dict[str, Any],
        *,
        templates: TemplateLookup,
        config_map: ConfigMapLookup = no_config_map,
        locks: LockManager | None = None,
        cache: CacheStore | None = None,
        has_time: Callable[[], bool] = lambda: True,
    ) -> None:
        self.workflow = workflow
        self._status: dict[str, Any] = workflow.setdefault("status", {})
        self._lookup = templates
        self._config_map = config_map
        self._cache = cache or NoCache()
        self._has_time = has_time
        self._locks = Synchronization(workflow, locks or LockManager(no_limit))
        self._run: Run | None = None
        self._lifecycle: Lifecycle | None = None
        self._shown_metadata: tuple[dict[str, str], dict[str, str]] | None = None

    def start(self, now: float) -> Step:
        """Begin, or take up again what a restart has interrupted.

        :param now: seconds since the epoch.
        """
        if self._status.get("phase") in COMPLETED:
            return Step(finished=True)
        try:
            run = self._run = self._prepared(now)
        except ExpressionError as error:
            return self._failed_to_start(error, now)
        return self._enter(run, now)

    def _enter(self, run: Run, now: float) -> Step:
        """Begin when the workflow has its locks."""
        self._set_clock(run, now)
        wanted = run.spec.get("synchronization")
        try:
            waiting = self._locks.request(wanted) if wanted else None
        except ExpressionError as error:
            return self._end_early("Failed", f"Failed to acquire the synchronization lock. {error}", now)
        if waiting is not None:
            if self.workflow["spec"].get("shutdown") == "Terminate":
                return self._end_early("Failed", "Stopped with strategy 'Terminate'", now)
            return self._postpone(waiting.message, now)
        phase = self._status.get("phase")
        if phase == "Pending":
            # Argo has looked at the pods of a workflow that waited, though there were none.
            metadata.set_condition(self._status, "PodRunning", "False")
        if phase in (None, "", "Pending"):
            mark_workflow(self.workflow, "Running", "", now)
            metadata.mark_pod_names(self.workflow)
            if run.spec.get("volumeClaimTemplates"):
                self._status["persistentVolumeClaims"] = claims(run.name, run.spec)
        lifecycle = self._lifecycle = Lifecycle(run)
        run.post(lifecycle, lifecycle.begin)
        stopping.arm_deadline(run, lifecycle)
        return self._go_on()

    def _postpone(self, message: str, now: float) -> Step:
        if self._status.get("phase") in (None, "", "Pending"):
            mark_workflow(self.workflow, "Pending", message, now)
        self._status["progress"] = "0/0"
        self._locks.show()
        return Step()

    def handle(self, event: Event, now: float) -> Step:
        """Take in what has happened.

        :param now: seconds since the epoch; never less than before.
        """
        run = self._run
        if run is None or self._status.get("phase") in COMPLETED:
            return Step(finished=self._status.get("phase") in COMPLETED)
        if self._lifecycle is None:
            if isinstance(event, Shutdown):
                self.workflow["spec"]["shutdown"] = event.strategy
            return self._enter(run, now)
        self._set_clock(run, now)
        if self._lifecycle is not None:
            self._lifecycle.note_status()
        if isinstance(event, LocksGranted):
            return self._go_on()
        before = [dict(condition) for condition in self._status.get("conditions") or ()]
        progress = self._status.get("progress", "0/0")
        metadata.set_condition(self._status, "PodRunning", "True" if isinstance(event, PodStarted) else "False")
        self._take_in(run, event)
        run.limits.begin_pass()
        if not isinstance(event, (PodStarted, PodFinished, ContainerChanged)):
            stopping.notice_changes(run)
        run.retry_stuck()
        run.fire_timers()
        set_by_people = run.tree.set_by_people
        step = self._go_on()
        if not (step.changed - set_by_people or step.finished):
            # Argo finds both whenever it looks, and keeps them only if there is something of its own to be kept.
            self._status["conditions"] = before
            self._status["progress"] = progress
        set_by_people.clear()
        return step

    def go_on(self, now: float) -> Step:
        """Take up a step that was left unfinished.

        :param now: seconds since the epoch.
        """
        if self._run is not None:
            self._set_clock(self._run, now)
        return self._go_on()

    def _prepared(self, now: float) -> Run:
        spec = self._executed_spec()
        metadata.add_template_label(self.workflow)
        variables = start_variables(self.workflow, spec, self._config_map, now)
        without_templates = {key: value for key, value in spec.items() if key != "templates"}
        spec = {**filled_spec(without_templates, variables), "templates": spec.get("templates") or []}
        if not self._status.get("phase"):
            added = metadata.apply(self.workflow, spec, variables)
            variables.update(added)
            # Argo shows all labels in one variable only when it looks again: what has been added is not in there yet.
            self._shown_metadata = self._metadata()
            spec = {**filled_spec({**spec, "templates": []}, added), "templates": spec["templates"]} if added else spec
        if "artifactRepositoryRef" not in self._status:
            namespace = self.workflow["metadata"].get("namespace", "")
            self._status["artifactRepositoryRef"] = resolve(spec, namespace, self._config_map)
        templates = Templates(self.workflow, spec, self._lookup)
        run = Run(self.workflow, spec, variables, templates, self._config_map, Bodies(), self._cache, self._has_time)
        run.gate = Gate(run, self._locks)
        self._set_clock(run, now)
        return run

    def _executed_spec(self) -> dict[str, Any]:
        spec: dict[str, Any] = self.workflow["spec"]
        reference = spec.get("workflowTemplateRef")
        if not reference:
            return copy.deepcopy(spec)
        if "storedWorkflowTemplateSpec" not in self._status:
            found = self._lookup(reference["name"], bool(reference.get("clusterScope")))
            if found is None:
                kind = "clusterworkflowtemplates" if reference.get("clusterScope") else "workflowtemplates"
                raise NodeError(f'{kind}.argoproj.io "{reference["name"]}" not found')
            self._status["storedWorkflowTemplateSpec"] = joined_specs(spec, found.get("spec") or {})
        return copy.deepcopy(self._status["storedWorkflowTemplateSpec"])

    def _failed_to_start(self, error: ExpressionError, now: float) -> Step:
        text = str(error)
        global_parameter = "global parameter" in text
        phase, message = ("Failed", f"failed to set global parameters: {text}") if global_parameter else ("Error", text)
        return self._end_early(phase, message, now)

    def _end_early(self, phase: str, message: str, now: float) -> Step:
        mark_workflow(self.workflow, phase, message, now)
        self._status.setdefault("progress", "0/0")
        self._release()
        return Step(finished=True)

    def _release(self) -> None:
        self._locks.release_all()
        self._locks.show()
        for node in self._status.get("nodes", {}).values():
            if node.pop("synchronizationStatus", None) and self._run is not None:
                self._run.tree.touch(node)

    def _set_clock(self, run: Run, now: float) -> None:
        run.now = run.tree.now = now
        run.variables["workflow.status"] = self._status.get("phase", "")
        metadata.set_duration(run.variables, self._status, now)
        shown = self._metadata()
        if shown != self._shown_metadata:
            self._shown_metadata = shown
            run.variables.update(metadata_variables(self.workflow, run.spec))

    def _metadata(self) -> tuple[dict[str, str], dict[str, str]]:
        entries = self.workflow["metadata"]
        return dict(entries.get("labels") or {}), dict(entries.get("annotations") or {})

    def _take_in(self, run: Run, event: Event) -> None:
        if isinstance(event, (PodStarted, ContainerChanged, PodFinished)):
            self._take_in_of_pod(run, event)
        elif isinstance(event, Shutdown):
            self.workflow["spec"]["shutdown"] = event.strategy
        elif isinstance(event, Suspend):
            self.workflow["spec"]["suspend"] = True
        elif isinstance(event, Resume):
            self.workflow["spec"].pop("suspend", None)
            if all(can_resume(suspended.node) for suspended in run.suspended.values()):
                for suspended in list(run.suspended.values()):
                    suspended.resume()

    def _take_in_of_pod(self, run: Run, event: PodEvent) -> None:
        body = run.pods.get(event.node_id)
        if body is None:
            if isinstance(event, PodFinished):
                run.daemons.finished(event.node_id, event.report)
        elif isinstance(event, PodStarted):
            body.started()
        elif isinstance(event, ContainerChanged):
            body.container_changed(event)
        else:
            body.finished(event.report)

    def _work(self, run: Run, lifecycle: Lifecycle) -> bool:
        while run.drain():
            if not lifecycle.look():
                return True
        return False

    def _go_on(self) -> Step:
        run, lifecycle = self._run, self._lifecycle
        if run is None or lifecycle is None:
            return Step(finished=True)
        done = run.is_suspended or self._work(run, lifecycle)
        if self._status.get("phase") in COMPLETED:
            self._release()
        self._locks.show()
        self._status["progress"] = run.tree.progress()
        step = Step(
            commands=run.commands,
            changed=run.tree.changed,
            wake_at=run.next_timer(),
            finished=self._status.get("phase") in COMPLETED,
            unfinished=not done,
        )
        run.commands, run.tree.changed = [], set()
        if step.finished:
            run.forget()
            self._run = self._lifecycle = None
        return step
