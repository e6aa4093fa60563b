"""Resources of a whole pod, and plugins of the executor."""

from __future__ import annotations

from collections.abc import Sequence

from airflow_argo.argo.errors import ManifestError
from airflow_argo.argo.lint.decode import Document


def check_pod_resources(prefix: str, resources: Document) -> None:
    """Check that a pod's resources are only those that Kubernetes knows for pods."""
    if resources.get("claims"):
        raise ManifestError(f"{prefix}.claims is not supported for pod-level resources")
    for part in ("limits", "requests"):
        for name in resources.get(part, ()):
            if name not in {"cpu", "memory"} and not name.startswith("hugepages-"):
                raise ManifestError(
                    f'{prefix}: "{name}" is not a valid pod-level resource,'
                    " only cpu, memory and hugepages-* are supported"
                )


def check_plugins(plugins: Sequence[Document]) -> None:
    """Check the executor plugins of a workflow."""
    for plugin in plugins:
        fault = _plugin_fault(plugin)
        if fault:
            raise ManifestError(f"spec.executorPlugins: {fault}")


def _plugin_fault(plugin: Document) -> str:
    metadata = plugin.get("metadata")
    if not isinstance(metadata, dict) or not metadata.get("name"):
        return "executor plugin metadata name is mandatory"
    container = plugin.get("spec", {}).get("sidecar", {}).get("container", {})
    if not container.get("ports"):
        return "at least one port is mandatory"
    for part in ("requests", "limits"):
        if part not in container.get("resources", {}):
            return f"resources {part} are mandatory"
    return "" if "securityContext" in container else "security context is mandatory"
