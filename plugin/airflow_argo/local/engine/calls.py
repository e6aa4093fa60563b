"""Calling a template: Argo's ``executeTemplate``, from the arguments to the body that runs."""

from __future__ import annotations

import contextlib
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING, Any, Literal, Protocol, TypeAlias

from airflow_argo.argo.expressions.errors import ExpressionError
from airflow_argo.local.engine import nodes
from airflow_argo.local.engine.arguments import bind, filled_template, with_late_tags
from airflow_argo.local.engine.errors import NodeError
from airflow_argo.local.engine.memoization import remember, status_of
from airflow_argo.local.engine.merging import template_type, with_defaults
from airflow_argo.local.engine.nodes import Node
from airflow_argo.local.engine.run import Frame

if TYPE_CHECKING:
    from airflow_argo.local.engine.run import Run

CallerKind: TypeAlias = Literal["steps", "tasks"]

FAILED_FAST = "template has failed or errored children and failFast enabled"
MAX_DEPTH = 100
POD_TYPES = frozenset({"container", "script", "containerSet", "resource", "data"})
PARENTS = frozenset({"steps", "dag"})

_DOCUMENTATION = "https://argo-workflows.readthedocs.io/en/release-4.1/scaling/#maximum-recursion-depth"
_TOO_DEEP = f"Maximum recursion depth exceeded. See {_DOCUMENTATION}"


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a call ended without its node simply being judged: Argo's executeTemplate returned an error.

    :param kind: ``error``: the caller becomes an Error too; ``timeout``: it becomes Failed; ``hook``: it is a hook
        that could not be executed, and the caller becomes an Error with its message; ``exit``: it is an exit hook;
        ``group``: the entry template's node runs on, but what it has returned to the workflow is an Error; ``turn`` and
        ``exit turn``: it is a hook, or an exit hook, that has to wait for its turn.
    """

    message: str
    kind: Literal["error", "timeout", "hook", "exit", "group", "turn", "exit turn"] = "error"


@dataclass(frozen=True, slots=True)
class Job:
    """One node to be executed: a call's, or one attempt of it.

    :param template: inputs bound and tags filled.
    :param node_scope: where the caller looked the template up; it is the node's ``templateScope``.
    :param body_scope: where the template's own references are looked up.
    :param parents: ids of the nodes that the new node hangs below.
    :param execution_deadline: when its pods have to end because of a retry's ``maxDuration``, in epoch seconds.
    """

    name: str
    holder: Mapping[str, Any]
    template: dict[str, Any]
    node_scope: str
    body_scope: str
    boundary: str
    on_exit: bool
    flag: dict[str, bool] | None
    depth: int
    parents: Sequence[str] = ()
    execution_deadline: float | None = None


class Owner(Protocol):
    """Who a body reports to: a call, or the Retry node between them."""

    def body_changed(self) -> None:
        """Be told that the node's phase has changed."""
        ...

    def body_ended(self, failure: Failure | None) -> None:
        """Be told that the node has ended, or could not go on."""
        ...

    def daemon_ended(self) -> None:
        """Be told that the node, a daemon's that counted as done, has failed."""
        ...


class Caller(Protocol):
    """Who a call reports to."""

    def call_changed(self, call: Call) -> None:
        """Be told that the call's node is new or has another phase."""
        ...

    def call_ended(self, call: Call, failure: Failure | None) -> None:
        """Be told that the call is over."""
        ...


@dataclass(frozen=True, slots=True)
class CallSpec:
    """What is to be called, by which name, with what.

    :param holder: the step, task or hook: ``template``, ``templateRef`` or ``inline``, and its name.
    :param caller_kind: what its name is called inside the template: ``steps.name`` or ``tasks.name``.
    :param is_lifecycle_hook: it hangs below its parents only if it could be executed.
    """

    name: str
    holder: Mapping[str, Any]
    arguments: Mapping[str, Any]
    scope: str
    caller_kind: CallerKind = "steps"
    boundary: str = ""
    on_exit: bool = False
    flag: dict[str, bool] | None = field(default=None)
    depth: int = 1
    parents: Sequence[str] = ()
    is_lifecycle_hook: bool = False


