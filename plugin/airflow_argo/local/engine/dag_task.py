"""One task of a DAG, with its loop and its hooks."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterator
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING, Any

from airflow_argo.argo.expressions.errors import ExpressionError, MissingVariableError
from airflow_argo.local.engine import loops, nodes
from airflow_argo.local.engine.calls import Failure
from airflow_argo.local.engine.conditions import should_execute
from airflow_argo.local.engine.expansion import expanded, resolved
from airflow_argo.local.engine.hooks import NodeHooks, exit_hook
from airflow_argo.local.engine.nodes import Node
from airflow_argo.local.engine.run import Frame
from airflow_argo.local.engine.scope import Scope
from airflow_argo.local.engine.slots import Slot, create_skipped

if TYPE_CHECKING:
    from airflow_argo.local.engine.dag import DagBody
    from airflow_argo.local.engine.run import Run

_AT_A_TIME = 100


class DagTask(Frame):
    """A task whose dependencies have ended.

    :param task: as the template has it, filled with the template's inputs only.
    """

    def __init__(self, run: Run, dag: DagBody, task: dict[str, Any]) -> None:
        super().__init__(run, dag)
        self.name: str = task["name"]
        self._task = task
        self.dag = dag
        self.place = dag.place_of(self.name)
        self._node_name = f"{dag.job.name}.{self.name}"
        self._group: Node | None = None
        self._slots: list[Slot] = []
        self._open = 0
        self._started = 0
        self._halted = False
        self._held_back: list[Slot] = []
        self._hooks: NodeHooks | None = None
        self._scope: Scope | None = None
        self._exits: _LoopExits | None = None

    @property
    def barrier(self) -> NodeHooks | None:
        """The hooks."""
        return self._hooks

    def begin(self) -> None:
        """Run, or say why not."""
        node = self.run.tree.get(self._node_name)
        if node is not None and nodes.is_fulfilled(node):
            self._watch_hooks(self._task)
            self._look()
            self._finish()
            return
        try:
            if node is None and not self.dag.shape.holds(self.name, self.dag.node_of, self.run.tree):
                self._skip("Omitted", "omitted: depends condition not met")
                return
            self._scope = self.dag.scope_of(self.name)
            task = resolved(self._task, self._scope, self.run.variables, is_task=True)
        except MissingVariableError:
            self.run.hold(self, self.begin)
        except ExpressionError as error:
            self._skip("Error", str(error))
        else:
            if loops.loops(task):
                copies = expanded(task, self.hook_scope(), self.run.variables, parse_items=True)
                self._expand(task, copies, [])
            else:
                self._run(task, None)

    def _expand(self, task: dict[str, Any], copies: Iterator[dict[str, Any]], made: list[dict[str, Any]]) -> None:
        """Make the copies of a loop, some at a time; none of them starts before all are made."""
        before = len(made)
        try:
            made += islice(copies, _AT_A_TIME)
        except ExpressionError as error:
            self._skip("Error", str(error))
        else:
            if len(made) < before + _AT_A_TIME:
                self._run(task, made)
            else:
                self.run.post(self, partial(self._expand, task, copies, made))

    def _run(self, task: dict[str, Any], copies: list[dict[str, Any]] | None) -> None:
        parents = self.dag.parents_of(self.name)
        if copies is None:
            self._start([task], parents)
        elif not copies:
            self._skip("Skipped", loops.EMPTY)
        else:
            place = self.place
            self._group = self.run.tree.create(
                self._node_name, "TaskGroup", "Running", scope=place.scope, boundary=place.boundary, holder=self._task
            )
            for parent in parents:
                self.run.tree.add_child(parent, self._group["id"])
            self._watch_hooks(self._task)
            if exit_hook(self._task, self.run.spec.get("arguments")) is not None:
                self._exits = _LoopExits(self)
            self._start(copies, (self._group["id"],))
            self.run.post(self, self._look)

    def _start(self, tasks: list[dict[str, Any]], parents: tuple[str, ...]) -> None:
        hooks_of = self._task if self._group is None else None
        for order, task in enumerate(tasks):
            name = f"{self.dag.job.name}.{task['name']}"
            slot = Slot(self.run, self, self, self.place, name, task, parents=parents, hooks_of=hooks_of)
            slot.order = order
            self._slots.append(slot)
        self._open = len(self._slots)
        for slot in self._slots:
            self.run.post(slot, partial(self._start_slot, slot))

    def _start_slot(self, slot: Slot) -> None:
        if self._halted:
            self._held_back.append(slot)
            return
        self._started += 1
        when = slot.holder.get("when")
        try:
            proceed = slot.node is not None or should_execute(when)
        except ExpressionError as error:
            slot.skip("Error", str(error))
            return
        if proceed:
            slot.begin()
        else:
            slot.skip("Skipped", f"when '{when}' evaluated false")

    def show_next(self) -> None:
        """Hang the first of those that wait for their turn below its parents: Argo does, though it has no node."""
        for slot in self._slots:
            if slot.node is None:
                slot.show()
                return

    def _skip(self, phase: str, message: str) -> None:
        parents = self.dag.parents_of(self.name)
        create_skipped(self.run, self.place, self._node_name, self._task, parents, phase, message)
        self._watch_hooks(self._task)
        self._look()
        self.dag.check_target(self.name)
        self._finish()

    def hook_scope(self) -> Scope:
        """Make the variables that hooks see."""
        if self._scope is None:
            self._scope = self.dag.scope_of(self.name)
        return self._scope.copy()

    def slot_scope(self, slot: Slot) -> Scope:
        """Make the variables that the hooks of a slot see."""
        return self.hook_scope()

    def slot_failed(self, slot: Slot, failure: Failure) -> None:
        """Let the node say that its template could not be executed."""
        node = slot.node
        if node is None:
            return
        if failure.kind == "timeout":
            self.run.tree.set_phase(node, "Failed", failure.message)
        elif failure.kind == "hook":
            self._fail_for_hook(node, failure.message)
        elif failure.kind != "exit":  # Of an exit hook that cannot be executed nobody hears.
            self.run.tree.set_phase(node, "Error", f"task '{slot.node_name}' errored: {failure.message}")
            self._halt()

    def _fail_for_hook(self, node: Node, message: str) -> None:
        # The hooks of a target are looked at again at once when its node is new, and that look fails the DAG.
        if not (self.place.is_target and (node["phase"] == "Pending" or node["type"] == "TaskGroup")):
            self.run.tree.set_phase(node, "Error", message)
        if self.place.is_target:
            self.dag.end(Failure(message))

    def _halt(self) -> None:
        """Start no more items of the loop for now: Argo goes on with them at the next event, if others still run."""
        if self._group is not None and not self._halted:
            self._halted = True
            self.run.hold(self, self._go_on)

    def _go_on(self) -> None:
        self._halted = False
        held_back, self._held_back = self._held_back, []
        for slot in held_back:
            self.run.post(slot, partial(self._start_slot, slot))

    def slot_ended(self, slot: Slot) -> None:
        """End when all items of the loop have ended."""
        self._open -= 1
        self._started -= 1
        if self._group is None:
            self._finish()
            return
        if self.dag.has_failed_fast():
            return
        if self._exits is not None:
            self._exits.item_ended(slot)
        done = not self._open or (self._halted and not self._started)
        if done and self._group["phase"] in nodes.ACTIVE:
            self._end_group()

    @property
    def is_running(self) -> bool:
        """Tell whether the loop still has items that run."""
        return self._group is not None and self._group["phase"] in nodes.ACTIVE

    def exit_hooks_of(self, on_change: Callable[[], None]) -> NodeHooks:
        """Make the exit hook of one item; its ``{{item}}`` stays as it is, Argo takes the hook of the whole task."""
        hooks = {"exit": self._task["hooks"]["exit"]} if (self._task.get("hooks") or {}).get("exit") else {}
        holder = {"hooks": hooks, "onExit": self._task.get("onExit")}
        return NodeHooks(self.run, self.dag, self.place, holder, self.name, self.hook_scope, on_change)

    def _end_group(self) -> None:
        if self._group is None:
            return
        children = (slot.node for slot in self._slots)
        failed = [node["phase"] for node in children if node is not None and node["phase"] in nodes.UNSUCCESSFUL]
        self.run.tree.set_phase(self._group, failed[-1] if failed else "Succeeded")
        # They point to us too: ten thousand must not wait for the garbage collector.
        self._slots.clear()
        self._look()
        self._finish()

    def _watch_hooks(self, task: dict[str, Any]) -> None:
        if task.get("hooks") or task.get("onExit"):
            self._hooks = NodeHooks(self.run, self, self.place, task, self.name, self.hook_scope, self._hook_ended)

    def _hook_ended(self) -> None:
        self._look()
        self._finish()

    def _look(self) -> None:
        node = self.run.tree.get(self._node_name)
        if self._hooks is None or node is None:
            return
        self._hooks.look(node, self.name)
        failure = self._hooks.news()
        if failure is not None and failure.kind == "hook":
            self._fail_for_hook(node, failure.message)

    def _finish(self) -> None:
        node = self.run.tree.get(self._node_name)
        if self.closed or not nodes.is_fulfilled(node) or (self._hooks is not None and self._hooks.is_open):
            return
        self.closed = True
        self.run.post(self.dag, partial(self.dag.task_ended, self.name))


class _LoopExits:
    """The exit hooks of a loop's items.

    Argo looks for the first item that has ended and whose exit hook has not: it starts that hook and looks no further.
    Once all items have ended the group is complete, and hooks that have not started by then never do. So which ones
    run depends on what ends first.
    """

    def __init__(self, task: DagTask) -> None:
        self._task = task
        self._ended: list[tuple[int, Slot]] = []
        self._hooks: dict[int, NodeHooks] = {}

    def item_ended(self, slot: Slot) -> None:
        """Note that an item has ended."""
        node = slot.node
        if node is not None and node["phase"] in nodes.COMPLETED:
            heapq.heappush(self._ended, (slot.order, slot))
            self._next()

    def _next(self) -> None:
        while self._ended and self._task.is_running:
            index, slot = self._ended[0]
            if index not in self._hooks:
                self._start(index, slot)
            if self._hooks[index].is_open:
                return
            heapq.heappop(self._ended)

    def _start(self, index: int, slot: Slot) -> None:
        hooks = self._hooks[index] = self._task.exit_hooks_of(partial(self._hook_ended))
        if slot.node is not None:
            hooks.look(slot.node, self._task.name)
        if hooks.is_open:
            self._task.dag.hold()

    def _hook_ended(self) -> None:
        self._next()
        self._task.dag.release()
