"""Templates that run as a pod: container, script and their kin."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from airflow_argo.argo.expressions.errors import ExpressionError
from airflow_argo.local.engine import metadata, nodes, outputs, reports
from airflow_argo.local.engine.artifact_repository import with_archive_location
from airflow_argo.local.engine.calls import Body, Failure, Job, Owner, create_node
from airflow_argo.local.engine.errors import NodeError
from airflow_argo.local.engine.memoization import remember
from airflow_argo.local.engine.messages import ContainerChanged, PodReport, StartPod, StopPod
from airflow_argo.local.engine.numbers import whole_number
from airflow_argo.local.engine.pod_labels import check_labels
from airflow_argo.local.engine.pod_patch import patched, patches
from airflow_argo.local.engine.pod_tags import with_left_tags_filled
from airflow_argo.local.engine.retry import end_stopped_above
from airflow_argo.local.engine.run import Frame
from airflow_argo.local.engine.times import epoch, rfc3339, seconds_of
from airflow_argo.local.engine.volumes import volumes_of

if TYPE_CHECKING:
    from airflow_argo.local.engine.run import Run

OVERDUE = "Step exceeded its deadline"


def _least(*limits: float | None) -> float | None:
    return min((limit for limit in limits if limit is not None), default=None)


class PodBody(Body):
    """One pod."""

    kind = "Pod"

    def __init__(self, run: Run, parent: Frame, owner: Owner, job: Job) -> None:
        super().__init__(run, parent, owner, job)
        self._has_begun = False
        self._template: Mapping[str, Any] = job.template

    def begin(self) -> None:
        """Make the node and ask for the worker; after a restart, only of what has not run yet."""
        self.node = create_node(self.run, self.job, self.kind, "Pending")
        if nodes.is_fulfilled(self.node):
            self.end()
            return
        try:
            nodes.chosen_display_name(self.job.template)
        except NodeError as error:  # Argo finds out when it looks at the new node again.
            metadata.note_pods(self.run.status)
            self.end(Failure(str(error)))
            return
        self.run.pods[self.node["id"]] = self
        if not self.node.get("startedAt"):  # A memoized resubmit has made it.
            self.node["startedAt"] = rfc3339(self.run.now)
            self.run.tree.touch(self.node)
        if self.node["phase"] == "Running":
            self._has_begun = True
            return
        if not self.run.may_execute(on_exit=self.job.on_exit):
            self._fail(f"workflow shutdown with strategy: {self.run.shutdown}")
        elif self.run.is_overdue() and not self.job.on_exit:
            metadata.note_pods(self.run.status)
            self._fail(OVERDUE)
        else:
            self._start()

    def _start(self) -> None:
        run = self.run
        pod_name = nodes.pod_name(run.name, self.job.name, nodes.template_name(self.node))
        try:
            own = patched(self.job.template, patches(self.job.template, run.spec, run.variables))
            variables = {**run.variables, "pod.name": pod_name}
            template = with_archive_location(own, run.spec, run.status, variables)
            self._template = template = with_left_tags_filled(template, variables)
            check_labels(pod_name, template, run.spec)
            volumes = volumes_of(template, run.spec, run.status.get("persistentVolumeClaims") or ())
            timeout, pending_timeout = self._deadline_of("timeout"), self._deadline_of("pendingTimeout")
            active_seconds = self._active_seconds(own, timeout)
        except ExpressionError as error:
            self.end(Failure(str(error)))
            return
        if timeout is not None and int(timeout - run.now) <= 1:
            self.end(Failure(f"{self.job.name} exceeded its deadline"))
            return
        for limit in (timeout, pending_timeout):
            if limit is not None:
                run.at(limit, self, self._time_out)
        run.commands.append(
            StartPod(
                node_id=self.node["id"],
                pod_name=pod_name,
                template=template,
                deadline=_least(self._workflow_deadline, self.job.execution_deadline),
                include_result=run.results.wanted(self.job.boundary, self.job.name),
                volumes=volumes,
                active_seconds=active_seconds,
            )
        )
        self._started()
        self.owner.body_changed()

    def _started(self) -> None:
        """Do what else belongs to a pod that has been asked for."""

    def _deadline_of(self, field: str) -> float | None:
        text = self.job.template.get(field)
        try:
            return None if not text else epoch(self.node["startedAt"]) + seconds_of(str(text))
        except NodeError as error:
            raise NodeError(f"invalid timeout format {error}") from None

    def _active_seconds(self, template: Mapping[str, Any], timeout: float | None) -> float | None:
        """Tell how long the pod may run; what counts with Kubernetes counts from its start, however long it waits."""
        if timeout is not None:  # Whatever else there is, as in Argo.
            return timeout - self.run.now
        own = template.get("activeDeadlineSeconds")
        left = None if self._workflow_deadline is None else self._workflow_deadline - self.run.now
        return _least(None if own is None else float(whole_number(own)) or None, left)

    @property
    def _workflow_deadline(self) -> float | None:
        return None if self.job.on_exit else self.run.deadline

    def _time_out(self) -> None:
        if self.node["phase"] != "Pending":
            return
        self.run.commands.append(StopPod(self.node["id"]))
        self.run.tree.set_phase(self.node, "Failed", "timeout")
        self.end(Failure("timeout", "timeout"))

    @property
    def is_unsynced(self) -> bool:
        """Tell whether the worker has begun and its end is not known, although its node may have failed."""
        return self._has_begun

    def started(self) -> None:
        """Note that the worker runs."""
        self._has_begun = True
        if self.node["phase"] == "Pending" and self.job.template.get("daemon"):
            self.run.daemons.began(self.node, self)
            self.end()
        elif self.node["phase"] == "Pending":
            self.run.tree.set_phase(self.node, "Running", "")
            self.run.post(self, self.owner.body_changed)

    def container_changed(self, event: ContainerChanged) -> None:
        """Nothing: only the containers of a set have nodes."""

    def stop(self, message: str) -> None:
        """Stop the worker: the node has failed now, and ends when the worker has."""
        self.run.commands.append(StopPod(self.node["id"]))
        if self.node["phase"] in nodes.ACTIVE:
            self.run.tree.set_phase(self.node, "Failed", message)

    def finished(self, report: PodReport) -> None:
        """Take over how the worker ended."""
        found = reports.outputs(report, self._template)
        if found is not None:
            self.node["outputs"] = found
            self.run.tree.touch(self.node)
            outputs.export(self.run.status, found, self.run.variables)
        if self.node["phase"] in nodes.ACTIVE:
            phase, message = reports.judge(report, self.job.template)
            if phase == "Succeeded" and self.job.template.get("daemon"):
                phase = "Failed"  # A daemon has no end of its own.
            elif phase == "Succeeded":
                phase, message = self._remembered()
            self.run.tree.set_phase(self.node, phase, message)
        self._has_begun = False
        if self.run.shutdown:
            end_stopped_above(self)
        self.end()

    def _remembered(self) -> tuple[str, str]:
        try:
            remember(self.run, self.node)
        except ExpressionError as error:
            return "Error", str(error)
        return "Succeeded", ""

    def _fail(self, message: str) -> None:
        self.run.tree.set_phase(self.node, "Failed", message)
        self.end()

    def end(self, failure: Failure | None = None) -> None:
        """Forget the node and tell its owner."""
        self.run.pods.pop(self.node["id"], None)
        super().end(failure)
