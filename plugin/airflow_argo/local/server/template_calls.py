"""``/api/v1/workflow-templates`` and ``/api/v1/cluster-workflow-templates``."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from airflow_argo.local import queries
from airflow_argo.local.admission import Admission
from airflow_argo.local.refusal import invalid
from airflow_argo.local.selectors import FieldSelector, LabelSelector
from airflow_argo.local.server.bodies import answer, entry, read_message
from airflow_argo.local.templates import CLUSTER_WORKFLOW_TEMPLATE, WORKFLOW_TEMPLATE, Kind, Templates


class TemplateCalls:
    """The handlers for one kind of template."""

    def __init__(self, kind: Kind, templates: Templates, admission: Admission) -> None:
        self._kind = kind
        self._templates = templates
        self._admission = admission

    def routes(self) -> list[Route]:
        """Path and method of each."""
        if self._kind is CLUSTER_WORKFLOW_TEMPLATE:
            path, everywhere = "/api/v1/cluster-workflow-templates", []
        else:
            path = "/api/v1/workflow-templates/{namespace}"
            # Without a namespace: those of all.
            everywhere = [Route("/api/v1/workflow-templates/", self.list, methods=["GET"])]
        return [
            *everywhere,
            Route(path, self.create, methods=["POST"]),
            Route(path, self.list, methods=["GET"]),
            Route(f"{path}/lint", self.lint, methods=["POST"]),
            Route(f"{path}/{{name}}", self.get, methods=["GET"]),
            Route(f"{path}/{{name}}", self.update, methods=["PUT"]),
            # Argo's own client leaves the name out of the path.
            Route(f"{path}/", self.update, methods=["PUT"]),
            Route(f"{path}/{{name}}", self.delete, methods=["DELETE"]),
        ]

    async def create(self, request: Request) -> Response:
        """Store a new one; ``createOptions`` are ignored, as on v4.1.2."""
        template = await self._checked(request, "Create")
        return answer(self._templates.create(self._kind, _namespace(request), template))

    async def lint(self, request: Request) -> Response:
        """Check one."""
        return answer(await self._checked(request, "Lint"))

    async def update(self, request: Request) -> Response:
        """Replace the one that the body names; the path's name does not matter, as on v4.1.2."""
        template = await self._checked(request, "Update")
        return answer(self._templates.update(self._kind, _namespace(request), template))

    async def get(self, request: Request) -> Response:
        """One by name."""
        queries.parameters(request, "getOptions")
        return answer(self._templates.get(self._kind, _namespace(request), request.path_params["name"]))

    async def list(self, request: Request) -> Response:
        """All of a namespace, by labels, fields and part of the name; a limit is ignored, as on v4.1.2."""
        query = queries.parameters(request, "listOptions")
        labels = LabelSelector.parse(query.get("listOptions.labelSelector", ""))
        fields = FieldSelector.parse(query.get("listOptions.fieldSelector", ""), self._kind.resource)
        pattern = query.get("namePattern", "") if self._kind is WORKFLOW_TEMPLATE else ""
        items = [
            template
            for template in self._templates.all(self._kind, _namespace(request))
            if labels.matches(template["metadata"].get("labels"))
            and fields.matches(template["metadata"])
            and pattern in template["metadata"]["name"]
        ]
        return answer({"metadata": {"resourceVersion": str(self._templates.version)}, "items": items or None})

    async def delete(self, request: Request) -> Response:
        """Forget one; ``deleteOptions`` are ignored, as on v4.1.2."""
        queries.parameters(request, "deleteOptions")
        self._templates.delete(self._kind, _namespace(request), request.path_params["name"])
        return answer({})

    async def _checked(self, request: Request, verb: str) -> dict[str, Any]:
        type_name = f"{self._kind.name}{verb}Request"
        message = await read_message(request, f"{self._kind.name.lower()}.{type_name}")
        template = entry(message, "template", dict, type_name)
        if template is None:
            raise invalid(f"{self._kind.name} is not found in Request body" if verb == "Update" else self._kind.missing)
        return self._admission.checked_template(template, self._kind, _namespace(request))


def template_routes(templates: Templates, admission: Admission) -> list[Route]:
    """The routes of both kinds."""
    kinds = (WORKFLOW_TEMPLATE, CLUSTER_WORKFLOW_TEMPLATE)
    return [route for kind in kinds for route in TemplateCalls(kind, templates, admission).routes()]


def _namespace(request: Request) -> str:
    return str(request.path_params.get("namespace", ""))
