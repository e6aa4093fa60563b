"""``PUT /api/v1/workflows/{namespace}/{name}/…``: what people do to a workflow that is there."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from airflow_argo.local.admission import Admission
from airflow_argo.local.controller import Controller
from airflow_argo.local.operations import Operations
from airflow_argo.local.server.bodies import answer, entry, read_message, text, texts
from airflow_argo.local.server.creation import created
from airflow_argo.local.shape import whole


class OperationCalls:
    """The handlers, each called as in Argo's ``workflow.proto``."""

    def __init__(self, controller: Controller, admission: Admission) -> None:
        self._controller = controller
        self._admission = admission
        self._operations = Operations(controller)

    def routes(self) -> list[Route]:
        """Path and method of each."""
        handlers = (
            self.stop,
            self.terminate,
            self.suspend,
            self.resume,
            self.set,
            self.retry,
            self.resubmit,
        )
        one = "/api/v1/workflows/{namespace}/{name}"
        return [Route(f"{one}/{handler.__name__}", handler, methods=["PUT"]) for handler in handlers]

    async def stop(self, request: Request) -> Response:
        """Stop a workflow, whose exit handlers still run, or let chosen suspended nodes fail."""
        kind = "WorkflowStopRequest"
        message = await read_message(request, f"workflow.{kind}")
        selector = text(message, "nodeFieldSelector", kind)
        reason = text(message, "message", kind)
        if selector:
            return answer(whole(self._operations.stop_nodes(*_where(request), selector, reason)))
        return answer(whole(self._operations.shut_down(*_where(request), "Stop")))

    async def terminate(self, request: Request) -> Response:
        """Stop a workflow without its exit handlers."""
        await read_message(request, "workflow.WorkflowTerminateRequest")
        return answer(whole(self._operations.shut_down(*_where(request), "Terminate")))

    async def suspend(self, request: Request) -> Response:
        """Start nothing more of a workflow."""
        await read_message(request, "workflow.WorkflowSuspendRequest")
        return answer(whole(self._operations.suspend(*_where(request))))

    async def resume(self, request: Request) -> Response:
        """Go on with a suspended workflow, or with chosen suspended nodes."""
        message = await read_message(request, "workflow.WorkflowResumeRequest")
        selector = text(message, "nodeFieldSelector", "WorkflowResumeRequest")
        return answer(whole(self._operations.resume(*_where(request), selector)))

    async def set(self, request: Request) -> Response:
        """Set the phase, message or outputs of chosen suspended nodes."""
        kind = "WorkflowSetRequest"
        message = await read_message(request, f"workflow.{kind}")
        workflow = self._operations.set(
            *_where(request),
            text(message, "nodeFieldSelector", kind),
            phase=text(message, "phase", kind),
            message=text(message, "message", kind),
            outputs=text(message, "outputParameters", kind),
        )
        return answer(whole(workflow))

    async def retry(self, request: Request) -> Response:
        """Run again what has failed."""
        kind = "WorkflowRetryRequest"
        message = await read_message(request, f"workflow.{kind}")
        workflow = await self._operations.retry(
            *_where(request),
            restart_successful=bool(entry(message, "restartSuccessful", bool, kind)),
            selector=text(message, "nodeFieldSelector", kind),
            parameters=texts(message, "parameters", kind),
        )
        return answer(whole(workflow))

    async def resubmit(self, request: Request) -> Response:
        """Create another workflow like this one."""
        kind = "WorkflowResubmitRequest"
        message = await read_message(request, f"workflow.{kind}")
        memoized, parameters = bool(entry(message, "memoized", bool, kind)), texts(message, "parameters", kind)
        namespace, name = _where(request)
        old = self._controller.find_or_archived(namespace, name)
        manifest = self._operations.resubmit_of(old, memoized=memoized, parameters=parameters)
        workflow = self._admission.checked(manifest, namespace, lookup=namespace)
        self._admission.admit(workflow, namespace)
        return await created(self._controller, workflow)


def _where(request: Request) -> tuple[str, str]:
    return request.path_params["namespace"], request.path_params["name"]
