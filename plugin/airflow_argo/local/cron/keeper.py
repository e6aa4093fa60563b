"""Keeps the CronWorkflows and runs them when they are due."""

from __future__ import annotations

import asyncio
import logging
import time
import uuid
from collections.abc import Callable
from typing import Any

from airflow_argo.argo.expressions.errors import ExpressionError
from airflow_argo.argo.status import is_finished
from airflow_argo.local.admission import Admission
from airflow_argo.local.controller import Controller
from airflow_argo.local.cron import rules
from airflow_argo.local.cron.schedules import ScheduleError
from airflow_argo.local.engine.times import rfc3339
from airflow_argo.local.names import check_metadata, check_namespace, generated
from airflow_argo.local.operations import Operations
from airflow_argo.local.refusal import Refusal, already_exists, invalid, not_found
from airflow_argo.local.store import NameTakenError, Store

log = logging.getLogger(__name__)

KIND = "CronWorkflow"
_RESOURCE = "cronworkflows"
# How often Argo's controller looks after the children: history limits, counters.
_SYNC_SECONDS = 10.0

Key = tuple[str, str]


class CronKeeper:
    """The CronWorkflows of all namespaces.

    :param clock: seconds since the epoch.
    """

    def __init__(
        self, store: Store, controller: Controller, admission: Admission, clock: Callable[[], float] = time.time
    ) -> None:
        self._store = store
        self._controller = controller
        self._admission = admission
        self._operations = Operations(controller, clock)
        self._clock = clock
        self._due: dict[Key, float | None] = {}
        self._changed = asyncio.Event()

    # --- the objects

    @property
    def version(self) -> int:
        """The newest ``resourceVersion``."""
        return self._store.version

    def get(self, namespace: str, name: str) -> dict[str, Any]:
        """One by name.

        :raises Refusal: HTTP 404.
        """
        cron = self._store.get(KIND, namespace, name)
        if cron is None:
            raise not_found(_RESOURCE, name)
        return cron

    def all(self, namespace: str) -> list[dict[str, Any]]:
        """All of a namespace (or of all namespaces, if empty) by name."""
        return self._store.all(KIND, namespace)

    def create(self, namespace: str, checked: dict[str, Any]) -> dict[str, Any]:
        """Store a new, checked one; it runs from now on.

        :raises Refusal: HTTP 400 for bad metadata, 409 if the name is taken.
        """
        metadata = dict(checked["metadata"])
        check_namespace(namespace, metadata)
        check_metadata(KIND, metadata)
        metadata["name"] = metadata.get("name") or generated(metadata["generateName"])
        metadata.update(
            namespace=namespace, uid=str(uuid.uuid4()), creationTimestamp=rfc3339(self._clock()), generation=1
        )
        cron = {"metadata": metadata, "spec": checked["spec"], "status": checked["status"]}
        try:
            self._store.add(KIND, cron)
        except NameTakenError as error:
            raise already_exists(_RESOURCE, metadata["name"]) from error
        self._schedule(cron)
        return cron

    def update(self, namespace: str, checked: dict[str, Any]) -> dict[str, Any]:
        """Replace the one that the new one's own metadata names.

        :raises Refusal: HTTP 400 without a resourceVersion, 404, or 409 if it is not the newest.
        """
        metadata = dict(checked["metadata"])
        name, version = metadata.get("name", ""), metadata.get("resourceVersion")
        old = self.get(namespace, name)["metadata"]
        if not version:
            problem = "metadata.resourceVersion: Invalid value: 0x0: must be specified for an update"
            raise invalid(f'{KIND}.argoproj.io "{name}" is invalid: {problem}')
        if version != old["resourceVersion"]:
            problem = "the object has been modified; please apply your changes to the latest version and try again"
            where = f'Operation cannot be fulfilled on {_RESOURCE}.argoproj.io "{name}"'
            raise Refusal("ALREADY_EXISTS", f"{where}: {problem}")
        metadata.update({key: old[key] for key in ("name", "namespace", "uid", "creationTimestamp", "generation")})
        cron = {"metadata": metadata, "spec": checked["spec"], "status": checked["status"]}
        self._save(cron)
        self._schedule(cron)
        return cron

    def delete(self, namespace: str, name: str) -> None:
        """Forget one, and its workflows with it.

        :raises Refusal: HTTP 404.
        """
        cron = self.get(namespace, name)
        for workflow in self._controller.workflows(namespace):
            if rules.is_child(cron, workflow):
                self._controller.delete(namespace, workflow["metadata"]["name"])
        self._store.delete(KIND, namespace, name)
        self._due.pop((namespace, name), None)

    def set_suspended(self, namespace: str, name: str, suspended: bool) -> dict[str, Any]:
        """Suspend or resume one.

        :raises Refusal: HTTP 404.
        """
        cron = self.get(namespace, name)
        if bool(cron["spec"].get("suspend")) != suspended:
            cron["spec"].pop("suspend", None)
            if suspended:
                cron["spec"]["suspend"] = True
            self._save(cron)
            self._schedule(cron)
        return cron

    # --- running them

    def open(self) -> None:
        """After a start of the server: make up for what was missed, as far as each allows it."""
        now = self._clock()
        for cron in self.all(""):
            missed = rules.missed(cron, now) if self._schedule(cron) else None
            if missed is not None:
                self._run(cron, missed)

    async def work(self) -> None:
        """Run what is due, for ever."""
        while True:
            self._changed.clear()
            if self._due:
                self.sync()
            wake_at = self.look()
            delay = _SYNC_SECONDS if wake_at is None else min(_SYNC_SECONDS, max(0.0, wake_at - self._clock()))
            try:
                await asyncio.wait_for(self._changed.wait(), delay if self._due else None)
            except asyncio.TimeoutError:
                continue

    def look(self) -> float | None:
        """Run what is due by now; tell when the next run is due, in seconds since the epoch."""
        now = self._clock()
        for (namespace, name), due in list(self._due.items()):
            if due is not None and due <= now:
                cron = self.get(namespace, name)
                self._due[namespace, name] = rules.next_due(cron, now)
                self._run(cron, due)
        return min((due for due in self._due.values() if due is not None), default=None)

    def sync(self) -> None:
        """Count the workflows that have ended, and delete those that the history limits do not keep."""
        # Once for all: the store reads each workflow of the namespace.
        workflows: dict[str, list[dict[str, Any]]] = {}
        for cron in self.all(""):
            namespace = cron["metadata"]["namespace"]
            if namespace not in workflows:
                workflows[namespace] = list(self._controller.workflows(namespace))
            children = [workflow for workflow in workflows[namespace] if rules.is_child(cron, workflow)]
            for name in rules.surplus(cron, children):
                self._controller.delete(namespace, name)
            try:
                if rules.reconcile(cron, children):
                    self._save(cron)
            except ExpressionError:
                log.exception("CronWorkflow %s: its stopStrategy cannot be evaluated", cron["metadata"]["name"])

    def _schedule(self, cron: dict[str, Any]) -> bool:
        """Note when it is due; tell whether its schedule can be read."""
        metadata = cron["metadata"]
        try:
            self._due[metadata["namespace"], metadata["name"]] = rules.next_due(cron, self._clock())
        except ScheduleError:
            log.exception("CronWorkflow %s: its schedule cannot be read", metadata["name"])
            return False
        self._changed.set()
        return True

    def _run(self, cron: dict[str, Any], scheduled: float) -> None:
        rules.note_schedule(cron)
        try:
            if rules.stops(cron):
                rules.mark_stopped(cron)
        except ExpressionError as error:
            problem = f"failed to evaluate stop expression: {error}"
            name = cron["metadata"]["name"]
            rules.report(cron, "SpecError", f"failed to check CronWorkflow '{name}' stopping condition: {problem}")
        else:
            self._run_if_allowed(cron, scheduled)
        self._save(cron)

    def _run_if_allowed(self, cron: dict[str, Any], scheduled: float) -> None:
        try:
            if not rules.may_run(cron) or not self._makes_room(cron):
                return
        except ExpressionError as error:
            rules.report(cron, "SubmissionError", f"run policy error: {error}")
            return
        metadata = cron["metadata"]
        manifest = rules.child(cron, scheduled=scheduled, name=f"{metadata['name']}-{int(scheduled)}")
        try:
            workflow = self._admission.checked(manifest, metadata["namespace"], lookup=metadata["namespace"])
            self._admission.admit(workflow, metadata["namespace"])
            created = self._controller.create(workflow)
        except Refusal as refusal:
            if refusal.code != "ALREADY_EXISTS":
                rules.report(cron, "SubmissionError", f"Failed to submit Workflow: {refusal.message}")
            return
        rules.note_run(cron, created, scheduled)

    def _makes_room(self, cron: dict[str, Any]) -> bool:
        active, policy = cron["status"].get("active") or [], cron["spec"].get("concurrencyPolicy")
        if policy == "Forbid":
            return not active
        if policy == "Replace":
            for row in active:
                self._terminate(row["namespace"], row["name"])
        return True

    def _terminate(self, namespace: str, name: str) -> None:
        try:
            if not is_finished(self._controller.find(namespace, name, nodes=False)):
                self._operations.shut_down(namespace, name, "Terminate")
        except Refusal as refusal:
            if refusal.code != "NOT_FOUND":
                raise

    def _save(self, cron: dict[str, Any]) -> None:
        cron["metadata"]["generation"] += 1
        self._store.replace(KIND, cron)
