"""Exit handlers and life-cycle hooks of one step or task."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from airflow_argo.argo.expressions import expr_lang, gojson
from airflow_argo.argo.expressions.errors import ExpressionError
from airflow_argo.local.engine import nodes
from airflow_argo.local.engine.arguments import without_absent
from airflow_argo.local.engine.artifact_references import resolved_by_step
from airflow_argo.local.engine.calls import Call, CallerKind, CallSpec, Failure
from airflow_argo.local.engine.errors import NodeError
from airflow_argo.local.engine.limits import REACHED
from airflow_argo.local.engine.nodes import Node
from airflow_argo.local.engine.run import Action, Frame
from airflow_argo.local.engine.scope import Scope
from airflow_argo.local.engine.substitution import filled

if TYPE_CHECKING:
    from airflow_argo.local.engine.run import Run

EXIT = "exit"

_EXECUTED_TO_THEIR_END = frozenset({"Retry", "Steps", "DAG"})


@dataclass(frozen=True, slots=True)
class Place:
    """Where the parts of a steps or DAG node run.

    :param kind: what they are called: ``steps`` or ``tasks``.
    :param scope: where their templates are looked up.
    :param boundary: the id of the steps or DAG node.
    :param is_target: whether it is a task on which its DAG depends: Argo looks at the hooks of such a one more often.
    """

    kind: CallerKind
    scope: str
    boundary: str
    depth: int
    on_exit: bool
    is_target: bool = False


def exit_hook(holder: Mapping[str, Any], workflow_arguments: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """Find the exit hook of a step, task or workflow; without arguments of its own it gets the workflow's."""
    if holder.get("onExit"):
        return {"template": holder["onExit"], "arguments": workflow_arguments or {}}
    hook = (holder.get("hooks") or {}).get(EXIT)
    if hook is None:
        return None
    own = hook.get("arguments") or {}
    return {**hook, "arguments": own if _has_arguments(own) else workflow_arguments or {}}


