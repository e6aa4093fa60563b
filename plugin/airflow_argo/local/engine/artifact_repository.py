"""The artifact repository of a workflow: how its keys begin, and whether logs are kept."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

import yaml

from airflow_argo.local.engine.arguments import ConfigMapLookup
from airflow_argo.local.engine.artifacts import joined
from airflow_argo.local.engine.errors import NodeError
from airflow_argo.local.engine.substitution import filled

CONFIG_MAP = "artifact-repositories"
DEFAULT_KEY_FORMAT = "{{workflow.name}}/{{pod.name}}"

# What a workflow without artifactRepositoryRef uses: the embedded server's own store.
_DEFAULT: dict[str, Any] = {"s3": {"bucket": "artifacts"}}

# Argo's quick-start manifests bring a ConfigMap of this name. Where there is no other one, its examples have to run.
_QUICK_START: dict[str, str] = {
    "default-v1": "archiveLogs: true\ns3: {bucket: my-bucket}",
    "my-key": "archiveLogs: true\ns3: {bucket: my-bucket, keyFormat: 'prefix/{{workflow.name}}/{{pod.name}}'}",
    "empty": "",
}
_KEY_FORMATS = {"azure": "blobNameFormat", "hdfs": "pathFormat"}


def resolve(spec: Mapping[str, Any], namespace: str, config_map: ConfigMapLookup) -> dict[str, Any]:
    """Find the repository that ``artifactRepositoryRef`` names: what Argo keeps as ``status.artifactRepositoryRef``.

    :raises NodeError: if there is none, or it cannot be read.
    """
    reference = spec.get("artifactRepositoryRef")
    if not reference:
        return {"artifactRepository": copy.deepcopy(_DEFAULT), "default": True}
    name, key = str(reference.get("configMap") or CONFIG_MAP), str(reference.get("key") or "")
    text = config_map(name, key)
    if text is None and name == CONFIG_MAP:
        text = _QUICK_START.get(key or "default-v1")
    if text is None:
        shown = f"{reference.get('configMap') or ''}#{key}"
        raise NodeError(
            "failed to resolve artifact repository: "
            f'failed to find any artifact repository for artifact repository ref "{shown}"'
        )
    return {"configMap": name, "key": key, "namespace": namespace, "artifactRepository": _parsed(name, key, text)}


def _parsed(name: str, key: str, text: str) -> dict[str, Any]:
    where = f'config map key "{key}" for artifact repository ref "{name}#{key}"'
    try:
        repository = yaml.safe_load(text) or {}
    except yaml.YAMLError as error:
        raise NodeError(f"failed to resolve artifact repository: failed to unmarshall {where}: {error}") from None
    if not isinstance(repository, dict):
        raise NodeError(f"failed to resolve artifact repository: failed to unmarshall {where}: it is no object")
    return repository


def key_format(repository: Mapping[str, Any]) -> str:
    """Give the pattern that the keys of a pod's artifacts begin with."""
    kind, settings = next(
        ((kind, value) for kind, value in repository.items() if isinstance(value, Mapping)), ("s3", {})
    )
    own = settings.get(_KEY_FORMATS.get(kind, "keyFormat"))
    return str(own) if own else joined(str(settings.get("keyPrefix") or ""), DEFAULT_KEY_FORMAT)


def keeps_logs(repository: Mapping[str, Any], spec: Mapping[str, Any], template: Mapping[str, Any]) -> bool:
    """Tell whether a pod's log becomes an artifact: the repository switches it on for all, else template, workflow."""
    if repository.get("archiveLogs"):
        return True
    own = (template.get("archiveLocation") or {}).get("archiveLogs")
    return bool(spec.get("archiveLogs") if own is None else own)


def with_archive_location(
    template: Mapping[str, Any], spec: Mapping[str, Any], status: Mapping[str, Any], variables: Mapping[str, str]
) -> dict[str, Any]:
    """Tell a pod's template where its outputs go: ``archiveLocation``, filled.

    :param variables: the workflow's and the pod's, ``pod.name`` among them.
    :raises ExpressionError: if a tag of the key format cannot be evaluated.
    """
    repository = (status.get("artifactRepositoryRef") or {}).get("artifactRepository") or {}
    logs = keeps_logs(repository, spec, template)
    declared = (template.get(side) or {} for side in ("inputs", "outputs"))
    if not logs and not any(side.get("artifacts") for side in declared):
        return dict(template)
    key = filled(key_format(repository), variables)
    return {**template, "archiveLocation": {"archiveLogs": logs, "s3": {"key": key}}}
