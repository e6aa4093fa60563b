"""The names that Argo computes for nodes and their pods."""

from __future__ import annotations

_FNV_OFFSET, _FNV_PRIME = 0x811C9DC5, 0x01000193
_MAX_POD_NAME_PREFIX = 242


def fnv1a(text: str) -> int:
    """Hash text as Go's ``fnv.New32a`` does."""
    digest = _FNV_OFFSET
    for byte in text.encode():
        digest = ((digest ^ byte) * _FNV_PRIME) & 0xFFFFFFFF
    return digest


def node_id(workflow_name: str, node_name: str) -> str:
    """Compute a node's id: the workflow's name for the root, else the name and the node name's hash."""
    return workflow_name if node_name == workflow_name else f"{workflow_name}-{fnv1a(node_name)}"


def pod_name(workflow_name: str, node_name: str, template_name: str) -> str:
    """Compute the name of a node's pod (Argo's version 2 of pod names)."""
    if node_name == workflow_name:
        return workflow_name
    prefix = f"{workflow_name}-{template_name}" if template_name else workflow_name
    return f"{prefix[:_MAX_POD_NAME_PREFIX]}-{fnv1a(node_name)}"
