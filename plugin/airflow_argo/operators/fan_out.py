"""Fans out over rows or items, and gives the workers' results."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from airflow_argo.argo.errors import ManifestError
from airflow_argo.argo.fan_out import OWN_PARAMETERS, Template, check_plan, fan_out
from airflow_argo.operators.base import ArgoOperator

if TYPE_CHECKING:
    from airflow.sdk import Context

_WORKFLOW_PARAMETER = re.compile(r"\{\{\s*workflow\.parameters\.([A-Za-z0-9_-]+)\s*\}\}")


class ArgoFanOutOperator(ArgoOperator):
    """Runs as many workers side by side as the rows or the items ask for.

    A worker finds its item as JSON in the environment variable ``ITEM``, a slice of rows also as ``OFFSET`` and
    ``LIMIT``, and gives its result, a JSON text, as the output parameter ``result``. Template bodies are Argo's own
    dicts; they are not templated by Airflow, and read further values as ``{{workflow.parameters.NAME}}``.

    :param worker: body of the template that every worker runs, such as ``{"container": {…}, "outputs": {…}}``.
    :param items: one worker for each: a list, an XComArg, or a text that renders to a JSON list. (templated)
    :param rows: how many rows there are, or, with ``generate``, how many to generate. (templated)
    :param rows_per_worker: the size of a slice; the last one is shorter. (templated)
    :param generate: body of a first step, whose output parameter ``rows`` says how many rows there are.
    :param scale: body of a step that prints the JSON list of items, in place of slices.
    :param collect: body of a last step, which finds all results in the file that ``RESULTS_FILE`` names; its own
        output parameter ``result`` becomes the XCom ``collect``.
    :param parallelism: how many pods may run at once. (templated)
    """

    template_fields: Sequence[str] = (*ArgoOperator.template_fields, "items", "rows", "rows_per_worker", "parallelism")
    template_fields_renderers: ClassVar[dict[str, str]] = {"parameters": "json", "items": "json"}
    results_are_json: ClassVar[bool] = True
    counted: ClassVar[str] = "workers"

    def __init__(
        self,
        *,
        worker: Template,
        items: Any = None,
        rows: int | str | None = None,
        rows_per_worker: int | str | None = None,
        generate: Template | None = None,
        scale: Template | None = None,
        collect: Template | None = None,
        parallelism: int | str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        check_plan(
            worker=worker,
            items=items,
            rows=rows,
            rows_per_worker=rows_per_worker,
            generate=generate,
            scale=scale,
            collect=collect,
        )
        self.worker = worker
        self.items = items
        self.rows = rows
        self._has_rows = rows is not None
        self.rows_per_worker = rows_per_worker
        self.generate = generate
        self.scale = scale
        self.collect = collect
        self.parallelism = parallelism

    def steps_before_workers(self) -> int:
        """The generate and the scale step."""
        return sum(step is not None for step in (self.generate, self.scale))

    def make_manifest(self, context: Context) -> dict[str, Any]:
        """The dynamic manifest of the plan."""
        return fan_out(
            worker=self.worker,
            items=items_of(self.items),
            # A template that renders to nothing is a missing number, not a plan without one.
            rows="" if self._has_rows and self.rows is None else self.rows,
            rows_per_worker=self.rows_per_worker,
            generate=self.generate,
            scale=self.scale,
            collect=self.collect,
            parameters=self._workflow_parameters(context),
            parallelism=self.parallelism,
        )

    def _workflow_parameters(self, context: Context) -> dict[str, str]:
        from airflow_argo.argo.manifest import parameter_text

        values = dict(self.parameters or {})
        if self.forward_params:
            values = {**self._asked_for(context["params"]), **values}
        return {name: parameter_text(value, path=f"parameters.{name}") for name, value in values.items()}

    def _asked_for(self, params: Mapping[str, Any]) -> dict[str, Any]:
        """The params that a template reads as a workflow parameter, apart from those of the plan itself."""
        bodies = json.dumps([self.worker, self.generate, self.scale, self.collect], default=str)
        names = set(_WORKFLOW_PARAMETER.findall(bodies)) - OWN_PARAMETERS
        return {name: params[name] for name in sorted(names) if params.get(name) is not None}


def items_of(items: Any) -> Sequence[Any] | None:
    """The list of items, of what rendering left: a list, another iterable such as a mapped task's results, or JSON.

    :raises ManifestError: for a text that is no JSON list.
    """
    if items is None or isinstance(items, Mapping | bytes):
        return items  # type: ignore[return-value]  # a mapping is refused by fan_out, which says why
    if not isinstance(items, str):
        return list(items) if isinstance(items, Iterable) else items
    try:
        value = json.loads(items)
    except ValueError as error:
        raise ManifestError(
            f"is no JSON: {error}",
            path="items",
            hint="Write '{{ params.NAME }}' alone, or '{{ … | tojson }}': Jinja prints lists as Python does.",
        ) from error
    if not isinstance(value, list):
        raise ManifestError(f"is a JSON {type(value).__name__}, not a list", path="items")
    return value