def lifecycle_hooks(holder: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """List the hooks of a step, task or workflow that are no exit hooks."""
    return {name: hook for name, hook in (holder.get("hooks") or {}).items() if name != EXIT}


def hook_holder(hook: Mapping[str, Any]) -> dict[str, Any]:
    """Make of a hook what calls its template."""
    return {key: hook[key] for key in ("template", "templateRef") if hook.get(key)}


def _has_arguments(arguments: Mapping[str, Any]) -> bool:
    return bool(arguments.get("parameters") or arguments.get("artifacts"))


class NodeHooks(Frame):
    """The hooks of one node, started as their time comes.

    :param reference: the step's or task's name, which its outputs are known by.
    :param scope: makes the variables that expressions and arguments see.
    :param on_change: told when a hook has ended.
    """

    order = -1  # Argo looks at the hooks of what runs before it goes on with it.

    def __init__(
        self,
        run: Run,
        parent: Frame,
        place: Place,
        holder: Mapping[str, Any],
        reference: str,
        scope: Callable[[], Scope],
        on_change: Callable[[], None],
    ) -> None:
        super().__init__(run, parent)
        self._failure: Failure | None = None
        self._told = False
        self._place = place
        self._reference = reference
        self._hooks = lifecycle_hooks(holder)
        self._exit = exit_hook(holder, run.spec.get("arguments"))
        self._scope = scope
        self._on_change = on_change
        self._open: set[str] = set()
        self._started: set[str] = set()
        self._is_limited = run.limits.limit(place.boundary)
        self._is_put_off = False
        self._is_due = False
        self._calls = 0
        self._blocked: Failure | None = None
        self._kept: list[tuple[Frame, Action]] = []

    @property
    def is_open(self) -> bool:
        """Tell whether a hook still runs, or has to wait."""
        return bool(self._open) or self._is_put_off or self._blocked is not None

    def keeps(self, frame: Frame, action: Action) -> bool:
        """Keep something of a task for later while its hooks run: Argo does not look at such a task; at a step it does.

        :return: whether it is kept.
        """
        if self._place.kind == "steps" or not self._open:
            return False
        self._kept.append((frame, action))
        return True

    def news(self) -> Failure | None:
        """Tell once that a hook could not be executed, or each time that it had to wait."""
        if self._blocked is not None and not self._is_put_off:
            return self._blocked
        if self._told or self._failure is None:
            return None
        self._told = True
        return self._failure

    def look(self, node: Node, status_name: str) -> None:
        """Start the hooks whose time has come.

        Where there is a limit, Argo does so when it has started all steps that may start, or when it comes to a task;
        and not at all while the limit of the workflow is reached.

        :param status_name: the name by which the node's status is known in expressions.
        """
        comes_last = self._is_limited and (self._place.kind == "steps" or not self.run.limits.is_passing)
        if self._is_due or not comes_last:
            self._is_due = False
            self._look(node, status_name)
        elif not self._is_put_off:
            self._is_put_off = True
            self.run.post_last(self, self._look_at_last)

    def _look_at_last(self) -> None:
        self._is_put_off, self._is_due, self._blocked = False, True, None
        self._on_change()

    def _look(self, node: Node, status_name: str) -> None:
        if self._failure or (not self._hooks and (self._exit is None or node["phase"] not in nodes.COMPLETED)):
            return
        if self._place.kind == "tasks" and node["phase"] == "Pending" and not self._place.is_target:
            return
        self._calls = 0
        scope = self._scope()
        scope.set(f"{self._place.kind}.{status_name}.status", node["phase"])
        # Argo sees such a task end while it executes it, before it looks at the hooks again.
        exits_first = self._place.kind == "tasks" and node["type"] in _EXECUTED_TO_THEIR_END
        if exits_first:
            self._try_exit(node, scope)
        try:
            self._start_hooks(node, scope)
        except ExpressionError as error:
            self._failure = Failure(str(error), "hook")
            return
        if not exits_first:
            self._try_exit(node, scope)

    def _try_exit(self, node: Node, scope: Scope) -> None:
        if self._open or self._blocked or node["phase"] not in nodes.COMPLETED:
            return
        try:
            self._start_exit(node, scope)
        except ExpressionError as error:
            self._failure = Failure(str(error), "exit")

    def _start_hooks(self, node: Node, scope: Scope) -> None:
        for name, hook in self._hooks.items():
            hook_name = f"{node['name']}.hooks.{name}"
            if not hook.get("expression"):
                raise NodeError(f"Expression required for hook {hook_name}")
            if name in self._started:
                continue
            environment = expr_lang.environment(scope.parameters(self.run.variables))
            if self.run.tree.get(hook_name) is not None or expr_lang.evaluate_bool(hook["expression"], environment):
                arguments = hook.get("arguments") or {}
                outputs = self.run.tree.last_attempt(node).get("outputs")
                if _has_arguments(arguments) and outputs is not None:
                    arguments = self._resolved(arguments, outputs, scope)
                self._call(node, name, hook_name, hook, arguments, on_exit=self._place.on_exit)

    def _start_exit(self, node: Node, scope: Scope) -> None:
        hook = self._exit
        if hook is None or EXIT in self._started or not self.run.may_execute(on_exit=True):
            return
        if hook.get("expression"):
            environment = expr_lang.environment(scope.parameters(self.run.variables))
            if not expr_lang.evaluate_bool(hook["expression"], environment):
                return
        arguments = hook["arguments"]
        if _has_arguments(arguments):
            arguments = self._resolved(arguments, self.run.tree.last_attempt(node).get("outputs"), scope)
        self._call(node, EXIT, f"{node['name']}.onExit", hook, arguments, on_exit=True)

    def _resolved(
        self, arguments: Mapping[str, Any], outputs: Mapping[str, Any] | None, scope: Scope
    ) -> dict[str, Any]:
        prefix = f"{self._place.kind}.{self._reference}"
        for parameter in (outputs or {}).get("parameters") or ():
            scope.set(f"{prefix}.outputs.parameters.{parameter['name']}", gojson.anystring(parameter.get("value")))
        for artifact in (outputs or {}).get("artifacts") or ():
            scope.set(f"{prefix}.outputs.artifacts.{artifact['name']}", artifact)
        marked = without_absent(arguments, scope.is_absent_reference)
        result: dict[str, Any] = filled(marked, scope.parameters(self.run.variables))
        return resolved_by_step(result, scope)

    def _must_wait(self, node: Node, key: str, name: str) -> bool:
        # Argo takes it for an error, but for the exit of a task: that one waits for its turn.
        if not self._is_limited or self.run.tree.get(name) is not None:
            return False
        if self.run.limits.has_room(self._place.boundary, self._calls):
            self._calls += 1
            return False
        if self._place.kind == "tasks":
            if key == EXIT:
                return False
            raise NodeError(REACHED)
        if key == EXIT:
            self.run.tree.add_child(node["id"], self.run.tree.id_of(name))
        self._blocked = Failure(REACHED, "exit turn" if key == EXIT else "turn")
        return True

    def _call(
        self, node: Node, key: str, name: str, hook: Mapping[str, Any], arguments: Mapping[str, Any], *, on_exit: bool
    ) -> None:
        if self._blocked is not None or self._must_wait(node, key, name):
            return
        self._started.add(key)
        self._open.add(name)
        spec = CallSpec(
            name=name,
            holder=hook_holder(hook),
            arguments=arguments,
            scope=self._place.scope,
            boundary=self._place.boundary,
            on_exit=on_exit,
            flag={"hooked": True},
            depth=self._place.depth + 1,
            parents=(node["id"],),
            is_lifecycle_hook=key != EXIT,
        )
        call = Call(self.run, self, self, spec)
        self.run.post(call, call.begin)

    def call_changed(self, call: Call) -> None:
        """Nothing: a hook has no hooks."""

    def call_ended(self, call: Call, failure: Failure | None) -> None:
        """Note that a hook has ended; how it ended changes nothing for its node."""
        self._open.discard(call.spec.name)
        if failure is not None and self._failure is None:
            self._failure = Failure(failure.message, "hook" if call.spec.is_lifecycle_hook else "exit")
        kept, self._kept = self._kept, []
        for frame, action in kept:
            self.run.post(frame, action)
        self._on_change()
