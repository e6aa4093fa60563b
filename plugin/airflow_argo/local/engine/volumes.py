"""Which volumes a pod mounts, and where the workflow defines them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from airflow_argo.local.engine.errors import NodeError


def containers_of(template: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """List the containers of a template's pod: those of its ``initContainers`` first, its ``sidecars`` last."""
    main = [template[kind] for kind in ("container", "script") if template.get(kind)]
    members = (template.get("containerSet") or {}).get("containers") or ()
    return [*(template.get("initContainers") or ()), *main, *members, *(template.get("sidecars") or ())]


def mounts_of(template: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """Go over all ``volumeMounts`` of a template."""
    yield from (template.get("containerSet") or {}).get("volumeMounts") or ()
    for container in containers_of(template):
        yield from container.get("volumeMounts") or ()


def claims(workflow_name: str, spec: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Make the volumes that ``volumeClaimTemplates`` stand for: ``status.persistentVolumeClaims``."""
    names = [(claim.get("metadata") or {}).get("name", "") for claim in spec.get("volumeClaimTemplates") or ()]
    return [{"name": name, "persistentVolumeClaim": {"claimName": f"{workflow_name}-{name}"}} for name in names]


def volumes_of(
    template: Mapping[str, Any], spec: Mapping[str, Any], claimed: Sequence[Mapping[str, Any]]
) -> list[Mapping[str, Any]]:
    """Find the volumes that a template mounts: its own first, then the workflow's, then claims.

    :raises NodeError: if there is none of a name.
    """
    known: dict[str, Mapping[str, Any]] = {}
    for volume in (*(template.get("volumes") or ()), *(spec.get("volumes") or ()), *claimed):
        known.setdefault(volume.get("name", ""), volume)
    wanted = dict.fromkeys(mount.get("name", "") for mount in mounts_of(template))
    for name in wanted:
        if name not in known:
            raise NodeError(f"volume '{name}' not found in workflow spec")
    return [known[name] for name in wanted]
