"""The operations of the Argo Server, one function each; every one builds a :class:`Call` and does nothing else.

``fields`` are paths within a workflow (``status.phase``), whatever the endpoint: the prefixes that lists and streams
want are added here. A leading ``-`` leaves these fields out instead.

All of them raise ManifestError for a namespace or a name that cannot stand in a path, before anything is sent.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from airflow_argo.argo.api import shapes
from airflow_argo.argo.api.addresses import checked, field_filter, options, pairs, quoted, workflow_path
from airflow_argo.argo.api.calls import EVENT_STREAM, Call
from airflow_argo.argo.api.shapes import Json

STATUS_FIELDS = (
    "metadata.name",
    "metadata.uid",
    "metadata.resourceVersion",
    "metadata.labels",
    "status.phase",
    "status.message",
    "status.progress",
    "status.startedAt",
    "status.finishedAt",
)
"""What :func:`workflow_status` asks for: some 300 bytes however many nodes there are (seen on v4.1.2)."""


def create_workflow(namespace: str, manifest: Mapping[str, Any], *, server_dry_run: bool = False) -> Call[Json]:
    """Create a workflow, exactly once where it has a name: a second one of the same name is an AlreadyExistsError.

    :param server_dry_run: check it as Kubernetes would, and create nothing.
    :returns: the workflow as stored, still without a phase.
    """
    body: Json = {"workflow": manifest}
    if server_dry_run:
        body["serverDryRun"] = True
    # With generateName a repeated request would make a second workflow.
    named = bool(_name(manifest))
    return Call("POST", workflow_path(namespace), shapes.workflow, body=body, repeatable=named or server_dry_run)


def submit_workflow(namespace: str, kind: str, name: str, submit_options: Mapping[str, Any]) -> Call[Json]:
    """Create a workflow from what is on the server already.

    :param kind: ``WorkflowTemplate``, ``ClusterWorkflowTemplate`` or ``CronWorkflow``.
    :param submit_options: Argo's SubmitOpts: ``name``, ``parameters`` (a list of ``k=v``), ``labels`` (``k=v,k2=v2``)…
    :returns: the workflow as stored, still without a phase.
    """
    body = {"resourceKind": kind, "resourceName": checked(name, "name"), "submitOptions": submit_options}
    named = bool(submit_options.get("name"))
    return Call(
        "POST",
        f"{workflow_path(namespace)}/submit",
        shapes.workflow,
        body=body,
        repeatable=named,
        kind_of=shapes.malformed_option,
    )


def lint_workflow(namespace: str, manifest: Mapping[str, Any]) -> Call[Json]:
    """Ask what the server thinks of a manifest; it names the first error only, as a RequestRefusedError."""
    body = {"workflow": manifest}
    return Call("POST", f"{workflow_path(namespace)}/lint", shapes.workflow, body=body, kind_of=shapes.invalid_manifest)


def get_workflow(namespace: str, name: str, *, fields: Sequence[str] = (), uid: str = "") -> Call[Json]:
    """Read a workflow, with its nodes unless the fields leave them out; also from the archive.

    :param uid: the one that is meant, should the name have been taken again; another one is a NotFoundError.
    """
    query = pairs(fields=field_filter(fields), uid=uid)
    path = workflow_path(namespace, name)
    if not uid:
        return Call("GET", path, shapes.workflow, query=query)
    return Call("GET", path, shapes.workflow_with(uid), query=query, kind_of=shapes.uid_unknown)


def workflow_status(namespace: str, name: str, *, uid: str = "") -> Call[Json]:
    """Read the little that a poll needs (:data:`STATUS_FIELDS`), at a cost that does not grow with the nodes."""
    return get_workflow(namespace, name, fields=STATUS_FIELDS, uid=uid)


def list_workflows(
    namespace: str,
    *,
    label_selector: str = "",
    field_selector: str = "",
    limit: int = 0,
    continue_from: str = "",
    remaining_count: bool = False,
    fields: Sequence[str] = (),
) -> Call[Json]:
    """List workflows as ``{"metadata": …, "items": […]}``.

    :param limit: how many at most, 0 for all. A limited page holds those that started last.
    :param continue_from: the ``metadata.continue`` of the page before.
    :param remaining_count: also count the rest. Argo 4.0 to 4.1.2 forget ``continue`` without it (argo-workflows
        issue 15639); servers before 3.5.7 refuse it.
    """
    selectors = [field_selector, "ext.showRemainingItemCount=true" if remaining_count else ""]
    query = options(
        "listOptions",
        labelSelector=label_selector,
        fieldSelector=",".join(filter(None, selectors)),
        limit=str(limit or ""),
        **{"continue": continue_from},
    ) + pairs(fields=field_filter(fields, "items.", ["metadata"]))
    return Call("GET", workflow_path(namespace), shapes.workflow_list, query=query)


def end_workflow(action: str, namespace: str, name: str) -> Call[Json]:
    """Stop or terminate a workflow.

    :param action: ``stop`` or ``terminate``.
    """
    return terminate_workflow(namespace, name) if action == "terminate" else stop_workflow(namespace, name)


def stop_workflow(namespace: str, name: str) -> Call[Json]:
    """Stop a workflow; its exit handlers still run. It ends a little after the answer.

    :returns: the workflow, or an empty dict when it had ended already.
    """
    return replace(_change(namespace, name, "stop"), fulfilled_by=shapes.ended_already)


def terminate_workflow(namespace: str, name: str) -> Call[Json]:
    """Stop a workflow without its exit handlers. It ends a little after the answer.

    :returns: the workflow, or an empty dict when it had ended already.
    """
    return replace(_change(namespace, name, "terminate"), fulfilled_by=shapes.ended_already)


def suspend_workflow(namespace: str, name: str) -> Call[Json]:
    """Start no new nodes; those that run go on."""
    return _change(namespace, name, "suspend")


def resume_workflow(namespace: str, name: str) -> Call[Json]:
    """Go on after a suspend, and past every suspend node that waits."""
    return _change(namespace, name, "resume")


def retry_workflow(namespace: str, name: str) -> Call[Json]:
    """Run the failed nodes of a Failed or Error workflow again, under the same name and uid.

    Sent bare: with parameters Argo runs the successful workers again, too. Not repeatable: a ConflictError says that
    another one retried at the same moment, and a second try would be refused because the workflow runs.
    """
    return replace(_change(namespace, name, "retry"), repeatable=False)


def delete_workflow(namespace: str, name: str) -> Call[Json]:
    """Delete a workflow from the cluster, not from the archive.

    :returns: an empty dict; a missing one is a NotFoundError.
    """
    return Call("DELETE", workflow_path(namespace, name), shapes.an_object)


def watch_workflows(
    namespace: str,
    *,
    label_selector: str = "",
    resource_version: str = "",
    timeout_seconds: int | None = None,
    fields: Sequence[str] = (),
) -> Call[Json]:
    """Follow changes as ``{"type": "ADDED" | "MODIFIED" | "DELETED", "object": workflow}``.

    The stream only ever ends as a StreamEndedError: after ``timeout_seconds``, after 30 to 60 minutes otherwise, when
    the resource version is too old, or because something broke it.

    :param resource_version: only what came after; empty: every existing one first, as ``ADDED``.
    """
    query = options(
        "listOptions",
        labelSelector=label_selector,
        resourceVersion=resource_version,
        timeoutSeconds="" if timeout_seconds is None else str(timeout_seconds),
    ) + pairs(fields=field_filter(fields, "result.object.", ["result.type", "error"]))
    path = f"/api/v1/workflow-events/{quoted(namespace, 'namespace')}"
    return Call("GET", path, shapes.event, query=query, accept=EVENT_STREAM, endless=True)


def workflow_log(
    namespace: str,
    name: str,
    *,
    pod_name: str = "",
    container: str = "main",
    tail_lines: int | None = None,
    limit_bytes: int | None = None,
    follow: bool = False,
    grep: str = "",
) -> Call[Json]:
    """Read log lines as ``{"content": text, "podName": name}``.

    Nothing comes for an unknown pod or container, or one that is gone. The executor's own lines (`` argo=true``) are
    among those of ``main``, and come last.

    :param pod_name: a pod, not a node id; empty for all.
    :param follow: go on until the *workflow* ends, even for a single pod.
    :param grep: a regular expression (Go's RE2) for the content.
    """
    # Without a container Argo v4.1.2 crashes as a whole on a pod that has just one (argo-workflows issue 13585).
    query = pairs(podName=pod_name, grep=grep) + options(
        "logOptions",
        container=checked(container, "container"),
        follow="true" if follow else "",
        tailLines="" if tail_lines is None else str(tail_lines),
        limitBytes="" if limit_bytes is None else str(limit_bytes),
    )
    path = f"{workflow_path(namespace, name)}/log"
    return Call("GET", path, shapes.log_line, query=query, accept=EVENT_STREAM)


def version() -> Call[Json]:
    """Read the server's version; answered to any token, so it proves nothing about one."""
    return Call("GET", "/api/v1/version", shapes.versioned)


def info() -> Call[Json]:
    """Read the server's settings for its UI; answered to any token."""
    return Call("GET", "/api/v1/info", shapes.an_object)


def userinfo() -> Call[Json]:
    """Read whom the server takes the token for; answered to any token."""
    return Call("GET", "/api/v1/userinfo", shapes.an_object)


def _change(namespace: str, name: str, verb: str) -> Call[Json]:
    return Call("PUT", f"{workflow_path(namespace, name)}/{verb}", shapes.an_object, body={})


def _name(manifest: Mapping[str, Any]) -> Any:
    metadata = manifest.get("metadata")
    return metadata.get("name") if isinstance(metadata, Mapping) else None
