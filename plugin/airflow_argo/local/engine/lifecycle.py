"""The workflow as a whole: its entry template, its hooks, its exit handler, its end."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from airflow_argo.argo.expressions import expr_lang, gojson
from airflow_argo.argo.expressions.errors import ExpressionError
from airflow_argo.local.engine import metadata, nodes
from airflow_argo.local.engine.calls import Call, CallSpec, Failure
from airflow_argo.local.engine.errors import NodeError
from airflow_argo.local.engine.hooks import exit_hook, hook_holder, lifecycle_hooks
from airflow_argo.local.engine.limits import REACHED
from airflow_argo.local.engine.messages import StopPod
from airflow_argo.local.engine.nodes import COMPLETED, UNSUCCESSFUL, Node
from airflow_argo.local.engine.run import Frame
from airflow_argo.local.engine.times import rfc3339

if TYPE_CHECKING:
    from airflow_argo.local.engine.run import Run


def _workflow_phase(root: Node) -> str:
    return "Succeeded" if root["phase"] in ("Skipped", "Omitted") else str(root["phase"])


def mark_workflow(workflow: dict[str, Any], phase: str, message: str, now: float) -> None:
    """Move a workflow to a phase, with the labels, times and conditions that go with it."""
    status, labels = workflow["status"], workflow["metadata"].setdefault("labels", {})
    status["phase"] = labels[metadata.PHASE_LABEL] = phase
    labels.setdefault(metadata.COMPLETED_LABEL, "false")
    if not status.get("startedAt") and phase != "Pending":
        status["startedAt"] = rfc3339(now)
    status.setdefault("finishedAt", None)
    if message:
        status["message"] = message
    else:
        status.pop("message", None)
    if phase in COMPLETED:
        status["finishedAt"] = rfc3339(now)
        labels[metadata.COMPLETED_LABEL] = "true"
        metadata.set_condition(status, "Completed", "True")


class Lifecycle(Frame):
    """The frame around everything else."""

    def __init__(self, run: Run) -> None:
        super().__init__(run, None)
        self._hooks = lifecycle_hooks(run.spec)
        self._hook_calls: dict[str, Call] = {}
        self._entry: Call | None = None
        self._exit: Call | None = None
        self._failure = ""
        self._group_error = ""
        self._over = -1  # The pass that a hook without room has ended: Argo sees at the next one that it failed.
        self._wants_failures = any(
            "workflow.failures" in (hook.get("expression") or "") for hook in self._hooks.values()
        )

    def begin(self) -> None:
        """Call the entry template."""
        arguments = self.run.spec.get("arguments") or {}
        holder = {"template": self.run.spec.get("entrypoint", "")}
        self._entry = self._call(self.run.name, holder, arguments)

    def _call(
        self,
        name: str,
        holder: Mapping[str, Any],
        arguments: Mapping[str, Any],
        *,
        on_exit: bool = False,
        flag: dict[str, bool] | None = None,
        parents: tuple[str, ...] = (),
        is_lifecycle_hook: bool = False,
    ) -> Call:
        spec = CallSpec(
            name=name,
            holder=holder,
            arguments=arguments,
            scope=self.run.templates.local_scope,
            on_exit=on_exit,
            flag=flag,
            parents=parents,
            is_lifecycle_hook=is_lifecycle_hook,
        )
        call = Call(self.run, self, self, spec)
        self.run.post(call, call.begin)
        return call

    def call_changed(self, call: Call) -> None:
        """Nothing: hooks are looked at after every event."""

    def call_ended(self, call: Call, failure: Failure | None) -> None:
        """End with an Error if a template could not be executed."""
        if failure is None:
            return
        if call is self._entry and failure.kind == "group":
            self._group_error = failure.message
        elif call is self._entry:
            self._failure = f"error in entry template execution: {failure.message}"
        elif call is self._exit:
            self._failure = f"error in exit template execution : {failure.message}"
        elif self._entry is not None and self._entry.node is not None:
            self._hook_failed(self._entry.node, failure.message)

    def look(self) -> bool:
        """Start hooks and the exit handler when their time has come, and end the workflow when all is done.

        :return: whether something was started, so that the agenda is not empty any more.
        """
        if self.closed or self._entry is None:
            return False
        if self._failure and not self.run.workers_are_running():
            self._finish("Error", self._failure)
            return False
        # Argo says so only once. Where it has to wait for workers then, it finds an ended root later, and goes on.
        self._failure = ""
        root = self._entry.node
        if root is None:
            return False
        if self._group_error:
            root = {**root, "phase": "Error", "message": self._group_error}
        self._set_status(root)
        if self.run.limits.is_passing and self._start_hooks(root):
            return True
        if not nodes.is_fulfilled(root) or not self._hooks_have_ended() or self._over == self.run.limits.passes:
            return False
        if self._exit is None and self._start_exit():
            return True
        if self._exit is None or nodes.is_fulfilled(self._exit.node):
            self._conclude(root)
        return False

    def note_status(self) -> None:
        """Let what still runs after the entrypoint has ended, the exit handler, see how it ended."""
        root = self._entry.node if self._entry is not None else None
        if root is not None and nodes.is_fulfilled(root):
            self._set_status(root)

    def _set_status(self, root: Node) -> None:
        self.run.variables["workflow.status"] = _workflow_phase(root)
        # Once at the end, unless a hook looks at them: it costs what all nodes cost, and after a stop every pod that
        # ends comes by here.
        if self._wants_failures or (nodes.is_fulfilled(root) and "workflow.failures" not in self.run.variables):
            self.run.variables["workflow.failures"] = (
                '"' + gojson.quote(gojson.struct_dumps(self._failures() or None)) + '"'
            )

    def _failures(self) -> list[dict[str, Any]]:
        rows = []
        for node in self.run.tree.nodes.values():
            if node["phase"] in UNSUCCESSFUL:
                template = nodes.template_name(node)
                rows.append(
                    {
                        "displayName": node["displayName"],
                        "message": node.get("message", ""),
                        "templateName": template,
                        "phase": node["phase"],
                        "podName": nodes.pod_name(self.run.name, node["name"], template),
                        "finishedAt": node.get("finishedAt"),
                    }
                )
        return rows

    def _start_hooks(self, root: Node) -> bool:
        started = 0
        for name, hook in self._hooks.items():
            hook_name = f"{self.run.name}.hooks.{name}"
            if name in self._hook_calls:
                continue
            try:
                due = self._is_due(hook, hook_name)
            except ExpressionError as error:
                self._hook_failed(root, str(error))
                return False
            if due and self.run.tree.get(hook_name) is None and not self.run.limits.has_room("", started):
                self._hook_failed(root, REACHED)
                self._over = self.run.limits.passes
                return False
            if due:
                self._hook_calls[name] = self._call(
                    hook_name,
                    hook_holder(hook),
                    hook.get("arguments") or {},
                    flag={"hooked": True},
                    parents=(root["id"],),
                    is_lifecycle_hook=True,
                )
                started += 1
        return started > 0

    def _hook_failed(self, root: Node, message: str) -> None:
        metadata.note_pods(self.run.status)
        self.run.tree.set_phase(root, "Error", message)
        self._hooks = {}
        if self._entry is not None:
            self._entry.closed = True

    def _is_due(self, hook: Mapping[str, Any], hook_name: str) -> bool:
        if not hook.get("expression"):
            raise NodeError(f"Expression required for hook {hook_name}")
        environment = expr_lang.environment(self.run.variables)
        return self.run.tree.get(hook_name) is not None or expr_lang.evaluate_bool(hook["expression"], environment)

    def _hooks_have_ended(self) -> bool:
        return all(nodes.is_fulfilled(call.node) for call in self._hook_calls.values())

    def _start_exit(self) -> bool:
        hook = exit_hook(self.run.spec, self.run.spec.get("arguments"))
        name = f"{self.run.name}.onExit"
        if hook is None or not (self.run.tree.get(name) is not None or self.run.may_execute(on_exit=True)):
            return False
        flag = {"hooked": True}
        self._exit = self._call(name, hook_holder(hook), hook["arguments"], on_exit=True, flag=flag)
        return True

    def _conclude(self, root: Node) -> None:
        if root.get("daemoned"):
            self.run.daemons.end("")
            metadata.set_condition(self.run.status, "PodRunning", "False")
        phase = _workflow_phase(root)
        message = str(root.get("message", ""))
        if phase in UNSUCCESSFUL and self.run.shutdown:
            message = f"Stopped with strategy '{self.run.shutdown}'"
        handler = self._exit.node if self._exit is not None else None
        if phase == "Succeeded":
            message = ""
            if handler is not None and handler["phase"] in UNSUCCESSFUL:
                phase, message = str(handler["phase"]), str(handler.get("message", ""))
        self._finish(phase, message)

    def _finish(self, phase: str, message: str) -> None:
        if self.run.workers_are_running():
            return
        run = self.run
        root = run.tree.get(run.name)
        if phase == "Error" and root is not None and root["phase"] == "Running":
            run.tree.set_phase(root, "Error", "Workflow operation error")
        run.commands.extend(StopPod(node_id) for node_id in run.pods)
        mark_workflow(run.workflow, phase, message, run.now)
        metadata.set_duration(run.variables, run.status, run.now)
        self.closed = True
