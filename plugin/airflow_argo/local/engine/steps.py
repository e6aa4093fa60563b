"""Steps templates: groups one after the other, the steps of a group side by side."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

from airflow_argo.argo.expressions.errors import ExpressionError, MissingVariableError
from airflow_argo.local.engine import loops, metadata, nodes
from airflow_argo.local.engine.calls import FAILED_FAST, Body, Failure, Job, Owner, create_node
from airflow_argo.local.engine.conditions import should_execute
from airflow_argo.local.engine.expansion import expanded, resolved
from airflow_argo.local.engine.hooks import Place, exit_hook
from airflow_argo.local.engine.nodes import Node
from airflow_argo.local.engine.outputs import aggregate, check_is_named, export, template_outputs
from airflow_argo.local.engine.run import Frame
from airflow_argo.local.engine.scope import Scope
from airflow_argo.local.engine.slots import Slot, create_skipped
from airflow_argo.local.engine.substitution import to_json

if TYPE_CHECKING:
    from airflow_argo.local.engine.run import Run

_NAMED_STATUS = re.compile(r"""steps(?:\.([^'"\s]+?)|\[\\?['"](.+?)\\?['"]\])\.status""")


class StepsBody(Body):
    """One Steps node."""

    def __init__(self, run: Run, parent: Frame, owner: Owner, job: Job) -> None:
        super().__init__(run, parent, owner, job)
        self.scope = Scope()
        self._groups: list[list[dict[str, Any]]] = job.template["steps"]
        self._ended: list[StepGroup] = []
        self._waits = False

    @property
    def place(self) -> Place:
        """Where its steps run."""
        job = self.job
        return Place("steps", job.body_scope, self.node["id"], job.depth, job.on_exit)

    def begin(self) -> None:
        """Make the node and start the first group."""
        self.node = create_node(self.run, self.job, "Steps", "Running")
        if nodes.is_fulfilled(self.node):
            self.end()
            return
        self.run.limits.declare(self.node["id"], self.job.template, self)
        self.run.daemons.declare(self.node["id"], self, self)
        self.run.results.declare(self.node["id"], "steps", to_json(self.job.template))
        self.scope.add_inputs(self.job.template)
        self.owner.body_changed()
        self.run.post(self, lambda: self._start_group(0))

    def _start_group(self, index: int) -> None:
        if index == len(self._groups):
            self._succeed()
            return
        self.scope.add_workflow_outputs(self.run.status.get("outputs"))
        name = f"{self.job.name}[{index}]"
        node = self.run.tree.create(name, "StepGroup", "Running", scope=self.job.body_scope, boundary=self.node["id"])
        for parent in self._parents(index):
            self.run.tree.add_child(parent, node["id"])
        group = StepGroup(self.run, self, index, node, self._groups[index])
        self.run.post(group, group.begin)

    def _parents(self, index: int) -> list[str]:
        if index == 0:
            return [self.node["id"]]
        before = self.run.tree.id_of(f"{self.job.name}[{index - 1}]")
        children = self.run.tree.nodes[before].get("children", ())
        return [last for child in children for last in self.run.tree.outbound(child)] if children else [before]

    def group_ended(self, group: StepGroup) -> None:
        """Go on with the next group, or fail as this one did."""
        if group.node["phase"] in nodes.UNSUCCESSFUL:
            self._fail(group)
            return
        self._ended.append(group)
        self._waits = any(not ended.is_done() for ended in self._ended)
        if not self._waits:
            self._go_on_after(group)

    def daemon_changed(self) -> None:
        """Look at the groups again that had ended: a daemon of theirs has failed, or is there again."""
        for group in self._ended:
            self._follow(group)
            group.judge_again()
            if group.node["phase"] in nodes.UNSUCCESSFUL:
                self._fail(group)
                return
        if self._waits and all(group.is_done() for group in self._ended):
            self._waits = False
            self._go_on_after(self._ended[-1])

    def exit_failed(self, group: StepGroup) -> None:
        """Fail; to the workflow, if this is its entry, the group's node stands for this one then."""
        if self.job.name == self.run.name and not self.run.workers_are_running():
            self.end(Failure(group.node["message"], "group"))
        else:
            self._fail(group)

    def exit_waits(self, group: StepGroup) -> None:
        """Tell the workflow, if this is its entry: the group's node stands for this one then."""
        run = self.run
        may_end = exit_hook(run.spec, None) is None or run.limits.has_room("")
        if self.job.name == run.name and may_end and not run.workers_are_running():
            self.end(Failure(group.node["message"], "group"))

    def _follow(self, group: StepGroup) -> None:
        """Hang the next group below the last attempt of a daemon."""
        following = self.run.tree.get(f"{self.job.name}[{group.index + 1}]")
        if following is not None:
            for parent in self._parents(group.index + 1):
                self.run.tree.add_child(parent, following["id"])

    def _fail(self, group: StepGroup) -> None:
        self._set_outbound()
        self.run.tree.set_phase(self.node, "Failed", group.node.get("message", ""))
        self.end()

    def _go_on_after(self, group: StepGroup) -> None:
        try:
            for step in group.steps:
                self._add_to_scope(group, step)
        except ExpressionError as error:
            self.end(Failure(str(error)))
            return
        self._start_group(group.index + 1)

    def _add_to_scope(self, group: StepGroup, step: Mapping[str, Any]) -> None:
        prefix, name = f"steps.{step['name']}", f"{group.node['name']}.{step['name']}"
        node = self.run.tree.get(name)
        if node is None:
            items = group.items_of(name)
            if items:
                check_is_named(step)
            aggregate(self.scope, prefix, items)
            self.scope.add_node(prefix, group.node, self.run.tree)
            return
        self.scope.add_node(prefix, node, self.run.tree)
        if node.get("outputs") is None and node["phase"] in ("Skipped", "Omitted"):
            template = self._template_of(step)
            if template is not None:
                self.scope.add_skipped(prefix, node, template, artifacts=True)

    def _template_of(self, step: Mapping[str, Any]) -> dict[str, Any] | None:
        try:
            return self.run.templates.resolve(self.job.body_scope, step)[1]
        except ExpressionError:
            return None

    def _succeed(self) -> None:
        self._set_outbound()
        try:
            outputs = template_outputs(self.job.template, self.scope)
        except ExpressionError as error:
            self.end(Failure(str(error)))
            return
        if outputs is not None:
            self.node["outputs"] = outputs
            export(self.run.status, outputs, self.run.variables)
        self.remember()
        self.run.tree.set_phase(self.node, "Succeeded")
        self.end()

    def fail_fast(self) -> None:
        """Fail after a halt, and with it its last group, be it one further in."""
        last = self.run.tree.last_of_type(self.node, "StepGroup")
        if last is not None and self._is_halted:
            self.run.tree.set_phase(last, "Failed", FAILED_FAST)
        super().fail_fast()

    def end(self, failure: Failure | None = None) -> None:
        """Stop the daemons, close this part and tell its owner."""
        self.run.daemons.end(self.node["id"])
        super().end(failure)

    def _set_outbound(self) -> None:
        tree = self.run.tree
        made = [tree.get(f"{self.job.name}[{index}]") for index in range(len(self._groups))]
        last = next((node for node in reversed(made) if node is not None), None)
        if last is not None:
            self.node["outboundNodes"] = [end for child in last.get("children", ()) for end in tree.outbound(child)]


