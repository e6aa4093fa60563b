"""``retryStrategy``: a Retry node and the attempts below it."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from airflow_argo.argo.expressions import expr_lang, gojson
from airflow_argo.argo.expressions.errors import ExpressionError
from airflow_argo.local.engine import nodes
from airflow_argo.local.engine.arguments import filled_template, with_late_tags
from airflow_argo.local.engine.calls import PARENTS, POD_TYPES, Body, Failure, Job, Owner, attempt_of, create_node
from airflow_argo.local.engine.daemons import Revival
from airflow_argo.local.engine.errors import NodeError
from airflow_argo.local.engine.merging import template_type
from airflow_argo.local.engine.nodes import Node
from airflow_argo.local.engine.numbers import whole_number
from airflow_argo.local.engine.run import Frame
from airflow_argo.local.engine.times import epoch, humanized, rfc3339, seconds_of
from airflow_argo.local.engine.transient import is_transient

if TYPE_CHECKING:
    from airflow_argo.local.engine.run import Run

_ON_ERROR = frozenset({"Always", "OnError", "OnTransientError"})
_ON_FAILURE = frozenset({"Always", "OnFailure", "OnTransientError"})
_FOREVER = float(2**63 // 10**9)


@dataclass(frozen=True, slots=True)
class Decision:
    """What comes after an attempt.

    :param verdict: ``end`` with ``phase`` and ``message``, try ``again``, or ``wait`` until ``until`` (epoch seconds).
    :param deadline: when the next attempt's pods have to end, in epoch seconds.
    """

    verdict: Literal["end", "again", "wait"]
    phase: str = ""
    message: str = ""
    until: float = 0.0
    deadline: float | None = None


def policy(strategy: Mapping[str, Any]) -> str:
    """Name the policy: the one given, else ``Always`` with an expression, else ``OnFailure``."""
    return str(strategy.get("retryPolicy") or ("Always" if strategy.get("expression") else "OnFailure"))


def limit(strategy: Mapping[str, Any]) -> int | None:
    """Read how many further attempts there may be; None for any number.

    :raises NodeError: if it is no number.
    """
    value = strategy.get("limit")
    return None if value is None else whole_number(value)


def decide(strategy: Mapping[str, Any], attempts: Sequence[Node], now: float) -> Decision:
    """Judge the last attempt, which has failed, in Argo's order: back-off, policy, limit, expression.

    :raises ExpressionError: if the strategy itself is wrong.
    """
    last = attempts[-1]
    waiting, deadline = None, None
    if strategy.get("backoff") is not None:
        waiting, deadline = _back_off(strategy, attempts, now)
    if waiting is not None:
        return waiting
    if not _covered(strategy, last):
        return Decision("end", last["phase"], last.get("message", ""))
    most = limit(strategy)
    if most is not None and len(attempts) > most:
        return Decision("end", last["phase"], "No more retries left")
    expression = strategy.get("expression")
    if expression and not expr_lang.evaluate_bool(expression, expr_lang.environment(last_attempt_variables(attempts))):
        return Decision("end", last["phase"], "retryStrategy.expression evaluated to false")
    return Decision("again", deadline=deadline)


def _covered(strategy: Mapping[str, Any], last: Node) -> bool:
    name = policy(strategy)
    if name not in _ON_ERROR | _ON_FAILURE:
        raise NodeError(f"{name} is not a valid RetryPolicy")
    if name == "OnTransientError" and not is_transient(last.get("message", "")):
        return False
    return name in (_ON_ERROR if last["phase"] == "Error" else _ON_FAILURE)


def _back_off(
    strategy: Mapping[str, Any], attempts: Sequence[Node], now: float
) -> tuple[Decision | None, float | None]:
    backoff, last = strategy["backoff"], attempts[-1]
    deadline = None
    if backoff.get("maxDuration"):
        deadline = epoch(attempts[0]["startedAt"]) + seconds_of(gojson.anystring(backoff["maxDuration"]))
        if now > deadline:
            return Decision("end", last["phase"], "Max duration limit exceeded"), deadline
    if not backoff.get("duration"):
        raise NodeError("no base duration specified for retryStrategy")
    wait = _waiting_time(backoff, len(attempts))
    until = epoch(last["finishedAt"]) + wait
    if deadline is not None and until > deadline:
        return Decision("end", last["phase"], "Backoff would exceed max duration limit"), deadline
    most = limit(strategy)
    if now < until and most is not None and len(attempts) <= most:
        return Decision("wait", message=f"Backoff for {humanized(wait)}", until=until), deadline
    return None, deadline


def _waiting_time(backoff: Mapping[str, Any], attempts: int) -> float:
    base = seconds_of(gojson.anystring(backoff["duration"]))
    factor = 0 if backoff.get("factor") is None else whole_number(backoff["factor"])
    # The power stays below what a float holds; it is for ever long before.
    power = min(attempts - 1, 1000 // max(factor.bit_length(), 1))
    wait = min(base * float(factor) ** power, _FOREVER) if factor > 0 else base
    cap = backoff.get("cap")
    return min(wait, seconds_of(gojson.anystring(cap))) if cap else wait


def seconds_taken(node: Node) -> int:
    """Tell how long a node took; whole seconds, as its times are."""
    finished = node.get("finishedAt")
    return int(epoch(finished) - epoch(node["startedAt"])) if finished else 0


def last_attempt_variables(attempts: Sequence[Node]) -> dict[str, str]:
    """List what a retry expression sees: ``retries`` and ``lastRetry.*``."""
    last = attempts[-1]
    return {
        "retries": str(len(attempts) - 1),
        "lastRetry.exitCode": (last.get("outputs") or {}).get("exitCode", "-1"),
        "lastRetry.status": last["phase"],
        "lastRetry.duration": str(seconds_taken(last)),
        "lastRetry.message": last.get("message", ""),
    }


def _attempt_variables(attempts: Sequence[Node]) -> dict[str, str]:
    variables = {
        "retries": str(len(attempts)),
        "lastRetry.exitCode": "0",
        "lastRetry.duration": "0",
        "lastRetry.status": "",
        "lastRetry.message": "",
    }
    if attempts:
        variables.update(last_attempt_variables(attempts))
        variables["retries"] = str(len(attempts))
        variables["lastRetry.exitCode"] = (attempts[-1].get("outputs") or {}).get("exitCode", "0")
    return variables


class RetryBody(Body):
    """A Retry node, which owns one attempt after the other."""

    def __init__(self, run: Run, parent: Frame, owner: Owner, job: Job, strategy: Mapping[str, Any]) -> None:
        super().__init__(run, parent, owner, job)
        self._strategy = strategy
        self._is_decided = False
        self._is_backing_off = False
        self.boundary = job.boundary
        self._deadline: float | None = None

    def begin(self) -> None:
        """Make the node and its first attempt; after a restart, go on with the last one."""
        self.node = create_node(self.run, self.job, "Retry", "Running")
        if nodes.is_fulfilled(self.node):
            self.end()
            return
        self.run.retries.add(self)
        self.owner.body_changed()
        attempts = self.run.tree.attempts(self.node)
        if attempts and not nodes.is_fulfilled(attempts[-1]):
            self._attempt(attempts[:-1], None)
        else:
            self._judge()

    def body_changed(self) -> None:
        """Nothing: the Retry node runs as long as its attempts do."""

    def body_ended(self, failure: Failure | None) -> None:
        """Judge the attempt that has ended."""
        if self._is_decided:
            return
        if failure is not None:
            if failure.kind == "error":
                self._mark_attempt(failure.message)
            if failure.kind == "timeout" or policy(self._strategy) not in _ON_ERROR:
                self.end(failure)
                return
        self._judge()

    def daemon_ended(self) -> None:
        """Try a daemon again that has failed: everything above it but its steps or DAG node has ended by now."""
        self.node.pop("daemoned", None)
        home = self.run.daemons.home_of(self.boundary)
        if home is not None:
            RetryBody(self.run, home, Revival(self.run, self.boundary), self.job, self._strategy).begin()

    def _mark_attempt(self, message: str) -> None:
        attempts = self.run.tree.attempts(self.node)
        if attempts:
            self.run.tree.set_phase(attempts[-1], "Error", message)

    def _judge(self) -> None:
        attempts = self.run.tree.attempts(self.node)
        if not attempts:
            self._attempt(attempts, None)
            return
        if self.is_kept_back(self._judge):
            return
        self._is_backing_off = False
        last = attempts[-1]
        if last.get("daemoned"):
            self.run.daemons.began(self.node)
            self.end()
        elif last["phase"] not in nodes.UNSUCCESSFUL:
            self.run.gate.recall_again(self.node, self.job.template)
            self._finish("Succeeded", None, last)
        elif self.run.shutdown:
            self._finish(last["phase"], f"Stopped with strategy '{self.run.shutdown}'", last)
        elif self.run.is_overdue():
            deadline = rfc3339(self.run.deadline or 0).replace("T", " ").replace("Z", " +0000 UTC")
            self._finish(last["phase"], f"retry exceeded workflow deadline {deadline}", last)
        else:
            self._follow(attempts, last)

    def _follow(self, attempts: list[Node], last: Node) -> None:
        try:
            decision = decide(self._strategy, attempts, self.run.now)
        except ExpressionError as error:
            self.run.tree.set_phase(self.node, "Error", str(error))
            self.end(Failure(str(error)))
            return
        if decision.verdict == "end":
            self._finish(decision.phase, decision.message, last)
        elif decision.verdict == "wait":
            self.run.tree.set_phase(self.node, self.node["phase"], decision.message)
            self._is_backing_off = True
            self.run.at(decision.until, self, self._judge)
        else:
            if self._strategy.get("backoff") is not None:
                self.run.tree.set_phase(self.node, self.node["phase"], "")
            self._deadline = decision.deadline
            if self.run.limits.admit(self):
                self.admitted()

    def notice(self) -> None:
        """Notice that the workflow is stopped, or has no time left."""
        if not self.end_if_stopped() and self._is_backing_off:
            self.run.post(self, self._judge)

    def end_if_stopped(self) -> bool:
        """Fail if the workflow is stopped and nothing below runs: no part of what is tried is looked at any more."""
        is_stopped = not self.run.may_execute(on_exit=self.job.on_exit)
        if is_stopped and not self._is_decided and self.run.has_ended(self.node):
            self._is_decided = True
            self.run.tree.set_phase(self.node, "Failed", f"Stopped with strategy '{self.run.shutdown}'")
            self.end()
        return self.closed

    def admitted(self) -> None:
        """Start the next attempt."""
        self._attempt(self.run.tree.attempts(self.node), self._deadline)

    def _attempt(self, before: Sequence[Node], deadline: float | None) -> None:
        name = f"{self.job.name}({len(before)})"
        variables = _attempt_variables(before)
        kind = template_type(self.job.template)
        if kind in POD_TYPES:
            template_name = self.job.template.get("name", "")
            variables["pod.name"] = nodes.pod_name(self.run.name, name, template_name)
        try:
            template = filled_template(self.job.template, self.run.variables, variables)
            if kind in PARENTS:
                template = with_late_tags(template, kind, self.job.template, self.run.variables, variables)
        except ExpressionError as error:
            self._refuse(name, str(error))
            return
        self.run.start_body(self, self, attempt_of(self.job, name, template, self.node["id"], deadline))

    def _refuse(self, name: str, message: str) -> None:
        job = attempt_of(self.job, name, {}, self.node["id"], None)
        create_node(self.run, job, "Skipped", "Error", message=message)
        self.end(Failure(message))

    def _finish(self, phase: str, message: str | None, last: Node) -> None:
        is_complete = self.run.has_ended(self.node)
        if last.get("outputs") is not None and (is_complete or phase == "Succeeded"):
            self.node["outputs"] = copy.deepcopy(last["outputs"])
        self.run.tree.set_phase(self.node, phase, message)
        if is_complete:
            self.end()
        else:
            self._try_in_vain()

    def _try_in_vain(self) -> None:
        """Start one more attempt, though all is decided and nobody will look at it.

        Argo does where something below the node has not ended: a hook, or what a retry of the workflow has reset.
        """
        self._is_decided = True
        self._attempt(self.run.tree.attempts(self.node), None)
        # Behind all that the attempt can do at once.
        self.run.post(self, self.end)

    def end(self, failure: Failure | None = None) -> None:
        """Forget the node and tell its owner."""
        self.run.retries.discard(self)
        super().end(failure)


def end_stopped_above(frame: Frame) -> None:
    """After a pod of a stopped workflow has ended: let the Retry nodes above fail, the uppermost ends them all."""
    above = frame.parent
    while above is not None:
        parent = above.parent
        if isinstance(above, RetryBody):
            above.end_if_stopped()
        above = parent
