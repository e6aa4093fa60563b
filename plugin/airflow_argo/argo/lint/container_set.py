"""The containers of a container set, and the order between them."""

from __future__ import annotations

from airflow_argo.argo.errors import ManifestError
from airflow_argo.argo.lint.decode import Document
from airflow_argo.argo.lint.names import check_names
from airflow_argo.argo.lint.places import under


def check(container_set: Document) -> None:
    """Check names, mounts and dependencies; messages begin behind ``containerSet.``."""
    containers = container_set.get("containers", [])
    if not containers:
        raise ManifestError("containers must have at least one container")
    with under("containers"):
        check_names(containers, parameters=False)
    _check_mounts(container_set)
    graph = {container["name"]: container.get("dependencies", []) for container in containers}
    for name, dependencies in graph.items():
        for dependency in dependencies:
            if dependency not in graph:
                raise ManifestError(f"containers.{name} dependency '{dependency}' not defined")
    _check_cycles(graph)


def _check_mounts(container_set: Document) -> None:
    mounts: dict[str, str] = {}
    for index, mount in enumerate(container_set.get("volumeMounts", ())):
        path = mount.get("mountPath", "")
        if path in mounts:
            raise ManifestError(f"volumeMounts[{index}].mountPath '{path}' already mounted in {mounts[path]}")
        mounts[path] = f"volumeMounts.{mount.get('name', '')}"


def _check_cycles(graph: dict[str, list[str]]) -> None:
    visited: set[str] = set()

    def visit(name: str, path: list[str]) -> None:
        if name in visited:
            return
        for dependency in graph[name]:
            if dependency in path:
                raise ManifestError(f"containers dependency cycle detected: {'->'.join(path)}->{dependency}")
            visit(dependency, [*path, dependency])
        visited.add(name)

    for name in sorted(graph):
        visit(name, [])
