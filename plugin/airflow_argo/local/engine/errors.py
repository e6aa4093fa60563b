"""Why a node or a workflow cannot go on; the message is the one that Argo puts there."""

from __future__ import annotations

from airflow_argo.argo.expressions.errors import ExpressionError


class NodeError(ExpressionError):
    """A rule of Argo is broken at run time: no such template, an argument that is not there, a list that is none."""


class UnreadableObjectError(NodeError):
    """A file with ConfigMaps or Secrets cannot be read; the message names it."""
