"""expr-lang v1.17.8, the language of ``{{=...}}`` and of Argo's bare expressions.

An expression is parsed (``parse``), checked against the variables it will find and computed (``evaluate``). Numbers
keep Go's types: ``1`` is an ``int``, ``1.0`` a ``float``, ``/`` always gives a float, and what JSON holds is a float.
"""

from __future__ import annotations

from airflow_argo.argo.expressions.expr_lang.environment import environment
from airflow_argo.argo.expressions.expr_lang.evaluation import check, evaluate, evaluate_bool
from airflow_argo.argo.expressions.expr_lang.identifiers import identifiers, names_used
from airflow_argo.argo.expressions.expr_lang.nodes import Node
from airflow_argo.argo.expressions.expr_lang.parser import parse
from airflow_argo.argo.expressions.expr_lang.values import go_text

__all__ = ["Node", "check", "environment", "evaluate", "evaluate_bool", "go_text", "identifiers", "names_used", "parse"]
