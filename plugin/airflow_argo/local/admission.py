"""What a workflow or a template has to be to get onto the server: read as Go reads it, valid, and supported."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from airflow_argo.argo.errors import ManifestError, NotFoundError
from airflow_argo.argo.lint import validate, validate_template
from airflow_argo.argo.lint.decode import decode, decode_workflow
from airflow_argo.argo.lint.encode import encode
from airflow_argo.local.engine.lifecycle import mark_workflow
from airflow_argo.local.names import check_metadata, check_namespace
from airflow_argo.local.refusal import GrpcCode, Refusal, invalid
from airflow_argo.local.templates import CLUSTER_WORKFLOW_TEMPLATE, Kind, Templates

Lookup = Callable[[str, bool], Mapping[str, Any] | None]
# Labels that only the server gives: to whom a token belongs, and which controller is responsible.
_SERVER_LABELS = tuple(
    f"workflows.argoproj.io/{name}"
    for name in ("creator", "creator-email", "creator-preferred-username", "controller-instanceid")
)
_GIVEN_BY_SERVER = ("uid", "creationTimestamp", "generation", "deletionTimestamp", "selfLink", "managedFields")


class Admission:
    """Decides what is let in.

    :param unsupported: names everything in a manifest that the embedded server does not have.
    :param clock: seconds since the epoch.
    """

    def __init__(
        self,
        templates: Templates,
        unsupported: Callable[[Mapping[str, Any]], Sequence[str]],
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.templates = templates
        self._unsupported = unsupported
        self._clock = clock

    def lookup(self, namespace: str) -> Lookup:
        """How the templates that a workflow of this namespace names are found: by name, and whether cluster-scoped."""
        return lambda name, cluster_scope: self.templates.find(namespace, name, cluster_scope=cluster_scope)

    def checked(
        self, manifest: Mapping[str, Any], namespace: str, *, lookup: str, lint: bool = False
    ) -> dict[str, Any]:
        """Read and check a workflow's manifest.

        :param namespace: what its metadata gets if it names none; empty to leave it so.
        :param lookup: the namespace whose templates it may name.
        :param lint: as the lint endpoint does, which lets arguments without values pass.
        :raises Refusal: HTTP 400 with Argo's text (lint: 500 for what can be read but is not valid), 404 for an
            unknown workflowTemplateRef.
        """
        with _refusing():
            workflow = _written(decode_workflow(manifest))
        code: GrpcCode = "UNKNOWN" if lint else "INVALID_ARGUMENT"
        with _refusing(code):
            validate(manifest, templates=self.lookup(lookup), allow_empty=lint)
        self._check_support(workflow, code)
        self._store_templates(workflow, lookup)
        _drop_server_labels(workflow["metadata"])
        if namespace:
            workflow["metadata"].setdefault("namespace", namespace)
        return workflow

    def check_types(self, manifest: Mapping[str, Any]) -> None:
        """Refuse a workflow that Go cannot decode: the Argo Server never gets to see it.

        :raises Refusal: HTTP 400 with Go's text.
        """
        with _refusing():
            decode_workflow(manifest)

    def admit(self, workflow: dict[str, Any], namespace: str) -> None:
        """Check what Kubernetes checks of a new object, and take out of its metadata what the server gives.

        :raises Refusal: HTTP 400.
        """
        metadata = workflow["metadata"]
        if not namespace or metadata.get("namespace") != namespace:
            raise invalid("the namespace of the provided object does not match the namespace sent on the request")
        check_namespace(namespace, metadata)
        check_metadata("Workflow", metadata)
        for name in _GIVEN_BY_SERVER:
            metadata.pop(name, None)

    def stored_as_it_is(self, manifest: Mapping[str, Any], namespace: str) -> dict[str, Any]:
        """Take in a workflow that the server makes itself: Kubernetes checks it, and Argo only when it begins.

        :returns: the workflow; one that Argo finds invalid has failed already, as the controller lets it fail.
        :raises Refusal: HTTP 400.
        """
        workflow = _written(decode_workflow(manifest))
        workflow["metadata"].setdefault("namespace", namespace)
        self.admit(workflow, namespace)
        self._store_templates(workflow, namespace)
        try:
            validate(manifest, templates=self.lookup(namespace))
        except (ManifestError, NotFoundError) as error:
            mark_workflow(workflow, "Failed", f"invalid spec: {error.message}", self._clock())
            workflow["status"]["progress"] = "0/0"
        return workflow

    def checked_template(self, manifest: Mapping[str, Any], kind: Kind, namespace: str) -> dict[str, Any]:
        """Read and check a template.

        :raises Refusal: HTTP 400 with Argo's text.
        """
        place = (f"{kind.name}CreateRequest", ("template",))
        with _refusing():
            validate_template(manifest, cluster=kind is CLUSTER_WORKFLOW_TEMPLATE, templates=self.lookup(namespace))
            template = _written(decode(manifest, "Workflow", place))
        del template["status"]
        self._check_support(template)
        return template

    def _store_templates(self, workflow: dict[str, Any], namespace: str) -> None:
        """Keep the templates of the workflowTemplateRef with the workflow: what it runs is settled now."""
        reference = workflow["spec"].get("workflowTemplateRef") or {}
        cluster_scope = bool(reference.get("clusterScope"))
        found = self.templates.find(namespace, reference.get("name", ""), cluster_scope=cluster_scope)
        if found is not None:
            scope = f"{'cluster' if cluster_scope else 'namespaced'}/{reference['name']}"
            templates = found["spec"].get("templates") or ()
            workflow["status"]["storedTemplates"] = {f"{scope}/{each.get('name', '')}": each for each in templates}

    def _check_support(self, manifest: Mapping[str, Any], code: GrpcCode = "INVALID_ARGUMENT") -> None:
        with _refusing(code):
            missing = "; ".join(self._unsupported(manifest))
        if missing:
            raise Refusal(code, f"the embedded Argo Server does not support all of this, a cluster's does: {missing}")


@contextmanager
def _refusing(code: GrpcCode = "INVALID_ARGUMENT") -> Iterator[None]:
    try:
        yield
    except ManifestError as error:
        raise Refusal(code, error.message) from error
    except NotFoundError as error:
        raise Refusal("NOT_FOUND", error.message) from error


def _drop_server_labels(metadata: dict[str, Any]) -> None:
    labels = {key: value for key, value in (metadata.pop("labels", None) or {}).items() if key not in _SERVER_LABELS}
    if labels:
        metadata["labels"] = labels


def _written(decoded: Mapping[str, Any]) -> dict[str, Any]:
    """What Go's types write; apiVersion and kind are dropped, as in the real server's answers."""
    written = encode(decoded, "Workflow")
    return {part: dict(written.get(part) or {}) for part in ("metadata", "spec", "status")}
