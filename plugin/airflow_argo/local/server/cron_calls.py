"""``/api/v1/cron-workflows``."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from airflow_argo.local import queries
from airflow_argo.local.admission import Admission
from airflow_argo.local.cron.admission import checked_cron, decoded_cron
from airflow_argo.local.cron.keeper import CronKeeper
from airflow_argo.local.refusal import Refusal
from airflow_argo.local.selectors import FieldSelector, LabelSelector
from airflow_argo.local.server.bodies import answer, entry, read_message


class CronCalls:
    """The handlers, each called as in Argo's ``cron-workflow.proto``."""

    def __init__(self, keeper: CronKeeper, admission: Admission) -> None:
        self._keeper = keeper
        self._admission = admission

    def routes(self) -> list[Route]:
        """Path and method of each."""
        path = "/api/v1/cron-workflows/{namespace}"
        return [
            Route(path, self.create, methods=["POST"]),
            Route(path, self.list, methods=["GET"]),
            Route("/api/v1/cron-workflows/", self.list, methods=["GET"]),
            Route(f"{path}/lint", self.lint, methods=["POST"]),
            Route(f"{path}/{{name}}", self.get, methods=["GET"]),
            Route(f"{path}/{{name}}", self.update, methods=["PUT"]),
            # Argo's own client leaves the name out of the path.
            Route(f"{path}/", self.update, methods=["PUT"]),
            Route(f"{path}/{{name}}", self.delete, methods=["DELETE"]),
            Route(f"{path}/{{name}}/suspend", self.suspend, methods=["PUT"]),
            Route(f"{path}/{{name}}/resume", self.resume, methods=["PUT"]),
        ]

    async def create(self, request: Request) -> Response:
        """Store a new one, which runs from now on."""
        return answer(self._keeper.create(_namespace(request), await self._checked(request, "CreateCronWorkflow")))

    async def lint(self, request: Request) -> Response:
        """Check one."""
        return answer(await self._checked(request, "LintCronWorkflow"))

    async def update(self, request: Request) -> Response:
        """Replace the one that the body names, which has to be there whatever else is wrong."""
        cron = await self._sent(request, "UpdateCronWorkflow")
        self._keeper.get(_namespace(request), decoded_cron(cron)["metadata"].get("name") or "")
        checked = checked_cron(self._admission, cron, _namespace(request))
        return answer(self._keeper.update(_namespace(request), checked))

    async def get(self, request: Request) -> Response:
        """One by name."""
        queries.parameters(request, "getOptions")
        return answer(self._keeper.get(*_where(request)))

    async def list(self, request: Request) -> Response:
        """All of a namespace, or of all, by labels and fields."""
        query = queries.parameters(request, "listOptions")
        labels = LabelSelector.parse(query.get("listOptions.labelSelector", ""))
        fields = FieldSelector.parse(query.get("listOptions.fieldSelector", ""), "cronworkflows")
        items = [
            cron
            for cron in self._keeper.all(_namespace(request))
            if labels.matches(cron["metadata"].get("labels")) and fields.matches(cron["metadata"])
        ]
        return answer({"metadata": {"resourceVersion": str(self._keeper.version)}, "items": items or None})

    async def delete(self, request: Request) -> Response:
        """Forget one and its workflows, unless that is only tried (``deleteOptions.dryRun``)."""
        query = queries.parameters(request, "deleteOptions")
        if query.get("deleteOptions.dryRun"):
            self._keeper.get(*_where(request))
        else:
            self._keeper.delete(*_where(request))
        return answer({})

    async def suspend(self, request: Request) -> Response:
        """Let one not run."""
        await read_message(request, "cronworkflow.CronWorkflowSuspendRequest")
        return answer(self._keeper.set_suspended(*_where(request), True))

    async def resume(self, request: Request) -> Response:
        """Let one run again."""
        await read_message(request, "cronworkflow.CronWorkflowResumeRequest")
        return answer(self._keeper.set_suspended(*_where(request), False))

    async def _checked(self, request: Request, verb: str) -> dict[str, Any]:
        return checked_cron(self._admission, await self._sent(request, verb), _namespace(request))

    async def _sent(self, request: Request, verb: str) -> dict[str, Any]:
        kind = f"{verb}Request"
        message = await read_message(request, f"cronworkflow.{kind}")
        cron: dict[str, Any] | None = entry(message, "cronWorkflow", dict, kind)
        if cron is None:
            raise Refusal("NOT_FOUND", "cron workflow was not found in the request body")
        return cron


def _namespace(request: Request) -> str:
    return str(request.path_params.get("namespace", ""))


def _where(request: Request) -> tuple[str, str]:
    return _namespace(request), request.path_params["name"]
