"""What a workflow asks for that this server does not have, found before it is accepted."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from airflow_argo.local.engine.support import templates_of, unsupported
from airflow_argo.local.engine.volumes import containers_of, mounts_of
from airflow_argo.local.execution.images import Entrypoint, entrypoint_of
from airflow_argo.local.execution.readiness import PROBES
from airflow_argo.local.execution.volumes import is_object, unsupported_kind

_NOT_HERE = ("livenessProbe", "startupProbe", "lifecycle")


def missing(manifest: Mapping[str, Any], images: Mapping[str, Entrypoint] | None) -> list[str]:
    """List what a workflow or a template asks for and is not here, each with its path.

    :param images: what images run that are named without a command; None if the images themselves are run.
    :raises ManifestError: if the table of images cannot be read.
    """
    found = unsupported(manifest)
    spec = manifest.get("spec") or {}
    for path, template in templates_of(manifest):
        found += [f"{path}.{fault}" for fault in _volume_faults(template, spec)]
        found += [f"{path}.{fault}" for fault in (*_probe_faults(template), *_ignored_fields(template))]
        if images is not None and not _may_get_a_command(template, spec):
            found += [f"{path}: {fault}" for fault in _image_faults(template, images)]
    return found


def _volume_faults(template: Mapping[str, Any], spec: Mapping[str, Any]) -> Iterator[str]:
    mounts = list(mounts_of(template))
    mounted = {mount.get("name") for mount in mounts}
    volumes = [volume for holder in (template, spec) for volume in holder.get("volumes") or ()]
    objects = {volume.get("name") for volume in volumes if is_object(volume)}
    for volume in volumes:
        if volume.get("name") in mounted and (fault := unsupported_kind(volume)):
            yield f"volumeMounts.{volume.get('name')}: {fault}"
    for mount in mounts:
        if mount.get("subPathExpr"):
            yield f"volumeMounts.{mount.get('name')}.subPathExpr: not supported by the embedded server"
        if mount.get("subPath") and mount.get("name") in objects:
            reason = "of a ConfigMap or Secret, not supported by the embedded server"
            yield f"volumeMounts.{mount.get('name')}.subPath: {reason}"


def _probe_faults(template: Mapping[str, Any]) -> Iterator[str]:
    for container in containers_of(template) if template.get("daemon") else ():
        probe = container.get("readinessProbe")
        if probe and not any(probe.get(kind) for kind in PROBES):
            yield f"readinessProbe: only {', '.join(PROBES)} are supported"


def _ignored_fields(template: Mapping[str, Any]) -> Iterator[str]:
    for container in containers_of(template):
        yield from (f"{field}: not supported by the embedded server" for field in _NOT_HERE if container.get(field))


def _may_get_a_command(template: Mapping[str, Any], spec: Mapping[str, Any]) -> bool:
    return bool(spec.get("templateDefaults") or spec.get("podSpecPatch") or template.get("podSpecPatch"))


def _image_faults(template: Mapping[str, Any], images: Mapping[str, Entrypoint]) -> Iterator[str]:
    for container in containers_of(template):
        image = str(container.get("image") or "")
        if container.get("command") or not image or "{{" in image or entrypoint_of(image, images) is not None:
            continue
        yield f"what image {image} runs without a command is not known here: add it to images.yaml in --dir"
