"""Puts the values of ConfigMaps and Secrets into the environment of a pod's containers, in memory alone."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Protocol

from airflow_argo.argo.errors import ManifestError
from airflow_argo.local.execution.pod import Pod

_LISTS = ("initContainers", "sidecars")


class ObjectSource(Protocol):
    """Finds ConfigMaps and Secrets."""

    def config_map(self, namespace: str, name: str) -> Mapping[str, Any] | None:
        """A ConfigMap, with its ``data``; None if there is none."""
        ...

    def secret(self, namespace: str, name: str) -> Mapping[str, bytes] | None:
        """What a Secret holds; None if there is none."""
        ...


def with_values(pod: Pod, objects: ObjectSource | None) -> Pod:
    """Resolve what the ``env`` and ``envFrom`` of a pod's containers take from ConfigMaps and Secrets.

    :param objects: None leaves everything as it is.
    :raises ManifestError: in the kubelet's words, if something is not there and not optional. On a cluster the pod
        would stay Pending until somebody makes it.
    """
    if objects is None:
        return pod
    values = _Values(objects, pod.namespace)
    template = dict(pod.command.template)
    for field in ("container", "script"):
        if template.get(field):
            template[field] = values.resolved(template[field])
    for field in _LISTS:
        if template.get(field):
            template[field] = [values.resolved(container) for container in template[field]]
    containers = (template.get("containerSet") or {}).get("containers")
    if containers:
        template["containerSet"] = {**template["containerSet"], "containers": [*map(values.resolved, containers)]}
    return replace(pod, command=replace(pod.command, template=template))


@dataclass(frozen=True, slots=True)
class _Values:
    objects: ObjectSource
    namespace: str

    def resolved(self, container: Mapping[str, Any]) -> dict[str, Any]:
        if not container.get("env") and not container.get("envFrom"):
            return dict(container)
        own = [entry for given in container.get("env") or () for entry in self._entry(given)]
        named = {entry["name"] for entry in own}
        # env wins over envFrom, and its $(NAME) do not see what comes from there; command and args do.
        whole = {name: text for source in container.get("envFrom") or () for name, text in self._all(source)}
        others = [_plain(name, text) for name, text in whole.items() if name not in named]
        without = {key: value for key, value in container.items() if key != "envFrom"}
        return {**without, "env": [*own, *others]}

    def _entry(self, entry: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
        source = entry.get("valueFrom") or {}
        for kind, find in _KEYED.items():
            reference = source.get(kind)
            if reference:
                data = find(self, reference.get("name") or "")
                key, optional = reference.get("key") or "", reference.get("optional")
                if data is not None and key in data:
                    yield _plain(entry["name"], data[key])
                elif not optional:
                    raise self._missing(kind.removesuffix("KeyRef"), reference, data is not None, entry["name"])
                return
        yield entry

    def _all(self, source: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
        for kind, find in _WHOLE.items():
            reference = source.get(kind)
            if reference:
                data = find(self, reference.get("name") or "")
                if data is None and not reference.get("optional"):
                    raise self._missing(kind.removesuffix("Ref"), reference, False, "envFrom")
                prefix = source.get("prefix") or ""
                yield from ((f"{prefix}{key}", value) for key, value in (data or {}).items())

    def _missing(self, kind: str, reference: Mapping[str, Any], exists: bool, place: str) -> ManifestError:
        title = "ConfigMap" if kind == "configMap" else "Secret"
        if exists:
            where = f"{title} {self.namespace}/{reference.get('name')}"
            return ManifestError(f"couldn't find key {reference.get('key')} in {where}", path=f"env {place}")
        return ManifestError(f'{title.lower()} "{reference.get("name")}" not found', path=f"env {place}")

    def config_map(self, name: str) -> Mapping[str, str] | None:
        found = self.objects.config_map(self.namespace, name)
        return None if found is None else found["data"]

    def secret(self, name: str) -> Mapping[str, str] | None:
        found = self.objects.secret(self.namespace, name)
        return (
            None if found is None else {key: value.decode("utf-8", "surrogateescape") for key, value in found.items()}
        )


_Find = Callable[[_Values, str], "Mapping[str, str] | None"]
_KEYED: dict[str, _Find] = {"configMapKeyRef": _Values.config_map, "secretKeyRef": _Values.secret}
_WHOLE: dict[str, _Find] = {"configMapRef": _Values.config_map, "secretRef": _Values.secret}


def _plain(name: str, text: str) -> dict[str, str]:
    # Kubernetes does not expand $(NAME) in what comes from an object.
    return {"name": name, "value": text.replace("$", "$$")}
