"""Why a workflow failed, as a class of error that Airflow's retry policies can tell apart; no I/O.

Argo has one phase for a bug in the user's code and another for trouble of its own, and puts all the rest into messages
(``inferFailedReason`` and ``getPendingReason`` of Argo v4.1.2, and what Kubernetes says in a pod's status).
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from airflow_argo.argo.errors import (
    DeadlineExceededError,
    ImageError,
    InfrastructureError,
    UnschedulableError,
    UserCodeError,
    WorkerOutOfMemoryError,
    WorkflowFailedError,
    WorkflowStoppedError,
)
from airflow_argo.argo.status import Node, Workflow, is_shutting_down, message

NO_RESULT = re.compile(r"exit code 64\).*no such file or directory", re.DOTALL)
"""What Argo's executor says when the file of an output parameter is missing: the worker's own fault."""

# The first that matches names the kind.
_KINDS: tuple[tuple[type[WorkflowFailedError], re.Pattern[str]], ...] = (
    (WorkerOutOfMemoryError, re.compile(r"OOMKilled")),
    (
        ImageError,
        re.compile(
            r"ImagePullBackOff|ErrImage|InvalidImageName|ImageInspectError|RegistryUnavailable"
            r"|CreateContainer\w*Error|look-?up entrypoint"
        ),
    ),
    # A bare "timeout" is what a node gets that was still pending when its `timeout` or `pendingTimeout` was over.
    (UnschedulableError, re.compile(r"Unschedulable|^timeout$")),
    (
        DeadlineExceededError,
        re.compile(
            r"longer than the specified deadline|DeadlineExceeded|exceeded (?:its|workflow) deadline"
            r"|Max duration limit exceeded"
        ),
    ),
    (WorkflowStoppedError, re.compile(r"workflow shutdown with strategy|Stopped with strategy")),
    (UserCodeError, NO_RESULT),
    (
        InfrastructureError,
        re.compile(
            r"pod deleted|Evicted|low on resource|[Nn]ode (?:was )?(?:lost|shut)|Preempt|can't find failed message"
            r"|^(?:init|wait|supervisor): |Pod failed before"
        ),
    ),
)

# Of several kinds the one that a retry can do least about; of a stopped workflow only the stop is news.
_GRAVITY: tuple[type[WorkflowFailedError], ...] = (
    UserCodeError,
    ImageError,
    WorkerOutOfMemoryError,
    UnschedulableError,
    DeadlineExceededError,
    WorkflowStoppedError,
    InfrastructureError,
)


def kind_of_failure(workflow: Workflow, failed: Iterable[Node]) -> type[WorkflowFailedError]:
    """The class of the error that a failed workflow is.

    :param failed: the nodes that tell why.
    """
    if is_shutting_down(workflow):
        return WorkflowStoppedError
    kinds = {kind_of_node(node) for node in failed}
    found = next((kind for kind in _GRAVITY if kind in kinds), None)
    return found or _kind_of_words(message(workflow)) or WorkflowFailedError


def kind_of_node(node: Node) -> type[WorkflowFailedError]:
    """The class of the error that one failed node is: by its message, else by its phase."""
    # Argo's Error without any of these words is trouble with the manifest, such as an expression that fails.
    otherwise = WorkflowFailedError if node.get("phase") == "Error" else UserCodeError
    return _kind_of_words(str(node.get("message") or "")) or otherwise


def _kind_of_words(words: str) -> type[WorkflowFailedError] | None:
    return next((kind for kind, pattern in _KINDS if pattern.search(words)), None)
