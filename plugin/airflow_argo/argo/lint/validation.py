"""Argo's own validation, as its server does it for a create request."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from airflow_argo.argo.errors import ManifestError, NotFoundError
from airflow_argo.argo.expressions import gojson
from airflow_argo.argo.lint.context import CLUSTER_TEMPLATE, TEMPLATE, WORKFLOW, Base, Context, Lookup, no_templates
from airflow_argo.argo.lint.decode import Document, decode, decode_workflow
from airflow_argo.argo.lint.names import MAX_OBJECT_NAME, size
from airflow_argo.argo.lint.workflow import check_workflow

_TOO_DEEP = "the templates call each other more deeply than the 100 levels that Argo runs"
_PLACE = re.compile(r"(?:error in )?((?:spec\.|hooks\.|templates\.)[^ :]+)")
_GO_PLACE = re.compile(r"Go struct field \w+\.(?:workflow|template)\.(\S+) of type")


def validate(manifest: Mapping[str, Any], *, templates: Lookup | None = None, allow_empty: bool = False) -> None:
    """Validate a Workflow as the Argo Server does when it is created.

    :param manifest: the Workflow; it is left alone.
    :param templates: finds a WorkflowTemplate by name, or a ClusterWorkflowTemplate if the second argument is true.
    :param allow_empty: accept workflow arguments without a value, as Argo's lint does.
    :raises ManifestError: for the first thing that is wrong; ``message`` is Argo's own, ``path`` the place in it.
    :raises NotFoundError: if the WorkflowTemplate of ``spec.workflowTemplateRef`` is not there, in Kubernetes' words.
    """
    error = validation_error(manifest, templates or no_templates, allow_empty=allow_empty)
    if error is not None:
        raise error


def validation_error(
    manifest: Mapping[str, Any], templates: Lookup | None, *, allow_empty: bool = False
) -> ManifestError | NotFoundError | None:
    """Return what ``validate`` raises; without ``templates``, references to the server's templates are not followed."""
    try:
        workflow = decode_workflow(manifest)
        base = Base(WORKFLOW, workflow.get("metadata", {}).get("name", ""), workflow.get("spec", {}))
        check_workflow(Context(base, templates), workflow, allow_empty=allow_empty)
    except ManifestError as error:
        return _placed(error)
    except NotFoundError as error:
        return error
    except RecursionError:
        return ManifestError(_TOO_DEEP)
    return None


def validate_template(manifest: Mapping[str, Any], *, cluster: bool = False, templates: Lookup | None = None) -> None:
    """Validate a WorkflowTemplate, or a ClusterWorkflowTemplate, as the Argo Server does when it is created.

    :raises ManifestError: as ``validate``.
    """
    error = template_error(manifest, templates or no_templates, cluster=cluster)
    if error is not None:
        raise error


def template_error(
    manifest: Mapping[str, Any], templates: Lookup | None, *, cluster: bool = False
) -> ManifestError | None:
    """Return what ``validate_template`` raises; without ``templates``, references are not followed."""
    kind = CLUSTER_TEMPLATE if cluster else TEMPLATE
    try:
        found = decode(manifest, "Workflow", (f"{kind}CreateRequest", ("template",)))
        metadata = found.get("metadata", {})
        _check_length(metadata.get("name", ""), cluster=cluster)
        # Argo puts the template into a Workflow without a name of its own.
        workflow: Document = {
            "metadata": {key: metadata[key] for key in ("labels", "annotations") if key in metadata},
            "spec": found.get("spec", {}),
        }
        context = Context(Base(WORKFLOW, "", workflow["spec"]), templates, template_only=True)
        check_workflow(context, workflow, allow_empty=True)
    except ManifestError as error:
        return _placed(error)
    except RecursionError:
        return ManifestError(_TOO_DEEP)
    return None


def _check_length(name: str, *, cluster: bool) -> None:
    if size(name) > MAX_OBJECT_NAME:
        what = "cluster workflow template" if cluster else "workflow template"
        limit = f"must not be more than {MAX_OBJECT_NAME} characters long (currently {size(name)})"
        raise ManifestError(f'{what} name "{gojson.quote(name)}" {limit}')


def _placed(error: ManifestError) -> ManifestError:
    """Give an error the place that its message begins with, without touching the message."""
    place = _PLACE.match(error.message) or _GO_PLACE.search(error.message)
    placed = ManifestError(error.message, hint=error.hint)
    placed.path = place[1] if place else error.path
    return placed
