"""The button that leads from a task instance to its workflow."""

from __future__ import annotations

from typing import TYPE_CHECKING

from airflow.sdk import BaseOperatorLink

if TYPE_CHECKING:
    from airflow.sdk import BaseOperator
    from airflow.sdk.types import TaskInstanceKey


class ArgoWorkflowLink(BaseOperatorLink):
    """*Argo workflow*: the workflow in Argo's UI, from the moment it is submitted."""

    name = "Argo workflow"

    def get_link(self, operator: BaseOperator, *, ti_key: TaskInstanceKey) -> str:
        """The link, or an empty text while there is no workflow.

        Airflow stores what this gives after every slice of execution, the deferring one included; before that the
        operator has stored it itself.
        """
        return str(getattr(operator, "workflow_link", ""))