class StepGroup(Frame):
    """One StepGroup node.

    :param steps: as the template has them, not filled.
    """

    def __init__(self, run: Run, body: StepsBody, index: int, node: Node, steps: list[dict[str, Any]]) -> None:
        super().__init__(run, body)
        self.index = index
        self.node = node
        self.steps = steps
        self._body = body
        self._slots: dict[str, Slot] = {}
        self._open = 0
        self._unstarted = 0
        self._hook_error = ""
        self._exit_error = ""
        self._failed_last = False
        self._waiting: list[Slot] = []

    def begin(self) -> None:
        """Fill the steps, expand their loops, and start them."""
        tree = self.run.tree
        if nodes.is_fulfilled(self.node) and all(nodes.is_fulfilled(child) for child in tree.children(self.node)):
            self._end()
            return
        if nodes.is_fulfilled(self.node):
            tree.set_phase(self.node, "Running")
        try:
            ready = [resolved(step, self._body.scope, self.run.variables, is_task=False) for step in self.steps]
        except MissingVariableError:
            self.run.hold(self, self.begin)
            return
        except ExpressionError as error:
            self._fail(f"failed to resolve references: {error}")
            return
        try:
            steps = [copy for step in ready for copy in self._expanded(step)]
        except ExpressionError as error:
            self._fail(str(error))
            return
        self._start(steps)

    def _expanded(self, step: dict[str, Any]) -> list[dict[str, Any]]:
        if not loops.loops(step):
            return [step]
        copies = list(expanded(step, self._body.scope, self.run.variables, parse_items=False))
        if not copies:
            name = f"{self.node['name']}.{step['name']}"
            create_skipped(self.run, self._body.place, name, step, (self.node["id"],), "Skipped", loops.EMPTY)
        return copies

    def _start(self, steps: list[dict[str, Any]]) -> None:
        slots = [self._slot(step) for step in steps]
        self._open = self._unstarted = len(slots)
        for slot in slots:
            self.run.post(slot, partial(self._start_slot, slot))
        if not slots:
            self._judge()

    def _slot(self, step: dict[str, Any]) -> Slot:
        name = f"{self.node['name']}.{step['name']}"
        slot = Slot(self.run, self, self, self._body.place, name, step, parents=(self.node["id"],), hooks_of=step)
        slot.order = len(self._slots)
        self._slots[slot.run.tree.id_of(name)] = slot
        return slot

    def _start_slot(self, slot: Slot) -> None:
        self._unstarted -= 1
        when = slot.holder.get("when")
        try:
            proceed = should_execute(when)
        except ExpressionError as error:
            slot.skip("Error", str(error))
            self._fail(str(error))
            return
        if proceed:
            slot.begin()
        else:
            slot.skip("Skipped", f"when '{when}' evaluated false")
        if self._hook_error:
            self.run.post(self, self._fail_for_hook)

    def _fail_for_hook(self) -> None:
        # Argo looks at the hooks when it has started all steps, and does not wait for these to end.
        if self._hook_error and not self._unstarted:
            metadata.note_pods(self.run.status)
            self._fail(self._hook_error)

    def slot_scope(self, slot: Slot) -> Scope:
        """Make the variables that a step's hooks see: of its own group too, what stands before it and they name."""
        scope = self._body.scope.copy()
        for match in _NAMED_STATUS.finditer(json.dumps(slot.holder["hooks"]) if slot.holder.get("hooks") else ""):
            name = match[1] or match[2]
            other = self._slots.get(self.run.tree.id_of(f"{self.node['name']}.{name}"))
            if other is not None and other.order < slot.order and other.node is not None:
                scope.set(f"steps.{name}.status", other.node["phase"])
        return scope

    def slot_failed(self, slot: Slot, failure: Failure) -> None:
        """Fail at once: Argo does not wait for the other steps then."""
        if failure.kind == "timeout":
            self.run.tree.set_phase(self.node, "Failed", failure.message)
            self._end()
        elif failure.kind == "hook":
            self._hook_error = failure.message
            self._fail_for_hook()
        elif failure.kind in ("turn", "exit turn"):
            self._put_off(slot, failure)
        elif failure.kind == "exit":
            self._exit_error = self._exit_error or failure.message
            self._failed_last = self._open == 1
        else:
            self._fail(f"step group deemed errored due to child {slot.node_name} error: {failure.message}")

    def _put_off(self, slot: Slot, failure: Failure) -> None:
        """Be an Error while a hook waits for its turn: for good, if no step runs any more when Argo looks again."""
        if not self._waiting:
            self.run.hold(self, self._try_again)
        self._waiting.append(slot)
        self.run.tree.set_phase(self.node, "Error", failure.message)
        if failure.kind == "exit turn":
            self.run.post(self._body, partial(self._body.exit_waits, self))

    def _try_again(self) -> None:
        if not self.run.limits.is_passing:
            self.run.hold(self, self._try_again)
            return
        waiting, self._waiting = self._waiting, []
        if self.is_done():
            self._end()
            return
        self.run.tree.set_phase(self.node, "Running")
        for slot in waiting:
            self.run.post(slot, slot.look_again)

    def slot_ended(self, slot: Slot) -> None:
        """Judge the group when all of its steps have ended."""
        self._open -= 1
        if self._open == 0 and not self.run.limits.has_failed_fast(self._body.node["id"]):
            self._judge()

    def _judge(self) -> None:
        if self._exit_error:
            self.run.tree.set_phase(self.node, "Error", self._exit_error)
            if self._failed_last:
                self.closed = True
                self.run.post(self._body, partial(self._body.exit_failed, self))
            else:
                self._end()
            return
        self.judge_again()
        self._end()

    def judge_again(self) -> None:
        """Succeed, unless a step has failed; run on, if one does."""
        for child in self.run.tree.children(self.node):
            slot = self._slots.get(child["id"])
            if child["phase"] in nodes.UNSUCCESSFUL and not (slot and continues_on(slot.holder, child["phase"])):
                self.run.tree.set_phase(self.node, "Failed", f"child '{child['id']}' failed")
                return
        self.run.tree.set_phase(self.node, "Succeeded" if self.is_done() else "Running")

    def is_done(self) -> bool:
        """Tell whether all steps have ended, or are daemons that do their work."""
        return all(nodes.is_fulfilled(child) for child in self.run.tree.children(self.node))

    def items_of(self, name: str) -> list[Node]:
        """List the nodes of a loop."""
        children = self.run.tree.children(self.node)
        return [node for node in children if node["name"].startswith(f"{name}(") and node["type"] != "Skipped"]

    def _fail(self, message: str) -> None:
        self.run.tree.set_phase(self.node, "Error", message)
        self._end()

    def _end(self) -> None:
        if not self.closed:
            self.closed = True
            self.run.post(self._body, lambda: self._body.group_ended(self))


def continues_on(holder: Mapping[str, Any], phase: str) -> bool:
    """Tell whether ``continueOn`` forgives this phase."""
    forgiven = holder.get("continueOn") or {}
    return bool(forgiven.get("error" if phase == "Error" else "failed"))