class Call(Frame):
    """One execution of a template under one node name."""

    def __init__(self, run: Run, parent: Frame, caller: Caller, spec: CallSpec) -> None:
        super().__init__(run, parent)
        self.spec = spec
        self.boundary = spec.boundary
        self._caller = caller

    @property
    def node(self) -> Node | None:
        """The call's node; None while it waits for its turn."""
        return self.run.tree.get(self.spec.name)

    def begin(self) -> None:
        """Start, as soon as the limits allow it."""
        if self.node is not None or self.run.limits.admit(self):
            self.admitted()

    def admitted(self) -> None:
        """Start now."""
        if self.spec.depth >= MAX_DEPTH:
            self._refuse(_TOO_DEEP)
            self._end(None)
            return
        try:
            job = self._prepare()
        except ExpressionError as error:
            self._refuse(str(error))
            self._end(Failure(str(error)))
            return
        if nodes.is_fulfilled(self.node):
            self._end(None)
            return
        try:
            may_enter = self.run.gate.enter(self, job)
        except ExpressionError as error:
            self._refuse(str(error))
            self._end(Failure(str(error)))
            return
        if may_enter:
            self._execute(job)

    def _prepare(self) -> Job:
        spec, run = self.spec, self.run
        body_scope, found = run.templates.resolve(spec.scope, spec.holder)
        template = with_defaults(found, run.spec.get("templateDefaults"))
        local = {f"{spec.caller_kind}.name": spec.holder.get("name", ""), "node.name": spec.name}
        if template_type(template) in POD_TYPES and self._retry_strategy(template) is None:
            local["pod.name"] = nodes.pod_name(run.name, spec.name, template.get("name", ""))
        bound = bind(template, spec.arguments, run.variables, run.config_map)
        filled = filled_template(bound, run.variables, local)
        kind = template_type(filled)
        if kind in PARENTS or self._retry_strategy(template) is not None:
            filled = with_late_tags(filled, kind, bound, run.variables, local)
        if not self.run.can_execute(kind):
            raise NodeError(f"the embedded Argo Server does not support {kind} templates")
        if kind not in POD_TYPES or self._retry_strategy(template) is not None:
            nodes.chosen_display_name(filled)
        return Job(
            name=spec.name,
            holder=spec.holder,
            template=filled,
            node_scope=spec.scope,
            body_scope=body_scope,
            boundary=spec.boundary,
            on_exit=spec.on_exit,
            flag=spec.flag,
            depth=spec.depth,
            parents=spec.parents,
        )

    def _retry_strategy(self, template: Mapping[str, Any]) -> Mapping[str, Any] | None:
        own = template.get("retryStrategy")
        strategy: Mapping[str, Any] | None = own if own is not None else self.run.spec.get("retryStrategy")
        return strategy

    def _execute(self, job: Job) -> None:
        # They are bound: what is left of the call may wait long for its end.
        self.spec = replace(self.spec, arguments={})
        self.run.start_body(self, self, job, self._retry_strategy(job.template))

    def _refuse(self, message: str) -> None:
        node = self.node
        if node is not None:
            self.run.tree.set_phase(node, "Error", message)
            return
        spec = self.spec
        node = self.run.tree.create(
            spec.name,
            "Skipped",
            "Error",
            scope=spec.scope,
            boundary=spec.boundary,
            holder=spec.holder,
            flag=spec.flag,
            message=message,
        )
        for parent in () if spec.is_lifecycle_hook else spec.parents:
            self.run.tree.add_child(parent, node["id"])

    def body_changed(self) -> None:
        """Pass on that the node's phase has changed."""
        self._caller.call_changed(self)

    def body_ended(self, failure: Failure | None) -> None:
        """Pass on that the node has ended."""
        if failure is not None and failure.kind == "error" and self.node is not None and self.node["type"] != "Retry":
            self.run.tree.set_phase(self.node, "Error", failure.message)
        self._end(failure)

    def daemon_ended(self) -> None:
        """Pass on that the node has failed after all."""
        self.run.daemons.changed(self.boundary)

    def _end(self, failure: Failure | None) -> None:
        if self.closed:
            return
        self.closed = True
        self.run.gate.leave(self)
        if self.parent is not None:
            self.run.post(self.parent, partial(self._caller.call_ended, self, failure))


class Body(Frame, ABC):
    """What executes one job: a pod, a suspend node, the steps or tasks of a template, the attempts of a retry."""

    _is_halted = False

    def __init__(self, run: Run, parent: Frame, owner: Owner, job: Job) -> None:
        super().__init__(run, parent)
        self.job = job
        self.owner = owner
        self.node: Node

    @abstractmethod
    def begin(self) -> None:
        """Make the node and start; after a restart, go on."""

    def halt(self) -> None:
        """Look at nothing below any more: a child has failed, and ``failFast`` of the template says so."""
        self._is_halted = self.closed = True

    def fail_fast(self) -> None:
        """Fail after a halt, when no pod is left."""
        if self._is_halted and self.parent is not None and self.parent.alive:
            self.closed = False
            self.run.tree.set_phase(self.node, "Failed", FAILED_FAST)
            self.end()

    def remember(self) -> None:
        """Keep the outputs of a template of steps or tasks; Argo only logs where that fails, unlike with a pod."""
        with contextlib.suppress(ExpressionError):
            remember(self.run, self.node)

    def end(self, failure: Failure | None = None) -> None:
        """Close this part and tell its owner."""
        if self.closed:
            return
        self.closed = True
        if self.parent is not None:
            self.run.post(self.parent, partial(self.owner.body_ended, failure))


def create_node(run: Run, job: Job, kind: str, phase: str, *, message: str = "") -> Node:
    """Make a job's node, with the inputs that the template was given, below its parents."""
    inputs = job.template.get("inputs") or {}
    shown = inputs if inputs.get("parameters") or inputs.get("artifacts") else None
    node = run.tree.create(
        job.name,
        kind,
        phase,
        scope=job.node_scope,
        boundary=job.boundary,
        holder=job.holder,
        flag=job.flag,
        message=message,
        inputs=shown,
    )
    with contextlib.suppress(NodeError):
        node["displayName"] = nodes.chosen_display_name(job.template) or node["displayName"]
    if job.template.get("memoize") and "memoizationStatus" not in node:
        node["memoizationStatus"] = status_of(job.template, hit=False)
    for parent in job.parents:
        run.tree.add_child(parent, node["id"])
    return node


def attempt_of(job: Job, name: str, template: dict[str, Any], parent: str, deadline: float | None) -> Job:
    """Derive the job of one attempt from the job that is tried."""
    flag = job.flag if job.flag is not None else {}
    flag["retried"] = True
    return replace(job, name=name, template=template, flag=flag, parents=(parent,), execution_deadline=deadline)
