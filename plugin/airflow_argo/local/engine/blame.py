"""Which of a pod's containers its node's phase and message come from."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from airflow_argo.local.engine.messages import ContainerReport

# A sidecar is killed when main has ended: that is no failure of its own.
_KILLED = frozenset({137, 143})
_EXECUTOR_FAULT = 64


def main_names(template: Mapping[str, Any]) -> list[str]:
    """Name the containers whose end is the pod's."""
    members = (template.get("containerSet") or {}).get("containers")
    return ["main"] if members is None else [member["name"] for member in members]


def judge(containers: Mapping[str, ContainerReport], template: Mapping[str, Any], unsaved: str) -> tuple[str, str]:
    """Tell the phase and the message of a pod of several containers.

    Argo blames init containers first, then the main ones, then what saves their outputs, then sidecars.

    :param unsaved: why an output could not be saved, if so.
    """
    inits = [init["name"] for init in template.get("initContainers") or ()]
    blamed = _first_failed([*inits, *main_names(template)], containers)
    if blamed:
        return "Failed", message(blamed, containers[blamed])
    if unsaved:
        return "Error", f"wait: Error (exit code {_EXECUTOR_FAULT}): {unsaved}"
    sidecars = [sidecar["name"] for sidecar in template.get("sidecars") or ()]
    blamed = _first_failed(sidecars, containers, forgiven=_KILLED)
    return ("Failed", message(blamed, containers[blamed])) if blamed else ("Succeeded", "")


def _first_failed(
    names: Iterable[str], containers: Mapping[str, ContainerReport], forgiven: Iterable[int] = ()
) -> str | None:
    allowed = {0, *forgiven}
    return next((name for name in names if name in containers and containers[name].exit_code not in allowed), None)


def message(name: str, report: ContainerReport) -> str:
    """Say how a container failed, for its pod."""
    text = f"{name}: Error (exit code {report.exit_code})"
    return f"{text}: {report.error}" if report.error else text


def member_phase(name: str, report: ContainerReport) -> tuple[str, str | None]:
    """Tell the phase and the message of a Container node, whose message ends in ``: `` if there is nothing to add."""
    if not report.exit_code:
        return "Succeeded", None
    phase = "Error" if report.exit_code == _EXECUTOR_FAULT else "Failed"
    return phase, f"{name}: Error (exit code {report.exit_code}): {report.error}"
