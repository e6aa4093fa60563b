"""``/api/v1/workflows``: create, submit, get, list, lint, delete."""

from __future__ import annotations

import time
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from airflow_argo.argo.status import is_archived_record
from airflow_argo.local import listing, queries
from airflow_argo.local.admission import Admission
from airflow_argo.local.archive import is_archived
from airflow_argo.local.controller import Controller
from airflow_argo.local.cron.keeper import CronKeeper
from airflow_argo.local.cron.rules import child
from airflow_argo.local.fields import Fields
from airflow_argo.local.refusal import Refusal, invalid
from airflow_argo.local.server.bodies import answer, entry, read_message, text, texts
from airflow_argo.local.server.creation import created
from airflow_argo.local.shape import filtered, whole
from airflow_argo.local.submission import CRON_KINDS, from_template, read_options, submitted

_PATH = "/api/v1/workflows/{namespace}"


class WorkflowCalls:
    """The handlers, each called as in Argo's ``workflow.proto``."""

    def __init__(self, controller: Controller, admission: Admission, crons: CronKeeper) -> None:
        self._controller = controller
        self._admission = admission
        self._crons = crons

    def routes(self) -> list[Route]:
        """Path and method of each."""
        one = f"{_PATH}/{{name}}"
        return [
            Route(_PATH, self.create, methods=["POST"]),
            Route(_PATH, self.list, methods=["GET"]),
            Route("/api/v1/workflows/", self.list, methods=["GET"]),
            Route("/api/v1/workflows/", self.create, methods=["POST"]),
            Route(f"{_PATH}/submit", self.submit, methods=["POST"]),
            Route(f"{_PATH}/lint", self.lint, methods=["POST"]),
            Route(one, self.get, methods=["GET"]),
            Route(one, self.delete, methods=["DELETE"]),
        ]

    async def create(self, request: Request) -> Response:
        """Admit, store and run a workflow, or only check it (``createOptions.dryRun``, ``serverDryRun``)."""
        kind = "WorkflowCreateRequest"
        message = await read_message(request, f"workflow.{kind}")
        manifest = entry(message, "workflow", dict, kind)
        if manifest is None:
            raise invalid("workflow body not specified")
        options = entry(message, "createOptions", dict, kind) or {}
        dry_run = bool(texts(options, "dryRun", "CreateOptions.createOptions"))
        server_dry_run = bool(entry(message, "serverDryRun", bool, kind))
        namespace = request.path_params.get("namespace", "")
        return await self._create(manifest, namespace, dry_run=dry_run, server_dry_run=server_dry_run)

    async def submit(self, request: Request) -> Response:
        """Create a workflow from a template that is on the server."""
        kind = "WorkflowSubmitRequest"
        message = await read_message(request, f"workflow.{kind}")
        namespace = request.path_params["namespace"]
        options = read_options(entry(message, "submitOptions", dict, kind))
        resource_kind = text(message, "resourceKind", kind)
        resource_name = text(message, "resourceName", kind)
        if resource_kind in CRON_KINDS:
            made = child(self._crons.get(namespace, resource_name), scheduled=time.time())
        else:
            made = from_template(resource_kind, resource_name)
        manifest = submitted(made, options, self._admission.templates, namespace)
        dry_run, server_dry_run = bool(options.get("dryRun")), bool(options.get("serverDryRun"))
        return await self._create(manifest, namespace, dry_run=dry_run, server_dry_run=server_dry_run, submit=True)

    async def _create(
        self, manifest: dict[str, Any], namespace: str, *, dry_run: bool, server_dry_run: bool, submit: bool = False
    ) -> Response:
        workflow = self._admission.checked(manifest, "" if submit and dry_run else namespace, lookup=namespace)
        if dry_run:
            return answer(whole(workflow))
        self._admission.admit(workflow, namespace)
        if server_dry_run:
            return answer(whole(self._dry_run(workflow)))
        return await created(self._controller, workflow)

    def _dry_run(self, workflow: dict[str, Any]) -> dict[str, Any]:
        self._controller.check_name(workflow["metadata"])
        self._controller.new_identity(workflow)
        return workflow

    async def lint(self, request: Request) -> Response:
        """Check a manifest; one that can be read but is not valid is a 500 here, not a 400 (seen on v4.1.2)."""
        message = await read_message(request, "workflow.WorkflowLintRequest")
        manifest = entry(message, "workflow", dict, "WorkflowLintRequest")
        if manifest is None:
            raise Refusal("UNKNOWN", "unable to get a workflow")
        self._admission.check_types(manifest)
        try:
            namespace = request.path_params["namespace"]
            return answer(whole(self._admission.checked(manifest, "", lookup=namespace, lint=True)))
        except Refusal as refusal:
            if refusal.code == "INVALID_ARGUMENT":
                raise Refusal("UNKNOWN", refusal.message) from refusal
            raise

    async def get(self, request: Request) -> Response:
        """One workflow, whole or in part (``fields``)."""
        query = queries.parameters(request, "getOptions")
        fields, uid = Fields.parse(query.get("fields", "")), query.get("uid", "")
        namespace, name = request.path_params["namespace"], request.path_params["name"]
        with_nodes = not fields.will_exclude("status.nodes")
        workflow = self._controller.find_or_archived(namespace, name, uid, nodes=with_nodes)
        return answer(filtered(fields.select(workflow)) if fields else whole(workflow))

    async def list(self, request: Request) -> Response:
        """The workflows of a namespace, or of all."""
        namespace = request.path_params.get("namespace", "")
        query = queries.parameters(request)
        options = listing.ListOptions.parse(namespace, query)
        fields = Fields.parse(query.get("fields", ""))
        live = [workflow for workflow in self._controller.workflows(options.namespace) if options.matches(workflow)]
        archive = self._controller.archive
        if archive.enabled:
            live = [workflow for workflow in live if not is_archived(workflow)]
        page = listing.page(options, live, archive.rows(options))
        return answer(self._list_answer(page, options.offset, fields))

    def _list_answer(self, page: listing.Page, offset: int, fields: Fields) -> dict[str, Any]:
        items = page.items
        if not fields.will_exclude("items.status.nodes"):
            items = [
                item if is_archived_record(item) else self._controller.by_uid(item["metadata"]["uid"]) or item
                for item in items
            ]
        body = {"metadata": page.metadata(offset, self._controller.version), "items": items}
        if not fields:
            return {**body, "items": [whole(item) for item in items] or None}
        kept = fields.select(body)
        shaped = [filtered(item) for item in kept.get("items", ())]
        return {"metadata": kept.get("metadata", {}), "items": shaped or None}

    async def delete(self, request: Request) -> Response:
        """Remove a workflow; ``deleteOptions`` are ignored, as on v4.1.2."""
        queries.boolean(queries.parameters(request, "deleteOptions"), "force")
        self._controller.delete(request.path_params["namespace"], request.path_params["name"])
        return answer({})
