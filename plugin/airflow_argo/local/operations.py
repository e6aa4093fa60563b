"""What people do to workflows that are there: stop, suspend, resume, set, retry and resubmit them."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from airflow_argo.argo.expressions.gojson_fault import fault
from airflow_argo.argo.status import is_finished
from airflow_argo.local.controller import Controller
from airflow_argo.local.engine.errors import NodeError
from airflow_argo.local.engine.interventions import check_resume, resume_nodes, set_nodes
from airflow_argo.local.engine.messages import Shutdown, ShutdownStrategy, Suspend, Tick
from airflow_argo.local.field_selectors import NodeSelector
from airflow_argo.local.refusal import Refusal, invalid
from airflow_argo.local.resubmit import resubmitted
from airflow_argo.local.retry import retried

_PHASES = ("Succeeded", "Failed", "Error", "")
_WAITED = "timed out waiting for the condition: "
# Argo deletes the failed pods between reading the workflow and writing it: a retry that comes meanwhile is a conflict.
_UPDATE_SECONDS = 0.2
# Argo's controller hears a little later of what its server did to a node: who asks at once sees that alone.
_NOTICED_AFTER = 0.25


class Operations:
    """Each is named as Argo's call. All answer the workflow; what follows from them happens later.

    :param clock: seconds since the epoch.
    """

    def __init__(self, controller: Controller, clock: Callable[[], float] = time.time) -> None:
        self._controller = controller
        self._clock = clock

    def shut_down(self, namespace: str, name: str, strategy: ShutdownStrategy) -> dict[str, Any]:
        """Stop or terminate a workflow.

        :raises Refusal: HTTP 404, or 500 if it has ended already.
        """
        workflow = self._controller.find(namespace, name)
        metadata, spec = workflow["metadata"], workflow["spec"]
        if is_finished(workflow):
            where = f'workflow: "{metadata["name"]}", namespace: "{namespace}"'
            raise Refusal("INTERNAL", f"cannot shutdown a completed workflow: {where}")
        if spec.get("shutdown") != strategy:
            spec["shutdown"] = strategy
            self._controller.save(workflow, Shutdown(strategy), spec=True)
        return workflow

    def stop_nodes(self, namespace: str, name: str, selector: str, message: str) -> dict[str, Any]:
        """Let chosen suspended nodes fail.

        :raises Refusal: HTTP 404, or 500 if there is no such node.
        """
        return self._set(namespace, name, selector, phase="Failed", message=message)

    def suspend(self, namespace: str, name: str) -> dict[str, Any]:
        """Start nothing more of a workflow.

        :raises Refusal: HTTP 404, or 400 if it has ended.
        """
        workflow = self._controller.find(namespace, name)
        if is_finished(workflow):
            raise invalid(f"{_WAITED}cannot suspend completed workflows")
        if not workflow["spec"].get("suspend"):
            workflow["spec"]["suspend"] = True
            self._controller.save(workflow, Suspend(), spec=True)
        return workflow

    def resume(self, namespace: str, name: str, selector: str = "") -> dict[str, Any]:
        """Go on with a suspended workflow and all its suspended nodes, or with chosen nodes alone.

        Nothing happens where there is nothing to resume.

        :raises Refusal: HTTP 404, or 500 if an output of a node has no value, or no node is chosen.
        """
        if selector:
            return self._set(namespace, name, selector, phase="Succeeded")
        workflow = self._controller.find(namespace, name)
        if is_finished(workflow):
            return workflow
        try:
            check_resume(workflow)
        except NodeError as error:
            raise Refusal("INTERNAL", f"{_WAITED}{error}") from error
        was_suspended = bool(workflow["spec"].pop("suspend", None))
        resumed = resume_nodes(workflow, self._clock())
        if was_suspended or resumed:
            self._controller.save(workflow, Tick(), resumed, spec=was_suspended, after=_NOTICED_AFTER)
        return workflow

    def set(
        self, namespace: str, name: str, selector: str, *, phase: str = "", message: str = "", outputs: str = ""
    ) -> dict[str, Any]:
        """Set the phase, message or outputs of chosen suspended nodes.

        :param outputs: output parameters as a JSON text, name → value.
        :raises Refusal: HTTP 404, 400 for a phase or outputs that cannot be, 500 where there is nothing to set.
        """
        self._controller.find(namespace, name, nodes=False)
        if phase not in _PHASES:
            raise invalid(f"{phase} is an invalid phase to set to")
        parameters = _parameters(outputs)
        if not selector:
            problem = "'set' currently only targets suspend nodes, use a node field selector to target them"
            raise Refusal("INTERNAL", problem)
        return self._set(namespace, name, selector, phase=phase, message=message, parameters=parameters)

    def _set(
        self,
        namespace: str,
        name: str,
        selector: str,
        *,
        phase: str = "",
        message: str = "",
        parameters: Mapping[str, str] | None = None,
    ) -> dict[str, Any]:
        workflow = self._controller.find(namespace, name)
        chosen = NodeSelector.parse(selector)
        values = {"phase": phase, "message": message}
        try:
            changed = set_nodes(workflow, chosen.matches, selector, self._clock(), **values, parameters=parameters)
        except NodeError as error:
            raise Refusal("INTERNAL", str(error)) from error
        self._controller.save(workflow, Tick(), changed, after=_NOTICED_AFTER)
        return workflow

    async def retry(
        self,
        namespace: str,
        name: str,
        *,
        restart_successful: bool = False,
        selector: str = "",
        parameters: Sequence[str] = (),
    ) -> dict[str, Any]:
        """Run again what has failed of a workflow.

        :raises Refusal: HTTP 404, 400 in a phase that cannot be retried, 409 if somebody else was faster.
        """
        workflow = self._controller.find(namespace, name)
        options: dict[str, Any] = {"restart_successful": restart_successful, "selector": selector}
        again = retried(workflow, self._clock(), **options, parameters=parameters)
        await asyncio.sleep(_UPDATE_SECONDS)
        await self._controller.departures.over(again["metadata"]["uid"])
        self._check_unchanged(namespace, again["metadata"])
        known = {*(workflow["status"].get("nodes") or ()), *again["status"]["nodes"]}
        self._controller.run_again(again, known, after=_NOTICED_AFTER)
        return again

    def _check_unchanged(self, namespace: str, metadata: Mapping[str, Any]) -> None:
        newest = self._controller.find(namespace, metadata["name"], nodes=False)["metadata"]
        if newest["resourceVersion"] != metadata["resourceVersion"]:
            problem = "the object has been modified; please apply your changes to the latest version and try again"
            where = f'Operation cannot be fulfilled on workflows.argoproj.io "{metadata["name"]}"'
            raise Refusal("ALREADY_EXISTS", f"{where}: {problem}")

    def brought_back(
        self,
        archived: dict[str, Any],
        *,
        restart_successful: bool = False,
        selector: str = "",
        parameters: Sequence[str] = (),
    ) -> dict[str, Any]:
        """Run again what has failed of an archived workflow, as a new one of its name.

        :raises Refusal: HTTP 400 in a phase that cannot be retried, 409 if there is one of this name.
        """
        metadata = archived["metadata"]
        try:
            self._controller.check_name(metadata)
        except Refusal as refusal:
            problem = "Workflow already exists on cluster, use argo retry {name} instead"
            raise Refusal("ALREADY_EXISTS", problem) from refusal
        options: dict[str, Any] = {"restart_successful": restart_successful, "selector": selector}
        again = retried(archived, self._clock(), **options, parameters=parameters)
        for key in ("uid", "resourceVersion", "creationTimestamp", "generation"):
            again["metadata"].pop(key, None)
        return self._controller.create(again)

    def resubmit_of(
        self, workflow: dict[str, Any], *, memoized: bool = False, parameters: Sequence[str] = ()
    ) -> dict[str, Any]:
        """Make the manifest of a workflow like another one, to be created.

        :raises Refusal: HTTP 400 if memoized and the other one has not failed.
        """
        return resubmitted(workflow, self._clock(), memoized=memoized, parameters=parameters)


def _parameters(text: str) -> dict[str, str]:
    if not text:
        return {}
    problem = "unable to parse output parameter set request: "
    try:
        found = json.loads(text)
    except ValueError as error:
        raise invalid(f"{problem}{fault(text) or error}") from error
    names = {dict: "object", list: "array", bool: "bool", int: "number", float: "number", str: "string"}
    if not isinstance(found, dict | None):
        kind = names[type(found)]
        raise invalid(f"{problem}json: cannot unmarshal {kind} into Go value of type map[string]string")
    for value in (found or {}).values():
        if not isinstance(value, str | None):
            kind = names[type(value)]
            raise invalid(f"{problem}json: cannot unmarshal {kind} into Go value of type string")
    return {name: value or "" for name, value in (found or {}).items()}
