"""The global variables: everything under ``workflow.``."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timezone
from typing import Any

from airflow_argo.argo.expressions import gojson
from airflow_argo.local.engine.arguments import parameters_json
from airflow_argo.local.engine.config_maps import ConfigMapLookup, parameter_value
from airflow_argo.local.engine.errors import NodeError
from airflow_argo.local.engine.times import epoch, rfc3339

SCHEDULED_TIME_ANNOTATION = "workflows.argoproj.io/scheduled-time"

_STRFTIME = "BbmAadHIMSYyp"


def start_variables(
    workflow: Mapping[str, Any], spec: Mapping[str, Any], config_map: ConfigMapLookup, now: float
) -> dict[str, str]:
    """Collect what is known of a workflow before any of its templates runs.

    :raises NodeError: if an argument has no value.
    """
    metadata = workflow["metadata"]
    created = epoch(metadata.get("creationTimestamp") or rfc3339(now))
    variables = {
        "workflow.name": metadata["name"],
        "workflow.namespace": metadata.get("namespace", ""),
        "workflow.mainEntrypoint": spec.get("entrypoint", ""),
        "workflow.serviceAccountName": spec.get("serviceAccountName", ""),
        "workflow.uid": metadata.get("uid", ""),
        **_creation_time(created),
    }
    scheduled = (metadata.get("annotations") or {}).get(SCHEDULED_TIME_ANNOTATION)
    if scheduled is not None:
        variables["workflow.scheduledTime"] = scheduled
    if spec.get("priority") is not None:
        variables["workflow.priority"] = str(spec["priority"])
    variables.update(_arguments(spec, config_map))
    for parameter in ((workflow.get("status") or {}).get("outputs") or {}).get("parameters") or ():
        if parameter.get("value") is not None:
            variables[f"workflow.outputs.parameters.{parameter['name']}"] = gojson.anystring(parameter["value"])
    variables.update(metadata_variables(workflow, spec))
    return variables


def _creation_time(created: float) -> dict[str, str]:
    moment = datetime.fromtimestamp(created, tz=timezone.utc)
    prefix = "workflow.creationTimestamp"
    return {
        prefix: rfc3339(created),
        **{f"{prefix}.{char}": moment.strftime(f"%{char}") for char in _STRFTIME},
        f"{prefix}.Z": "UTC",
        f"{prefix}.z": "+0000",
        f"{prefix}.L": ".000",
        f"{prefix}.s": str(int(created)),
        f"{prefix}.RFC3339": rfc3339(created),
    }


def _arguments(spec: Mapping[str, Any], config_map: ConfigMapLookup) -> dict[str, str]:
    parameters = (spec.get("arguments") or {}).get("parameters")
    whole = parameters_json(parameters)
    variables = {"workflow.parameters": whole, "workflow.parameters.json": whole}
    for parameter in parameters or ():
        variables[f"workflow.parameters.{parameter['name']}"] = _argument(parameter, config_map)
    return variables


def _argument(parameter: Mapping[str, Any], config_map: ConfigMapLookup) -> str:
    name, source = parameter["name"], parameter.get("valueFrom") or {}
    if parameter.get("value") is not None:
        return gojson.anystring(parameter["value"])
    reference = source.get("configMapKeyRef")
    if not reference:
        raise NodeError(f"either value or valueFrom must be specified in order to set global parameter {name}")
    try:
        return parameter_value(config_map, reference.get("name", ""), reference.get("key", ""))
    except NodeError as error:
        if source.get("default") is None:
            place = f"configmap with name {reference.get('name', '')} and key {reference.get('key', '')}"
            raise NodeError(f"failed to set global parameter {name} from {place}: {error}") from error
    return gojson.anystring(source["default"])


def metadata_variables(workflow: Mapping[str, Any], spec: Mapping[str, Any]) -> dict[str, str]:
    """Collect ``workflow.labels`` and ``workflow.annotations``; labels that an expression makes come later."""
    own = spec.get("workflowMetadata") or {}
    later = own.get("labelsFrom") or {}
    variables: dict[str, str] = {}
    for kind in ("labels", "annotations"):
        entries = workflow["metadata"].get(kind)
        whole = gojson.dumps(entries)
        variables[f"workflow.{kind}"] = variables[f"workflow.{kind}.json"] = whole
        for name, value in {**(entries or {}), **(own.get(kind) or {})}.items():
            if kind == "annotations" or name not in later:
                variables[f"workflow.{kind}.{name}"] = str(value)
    return variables
