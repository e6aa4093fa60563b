"""What the engine is told (events) and what it asks for (commands)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

ShutdownStrategy: TypeAlias = Literal["Stop", "Terminate"]


@dataclass(frozen=True, slots=True)
class ContainerReport:
    """How one of the containers of a pod ended.

    :param exit_code: 128 + N after signal N; 64 if Argo's executor could not run it.
    :param error: what that executor says then, e.g. ``dependency "a" exited with non-zero code: 3``.
    """

    exit_code: int
    error: str = ""


@dataclass(frozen=True, slots=True)
class HttpAnswer:
    """What an HTTP template's request was answered with.

    :param headers: values by name, names in the form of Go's ``http.Header`` (``Content-Type``).
    """

    status: int
    headers: Mapping[str, Sequence[str]]
    body: str


@dataclass(frozen=True, slots=True)
class PodReport:
    """How a pod ended: facts only, what they mean for the node is the engine's business.

    :param exit_code: of the main container, 128 + N after signal N; None if it never started, or there is none.
    :param error: why the pod could not be run although its template is valid, in Argo's words, e.g.
        ``failed to find name in PATH: exec: "x": executable file not found in $PATH``.
    :param parameters: output parameters read from their files, each without its last newline.
    :param unreadable: output parameters whose file could not be read: name → the system's reason.
    :param result: standard output, if it was asked for.
    :param deadline_exceeded: it was killed because its deadline passed.
    :param containers: by name, if the pod has more than its main container: all that have ended.
    :param answer: of an HTTP template's request.
    :param artifacts: the output artifacts that are stored, each with its location, and the log if it is kept.
    :param artifact_error: why not all could be stored, in Argo's words.
    """

    exit_code: int | None
    error: str = ""
    parameters: Mapping[str, str] = field(default_factory=dict)
    unreadable: Mapping[str, str] = field(default_factory=dict)
    result: str | None = None
    deadline_exceeded: bool = False
    containers: Mapping[str, ContainerReport] = field(default_factory=dict)
    answer: HttpAnswer | None = None
    artifacts: Sequence[Mapping[str, Any]] = ()
    artifact_error: str = ""


@dataclass(frozen=True, slots=True)
class PodStarted:
    """The pod's main container runs; all containers of a daemon's pod are ready."""

    node_id: str


@dataclass(frozen=True, slots=True)
class ContainerChanged:
    """A container of a container set runs, or has ended.

    :param report: how it ended; None while it runs.
    """

    node_id: str
    name: str
    report: ContainerReport | None = None


@dataclass(frozen=True, slots=True)
class PodFinished:
    """The pod has ended, whether by itself or because it was stopped."""

    node_id: str
    report: PodReport


@dataclass(frozen=True, slots=True)
class Tick:
    """Time has passed: sent at (or after) the moment that ``Step.wake_at`` named."""


@dataclass(frozen=True, slots=True)
class Shutdown:
    """A user stops (exit handlers still run) or terminates (nothing more runs) the workflow."""

    strategy: ShutdownStrategy


@dataclass(frozen=True, slots=True)
class Suspend:
    """A user suspends the workflow: what runs goes on, nothing new starts."""


@dataclass(frozen=True, slots=True)
class Resume:
    """A user resumes the workflow and its suspended nodes."""


@dataclass(frozen=True, slots=True)
class LocksGranted:
    """The workflow, or some of its nodes, have the locks that they waited for."""


PodEvent: TypeAlias = PodStarted | ContainerChanged | PodFinished
Event: TypeAlias = PodEvent | Tick | Shutdown | Suspend | Resume | LocksGranted


@dataclass(frozen=True, slots=True)
class StartPod:
    """Start a worker, or send the request of an HTTP template.

    :param template: the node's template, every ``{{…}}`` that could be resolved substituted; Argo's own dict. Its
        ``archiveLocation`` says under which key output artifacts are stored, and whether the log is.
    :param deadline: when it has to be stopped, in seconds since the epoch, as if a person had; None for no limit.
    :param active_seconds: for how long it may run from its start on, after which its deadline is exceeded.
    :param include_result: whether standard output is wanted as ``outputs.result``.
    :param volumes: those that the template's containers mount, as the workflow defines them.
    """

    node_id: str
    pod_name: str
    template: Mapping[str, Any]
    deadline: float | None
    include_result: bool
    volumes: Sequence[Mapping[str, Any]] = ()
    active_seconds: float | None = None


@dataclass(frozen=True, slots=True)
class StopPod:
    """Stop a worker: SIGTERM to its process group, after the grace period SIGKILL. A PodFinished follows."""

    node_id: str


Command: TypeAlias = StartPod | StopPod


@dataclass(slots=True)
class Step:
    """What one event led to.

    :param commands: what is to be done, in this order.
    :param changed: ids of the nodes that are new or differ from before the event.
    :param wake_at: when the engine wants a Tick, in seconds since the epoch; None if only events matter.
    :param finished: whether the workflow has reached its final phase.
    :param unfinished: whether there is more to be done at once, by ``Execution.go_on``, before the next event.
    """

    commands: list[Command] = field(default_factory=list)
    changed: set[str] = field(default_factory=set)
    wake_at: float | None = None
    finished: bool = False
    unfinished: bool = False
