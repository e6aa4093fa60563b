"""HTTP templates: a request instead of a pod."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from airflow_argo.argo.expressions import expr_lang
from airflow_argo.argo.expressions.errors import ExpressionError
from airflow_argo.local.engine import nodes
from airflow_argo.local.engine.messages import HttpAnswer, PodReport, StopPod
from airflow_argo.local.engine.pods import OVERDUE, PodBody


def judge(http: Mapping[str, Any], answer: HttpAnswer) -> tuple[str, str]:
    """Tell the phase and the message of a request that was answered: 2xx unless there is a ``successCondition``.

    :raises ExpressionError: if the condition cannot be evaluated.
    """
    condition = http.get("successCondition")
    if not condition:
        if 200 <= answer.status < 300:
            return "Succeeded", ""
        return "Failed", f"received non-2xx response code: {answer.status}"
    if expr_lang.evaluate_bool(condition, condition_variables(http, answer)):
        return "Succeeded", ""
    return "Failed", f"successCondition '{condition}' evaluated false"


def condition_variables(http: Mapping[str, Any], answer: HttpAnswer) -> dict[str, Any]:
    """Make what a ``successCondition`` sees: ``request`` and ``response``."""
    headers = {header.get("name", ""): [header.get("value", "")] for header in http.get("headers") or ()}
    return {
        "request": {
            "method": http.get("method", ""),
            "url": http.get("url", ""),
            "body": http.get("body", ""),
            "headers": headers,
        },
        "response": {
            "statusCode": answer.status,
            "body": answer.body,
            "headers": {name: list(values) for name, values in answer.headers.items()},
        },
    }


class HttpBody(PodBody):
    """One request; its node is Pending until it is answered."""

    kind = "HTTP"

    def started(self) -> None:
        """Nothing: Argo does not tell when a request is sent."""

    def stop(self, message: str) -> None:
        """Give the request up."""
        self.run.commands.append(StopPod(self.node["id"]))
        if self.node["phase"] in nodes.ACTIVE:
            stopped = f"Stopped with strategy '{self.run.shutdown}'"
            self.run.tree.set_phase(self.node, "Failed", message if message == OVERDUE else stopped)
        self.end()

    def finished(self, report: PodReport) -> None:
        """Take over the answer, or why there is none."""
        if self.node["phase"] in nodes.ACTIVE:
            self._judge(report)
        self.end()

    def _judge(self, report: PodReport) -> None:
        if report.answer is None:
            self.run.tree.set_phase(self.node, "Failed", report.error)
            return
        try:
            phase, message = judge(self.job.template["http"], report.answer)
        except ExpressionError as error:
            self.run.tree.set_phase(self.node, "Failed", str(error))
            return
        self.node["outputs"] = {"result": report.answer.body}
        self.run.tree.set_phase(self.node, phase, message)
