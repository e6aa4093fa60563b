"""What the executor is asked to run."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple, TypeAlias

from airflow_argo.local.engine.messages import PodEvent, StartPod

Tell: TypeAlias = Callable[[PodEvent], None]


class PodKey(NamedTuple):
    """Names a pod among all that run: a workflow that is made again under its old name has the same node ids."""

    workflow_uid: str
    node_id: str


@dataclass(frozen=True, slots=True)
class Pod:
    """The engine's command, and the workflow it comes from.

    :param namespace: the workflow's.
    :param command: the template to run, and until when.
    """

    workflow_uid: str
    workflow_name: str
    namespace: str
    command: StartPod

    @property
    def key(self) -> PodKey:
        """What ``ProcessExecutor.stop`` wants."""
        return PodKey(self.workflow_uid, self.command.node_id)
