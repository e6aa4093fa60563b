"""One step or task (or one item of its loop): the call of its template and its hooks."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any, Protocol

from airflow_argo.local.engine import nodes
from airflow_argo.local.engine.calls import Call, CallSpec, Failure
from airflow_argo.local.engine.hooks import NodeHooks, Place
from airflow_argo.local.engine.nodes import Node
from airflow_argo.local.engine.run import Frame
from airflow_argo.local.engine.scope import Scope

if TYPE_CHECKING:
    from airflow_argo.local.engine.run import Run


class SlotOwner(Protocol):
    """The step group or DAG task that a slot belongs to."""

    def slot_scope(self, slot: Slot) -> Scope:
        """Make the variables that the slot's hooks see."""
        ...

    def slot_failed(self, slot: Slot, failure: Failure) -> None:
        """Be told that the slot's template could not be executed."""
        ...

    def slot_ended(self, slot: Slot) -> None:
        """Be told that the slot's node and its hooks have ended."""
        ...


class Slot(Frame):
    """The place of one step or task in its group.

    :param holder: the step or task, filled, under its node's own name such as ``pull(0:a)``.
    :param hooks_of: the step or task whose hooks count: Argo takes a loop's from its copy in steps, not in DAGs.
    """

    def __init__(
        self,
        run: Run,
        parent: Frame,
        owner: SlotOwner,
        place: Place,
        node_name: str,
        holder: Mapping[str, Any],
        *,
        parents: tuple[str, ...],
        hooks_of: Mapping[str, Any] | None,
    ) -> None:
        super().__init__(run, parent)
        # Apart, as they go when they are bound: ten thousand slots keep what is left.
        self.holder = {key: value for key, value in holder.items() if key != "arguments"}
        self._arguments: Mapping[str, Any] = holder.get("arguments") or {}
        self.node_name = node_name
        self.done = False
        self._owner = owner
        self._place = place
        self._parents = parents
        self._ended = False
        self._hooks: NodeHooks | None = None
        if hooks_of and (hooks_of.get("hooks") or hooks_of.get("onExit")):
            reference = holder.get("name", "")
            scope = partial(owner.slot_scope, self)
            self._hooks = NodeHooks(run, self, place, hooks_of, reference, scope, self.look_again)

    @property
    def barrier(self) -> NodeHooks | None:
        """The hooks."""
        return self._hooks

    @property
    def node(self) -> Node | None:
        """The slot's node; None while it waits for its turn."""
        return self.run.tree.get(self.node_name)

    def skip(self, phase: str, message: str) -> None:
        """End without running: ``when`` was false, or could not be evaluated."""
        create_skipped(self.run, self._place, self.node_name, self.holder, self._parents, phase, message)
        self._ended = True
        if self._place.kind == "tasks":
            self._look()
        self._finish()

    def begin(self) -> None:
        """Call the template."""
        spec = CallSpec(
            name=self.node_name,
            holder=self.holder,
            arguments=self._arguments,
            scope=self._place.scope,
            caller_kind=self._place.kind,
            boundary=self._place.boundary,
            on_exit=self._place.on_exit,
            depth=self._place.depth + 1,
            parents=self._parents,
        )
        self._arguments = {}
        call = Call(self.run, self, self, spec)
        self.run.post(call, call.begin)

    def show(self) -> None:
        """Hang the node below its parents before it is made."""
        for parent in self._parents:
            self.run.tree.add_child(parent, self.run.tree.id_of(self.node_name))

    def call_changed(self, call: Call) -> None:
        """Let the hooks look at the node's new phase."""
        self._look()

    def call_ended(self, call: Call, failure: Failure | None) -> None:
        """Let the exit hook run, or end."""
        self._ended = True
        if failure is not None:
            self._owner.slot_failed(self, failure)
        if self.alive:
            self.look_again()

    def look_again(self) -> None:
        """Start hooks whose time has come, and end when they have ended."""
        self._look()
        # A hook that cannot be executed ends what the slot belongs to.
        if self.alive:
            self._finish()

    def _look(self) -> None:
        node = self.node
        if self._hooks is None or node is None:
            return
        name = node["displayName"] if self._place.kind == "steps" else self.holder.get("name", "")
        self._hooks.look(node, name)
        failure = self._hooks.news()
        if failure is not None:
            self._owner.slot_failed(self, failure)

    def _finish(self) -> None:
        node = self.node
        if self.done or not self._ended or not nodes.is_fulfilled(node):
            return
        if self._hooks is not None and self._hooks.is_open:
            return
        self.done = True
        self._owner.slot_ended(self)


def create_skipped(
    run: Run,
    place: Place,
    name: str,
    holder: Mapping[str, Any],
    parents: Iterable[str],
    phase: str,
    message: str,
) -> Node:
    """Make the node of a step or task that does not run."""
    node = run.tree.create(
        name, "Skipped", phase, scope=place.scope, boundary=place.boundary, holder=holder, message=message
    )
    for parent in parents:
        run.tree.add_child(parent, node["id"])
    return node
