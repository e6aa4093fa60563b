"""The artifact repository of a workflow: how its keys begin, and whether logs are kept."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

import yaml

from airflow_argo.argo.expressions import gojson
from airflow_argo.local.engine.artifacts import joined
from airflow_argo.local.engine.errors import NodeError
from airflow_argo.local.engine.substitution import EVERYTHING, filled

ConfigMaps: TypeAlias = Callable[[str], "Mapping[str, Any] | None"]
"""Looks up a ConfigMap of the workflow's namespace by its name: a dict with ``metadata`` and ``data``, or None."""

CONFIG_MAP = "artifact-repositories"
DEFAULT_KEY_ANNOTATION = "workflows.argoproj.io/default-artifact-repository"
DEFAULT_KEY_FORMAT = "{{workflow.name}}/{{pod.name}}"

# What a workflow without artifactRepositoryRef uses: the embedded server's own store.
_DEFAULT: dict[str, Any] = {"s3": {"bucket": "artifacts"}}

# Argo's quick-start manifests bring a ConfigMap of this name. Where there is no other one, its examples have to run.
_QUICK_START: dict[str, Any] = {
    "metadata": {"annotations": {DEFAULT_KEY_ANNOTATION: "default-v1"}},
    "data": {
        "default-v1": "archiveLogs: true\ns3: {bucket: my-bucket}",
        "my-key": "archiveLogs: true\ns3: {bucket: my-bucket, keyFormat: 'prefix/{{workflow.name}}/{{pod.name}}'}",
        "empty": "",
    },
}

_KEY_FORMATS = {"azure": "blobNameFormat", "hdfs": "pathFormat"}


def resolve(spec: Mapping[str, Any], namespace: str, config_maps: ConfigMaps) -> dict[str, Any]:
    """Find the repository of a workflow: what Argo keeps as ``status.artifactRepositoryRef``.

    It is the one that ``artifactRepositoryRef`` names; else the default one of the namespace's ConfigMap
    ``artifact-repositories``; else the server's. The files themselves are in the embedded server's store, whatever
    bucket a repository names.

    :raises NodeError: if there is none, or it cannot be read.
    """
    reference = spec.get("artifactRepositoryRef")
    name = str((reference or {}).get("configMap") or CONFIG_MAP)
    config_map = config_maps(name)
    if config_map is None and reference and name == CONFIG_MAP:
        config_map = _QUICK_START
    annotations = ((config_map or {}).get("metadata") or {}).get("annotations") or {}
    key = str((reference or {}).get("key") or annotations.get(DEFAULT_KEY_ANNOTATION) or "")
    text = ((config_map or {}).get("data") or {}).get(key)
    if text is not None:
        repository = _parsed(text, f"{namespace}/{name}#{key}", key)
        return {"artifactRepository": repository, "configMap": name, "key": key, "namespace": namespace}
    if reference:
        shown = f"{reference.get('configMap') or ''}#{reference.get('key') or ''}"
        raise NodeError(
            "failed to resolve artifact repository: "
            f'failed to find any artifact repository for artifact repository ref "{shown}"'
        )
    return {"artifactRepository": copy.deepcopy(_DEFAULT), "default": True}


def _parsed(text: str, reference: str, key: str) -> dict[str, Any]:
    try:
        repository = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise _unreadable(reference, key, str(error)) from error
    if not isinstance(repository, (dict, type(None))):
        raise _unreadable(reference, key, "it is no object")
    return repository or {}


def _unreadable(reference: str, key: str, problem: str) -> NodeError:
    place = f'artifact repository ref "{reference}"'
    return NodeError(
        f"failed to resolve artifact repository: error getting config map for {place}: "
        f'failed to unmarshall config map key "{key}" for {place}: {problem}'
    )


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
) -> Mapping[str, Any]:
    """Tell a pod's template where its outputs go: ``archiveLocation``, filled.

    :param variables: the workflow's and the pod's, ``pod.name`` among them.
    :raises ExpressionError: if a tag of the key format is not known or cannot be evaluated.
    """
    repository = (status.get("artifactRepositoryRef") or {}).get("artifactRepository") or {}
    logs = keeps_logs(repository, spec, template)
    declared = (template.get(side) or {} for side in ("inputs", "outputs"))
    if not logs and not any(side.get("artifacts") for side in declared):
        return template
    parameters = (template.get("inputs") or {}).get("parameters") or ()
    own = {
        f"inputs.parameters.{parameter['name']}": gojson.anystring(parameter.get("value")) for parameter in parameters
    }
    key = filled(key_format(repository), {**variables, **own}, EVERYTHING)
    return {**template, "archiveLocation": {"archiveLogs": logs, "s3": {"key": key}}}
