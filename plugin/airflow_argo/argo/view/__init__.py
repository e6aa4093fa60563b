"""What people see of a workflow: from its nodes to the JSON that Airflow's tab and the embedded server's page draw.

Pure, and quick enough for ten thousand workers: a :class:`Snapshot` is made once for each state of a workflow, and
answers any number of questions about it.
"""

from airflow_argo.argo.view.actions import ACTIONS, OWN_HEADER, Action, ActionRefusedError, actions_for, told
from airflow_argo.argo.view.query import Query, QueryError
from airflow_argo.argo.view.snapshot import Snapshot, nothing_yet
from airflow_argo.argo.view.tree import tree

__all__ = [
    "ACTIONS",
    "OWN_HEADER",
    "Action",
    "ActionRefusedError",
    "Query",
    "QueryError",
    "Snapshot",
    "actions_for",
    "nothing_yet",
    "told",
    "tree",
]
