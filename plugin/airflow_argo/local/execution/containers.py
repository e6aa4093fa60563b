"""The containers of a template's pod. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from airflow_argo.argo.errors import ManifestError
from airflow_argo.argo.expressions import gojson
from airflow_argo.local.engine.errors import NodeError
from airflow_argo.local.engine.times import seconds_of
from airflow_argo.local.execution.logs import MAIN


@dataclass(frozen=True, slots=True)
class Container:
    """One container.

    :param role: ``init`` runs before the others, ``sidecar`` until all ``main`` ones have ended.
    :param body: Argo's own dict, with all volume mounts.
    :param dependencies: names of those that have to succeed first.
    :param attempts: how often it is run at most, until it succeeds.
    :param pause: seconds between two attempts.
    :param is_set_member: whether it belongs to a container set, where each has a node of its own.
    :param probe: tells whether it is ready, where that matters.
    """

    name: str
    role: Literal["init", "main", "sidecar"]
    body: Mapping[str, Any]
    dependencies: Sequence[str] = ()
    attempts: int = 1
    pause: float = 0.0
    is_set_member: bool = False
    probe: Mapping[str, Any] | None = None

    @property
    def mounts(self) -> Sequence[Mapping[str, Any]]:
        """Its ``volumeMounts``."""
        return self.body.get("volumeMounts") or ()


def containers_of(template: Mapping[str, Any]) -> list[Container]:
    """List the containers of a template in the order in which they start.

    :raises ManifestError: if it has none.
    """
    single = template.get("container") or template.get("script")
    members = (template.get("containerSet") or {}).get("containers")
    if members:
        mains = _set_members(template["containerSet"])
    elif single:
        mains = [Container(MAIN, "main", single, probe=_probe(template, single))]
    else:
        raise ManifestError(
            "it is neither a container, a script nor a container set; anything else does not run as a pod here",
            path=f"template {template.get('name')}",
        )
    mirrored = next((main.mounts for main in mains if main.name == MAIN), ())
    inits = [
        Container(each["name"], "init", _with_mounts(each, mirrored)) for each in _listed(template, "initContainers")
    ]
    sidecars = [
        Container(each["name"], "sidecar", _with_mounts(each, mirrored), probe=_probe(template, each))
        for each in _listed(template, "sidecars")
    ]
    return [*inits, *mains, *sidecars]


def _listed(template: Mapping[str, Any], field: str) -> list[Mapping[str, Any]]:
    return list(template.get(field) or ())


def _probe(template: Mapping[str, Any], container: Mapping[str, Any]) -> Mapping[str, Any] | None:
    return container.get("readinessProbe") if template.get("daemon") else None


def _with_mounts(container: Mapping[str, Any], mirrored: Sequence[Mapping[str, Any]]) -> Mapping[str, Any]:
    if not container.get("mirrorVolumeMounts"):
        return container
    return {**container, "volumeMounts": [*(container.get("volumeMounts") or ()), *mirrored]}


def _set_members(container_set: Mapping[str, Any]) -> list[Container]:
    """Give the members; ``retries`` is the number of all attempts, whatever Argo's field reference says."""
    strategy = container_set.get("retryStrategy") or {}
    shared = list(container_set.get("volumeMounts") or ())
    retries = strategy.get("retries")
    return [
        Container(
            member["name"],
            "main",
            {**member, "volumeMounts": [*(member.get("volumeMounts") or ()), *shared]},
            dependencies=tuple(member.get("dependencies") or ()),
            attempts=1 if retries is None else _count(retries),
            pause=_pause(strategy),
            is_set_member=True,
        )
        for member in container_set["containers"]
    ]


def _count(retries: object) -> int:
    text = gojson.anystring(retries)
    return int(text) if text.lstrip("+-").isdigit() else 0


def _pause(strategy: Mapping[str, Any]) -> float:
    text = strategy.get("duration")
    if not text:
        return 0.0
    try:
        return seconds_of(str(text))
    except NodeError as error:
        raise ManifestError(str(error), path="containerSet.retryStrategy.duration") from error
