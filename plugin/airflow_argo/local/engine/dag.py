"""DAG templates: tasks that start when what they depend on has ended."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from airflow_argo.argo.expressions.errors import ExpressionError
from airflow_argo.local.engine import nodes
from airflow_argo.local.engine.calls import Body, Failure, Job, Owner, create_node
from airflow_argo.local.engine.dag_logic import DagShape, assess
from airflow_argo.local.engine.dag_task import DagTask
from airflow_argo.local.engine.hooks import Place
from airflow_argo.local.engine.nodes import Node
from airflow_argo.local.engine.outputs import aggregate, check_is_named, export, template_outputs
from airflow_argo.local.engine.run import Frame
from airflow_argo.local.engine.scope import Scope
from airflow_argo.local.engine.steps import continues_on
from airflow_argo.local.engine.substitution import to_json

if TYPE_CHECKING:
    from airflow_argo.local.engine.run import Run


class DagBody(Body):
    """One DAG node."""

    def __init__(self, run: Run, parent: Frame, owner: Owner, job: Job) -> None:
        super().__init__(run, parent, owner, job)
        self.shape = DagShape(job.template)
        self._tasks: dict[str, DagTask] = {}
        self._unmet: dict[str, int] = {}
        self._dependents: dict[str, list[str]] = defaultdict(list)
        self._order = {name: place for place, name in enumerate(self.shape.reachable)}
        self._open = len(self._order)
        self._held = 0

    def place_of(self, task: str) -> Place:
        """Tell where a task runs."""
        job = self.job
        is_target = task in self.shape.targets
        return Place("tasks", job.body_scope, self.node["id"], job.depth, job.on_exit, is_target)

    def begin(self) -> None:
        """Make the node and start the tasks that depend on nothing."""
        self.node = create_node(self.run, self.job, "DAG", "Running")
        if nodes.is_fulfilled(self.node):
            self.end()
            return
        self.run.dags.add(self)
        self.run.limits.declare(self.node["id"], self.job.template, self)
        self.run.daemons.declare(self.node["id"], self, self)
        self.run.results.declare(self.node["id"], "tasks", to_json(self.job.template))
        self.owner.body_changed()
        for name in self.shape.reachable:
            self._unmet[name] = len(self.shape.dependencies[name])
            for dependency in self.shape.dependencies[name]:
                self._dependents[dependency].append(name)
        for name in self.shape.reachable:
            if not self._unmet[name]:
                self._begin_task(name)
        if not self._open:
            self.run.post(self, self._judge_if_done)

    def _begin_task(self, name: str) -> None:
        task = self._tasks[name] = DagTask(self.run, self, self.shape.tasks[name])
        task.order = self._order[name]
        self.run.post(task, task.begin)

    def node_of(self, task: str) -> Node | None:
        """Find the node of a task."""
        return self.run.tree.get(f"{self.job.name}.{task}")

    def parents_of(self, task: str) -> tuple[str, ...]:
        """List the ids of the nodes that a task's node hangs below."""
        dependencies = [node for name in self.shape.dependencies[task] if (node := self.node_of(name)) is not None]
        if not self.shape.dependencies[task]:
            return (self.node["id"],)
        return tuple(last for node in dependencies for last in self.run.tree.outbound(node["id"]))

    def scope_of(self, task: str) -> Scope:
        """Make the variables that a task sees: inputs, exported outputs, and all of its ancestors.

        :raises ExpressionError: if the results of a loop are not JSON, or its template is not found by its name.
        """
        scope = Scope()
        scope.add_inputs(self.job.template)
        scope.add_workflow_outputs(self.run.status.get("outputs"))
        ancestors = self.shape.ancestors(task)
        for name in self.shape.tasks:
            if name in ancestors:
                node = self.node_of(name)
                if node is not None and node["type"] == "TaskGroup":
                    self._check_is_found(node)
                self._add_to_scope(scope, name)
        return scope

    def _check_is_found(self, group: Node) -> None:
        # The name as the task has it: an {{item}} in it was only filled in for the items.
        check_is_named({"inline": not (group.get("templateName") or group.get("templateRef"))})
        named = {"template": group.get("templateName"), "templateRef": group.get("templateRef")}
        self.run.templates.resolve(self.job.body_scope, named)

    def _add_to_scope(self, scope: Scope, name: str) -> None:
        node = self.node_of(name)
        if node is None:
            return
        prefix = f"tasks.{name}"
        if node["type"] == "TaskGroup":
            aggregate(scope, prefix, self.run.tree.children(node))
        scope.add_node(prefix, node, self.run.tree)
        if node.get("outputs") is None and node["phase"] in ("Skipped", "Omitted"):
            template = self._template_of(self.shape.tasks[name])
            if template is not None:
                scope.add_skipped(prefix, node, template, artifacts=False)

    def check_target(self, task: str) -> None:
        """Fail at once, without waiting for the rest, if what a target sees cannot be told."""
        if task in self.shape.targets:
            try:
                self.scope_of(task)
            except ExpressionError as error:
                self.end(Failure(str(error)))

    def _template_of(self, task: Mapping[str, Any]) -> dict[str, Any] | None:
        try:
            return self.run.templates.resolve(self.job.body_scope, task)[1]
        except ExpressionError:
            return None

    def task_ended(self, name: str) -> None:
        """Start what depended on a task, and judge the DAG when it was the last one."""
        self._open -= 1
        if self.has_failed_fast():
            return
        for dependent in self._dependents[name]:
            self._unmet[dependent] -= 1
            if not self._unmet[dependent]:
                self._begin_task(dependent)
        self._judge_if_done()

    def daemon_changed(self) -> None:
        """Judge the DAG again: it stays open while a daemon is tried again."""
        self._judge_if_done()

    def _judge_if_done(self) -> None:
        if not self._open and not self._held:
            self._judge()

    def hold(self) -> None:
        """Stay open until a hook of a loop's item has ended."""
        self._held += 1

    def release(self) -> None:
        """Note that such a hook has ended."""
        self._held -= 1
        self._judge_if_done()

    def has_failed_fast(self) -> bool:
        """Tell whether a child has failed, and ``failFast`` of the template lets nothing follow."""
        return self.run.limits.has_failed_fast(self.node["id"])

    def fail_fast(self) -> None:
        """Fail after a halt; what waited for its turn is seen, by its id, below what it depends on."""
        for task in self._tasks.values():
            task.show_next()
        super().fail_fast()

    def shut_down(self) -> None:
        """Fail at once, as the workflow is stopped; only running exit handlers of targets are waited for."""
        if self.job.on_exit:
            return
        for name in self.shape.targets:
            node = self.node_of(name)
            handler = self.run.tree.get(f"{node['name']}.onExit") if node is not None else None
            if handler is not None and not nodes.is_fulfilled(handler):
                return
        self._fail("Failed")

    def _judge(self) -> None:
        tree = self.run.tree
        targets = {tree.id_of(f"{self.job.name}.{name}"): self.shape.tasks[name] for name in self.shape.targets}
        fail_fast = self.job.template["dag"].get("failFast")
        phase = assess(tree, self.node, targets, continues_on, fail_fast=fail_fast is None or bool(fail_fast))
        if phase in nodes.UNSUCCESSFUL:
            self._fail(phase)
        elif phase == "Succeeded":
            self._succeed()

    def _fail(self, phase: str) -> None:
        self._set_outbound()
        self.run.tree.set_phase(self.node, phase)
        self.end()

    def _succeed(self) -> None:
        scope = Scope()
        scope.add_inputs(self.job.template)
        try:
            for name in self.shape.tasks:
                self._add_to_scope(scope, name)
                export(self.run.status, (self.node_of(name) or {}).get("outputs"), self.run.variables)
            outputs = template_outputs(self.job.template, scope)
        except ExpressionError as error:
            self.end(Failure(str(error)))
            return
        if outputs is not None:
            self.node["outputs"] = outputs
        self._set_outbound()
        self.remember()
        self.run.tree.set_phase(self.node, "Succeeded")
        self.end()

    def _set_outbound(self) -> None:
        made = [node for name in self.shape.targets if (node := self.node_of(name)) is not None]
        self.node["outboundNodes"] = [last for node in made for last in self.run.tree.outbound(node["id"])]
        self.run.tree.touch(self.node)

    def end(self, failure: Failure | None = None) -> None:
        """Close the DAG and tell its owner."""
        self.run.dags.discard(self)
        self.run.daemons.end(self.node["id"])
        super().end(failure)
