"""Airflow operators for Argo."""

from airflow_argo.operators.fan_out import ArgoFanOutOperator
from airflow_argo.operators.workflow import ArgoWorkflowOperator

__all__ = ["ArgoFanOutOperator", "ArgoWorkflowOperator"]
