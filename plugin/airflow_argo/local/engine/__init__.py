"""Argo's rules as a functional core: a workflow's state and an event in, the new state and commands out.

Nothing here touches a process, a file, a socket or a clock: time and the outcome of pods come in as events.
"""

from airflow_argo.local.engine.execution import Execution

__all__ = ["Execution"]
