"""From a fan-out plan to the dynamic manifest that Argo runs.

The manifest is one DAG: ``[generate →] [scale →] worker × N [→ collect]``. N comes from a list of items, from a number
of rows, or from what a step of the workflow itself puts out; Argo's own expressions compute it, so no extra pod does.

What a worker is given, as environment variables:

* ``ITEM``: its item as JSON. For rows it is ``{"limit": …, "offset": …}``.
* ``OFFSET`` and ``LIMIT``: its slice of the rows, as plain numbers.

It gives its result, a JSON text, as the output parameter ``result``. A *collect* step finds the list of all results, in
item order, in the JSON file that ``RESULTS_FILE`` names.

Values never become code: items travel in the encoding of :mod:`airflow_argo.argo.safe_json`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeAlias

from airflow_argo.argo import safe_json
from airflow_argo.argo.errors import ManifestError

Template: TypeAlias = Mapping[str, Any]
"""A template's body in Argo's own vocabulary: ``{"container": {…}, "outputs": {…}}``, without a name."""

GENERATE, SCALE, WORKER, COLLECT = "generate", "scale", "worker", "collect"
ENTRYPOINT = "fan-out"
RESULT = "result"
RESULTS_FILE = "/tmp/results.json"  # noqa: S108  a path inside the collect step's own container

MAX_ENVIRONMENT_VALUE = 128 * 1024 - len("ITEM=") - 1
"""Bytes: Linux takes no longer string in a program's environment (MAX_ARG_STRLEN)."""

MAX_WORKERS = 20_000
"""Argo keeps all nodes of a workflow in 1 MiB, compressed; with more it would never end (seen on v4.1.2)."""

OWN_PARAMETERS = frozenset({"items", "rows", "rows_per_worker"})
"""The workflow parameters that the plan itself is written into."""

_PLAIN_KEY = re.compile(r"[A-Za-z0-9_.-]+")

# In JSON text ``{{`` and ``$`` stand only inside strings, so writing them as escapes leaves the value as it is, and
# keeps Argo and Kubernetes from expanding it. The backslashes are doubled because expr-lang reads escapes, too; two
# single braces are joined because a tag's own text must hold no ``{{``.
# A DEL in a text makes Argo fail with "invalid JSON", for it quotes texts as Go does.
_GUARDED = r'replace(replace(replace(%s, "{" + "{", "{\\u007b"), "$", "\\u0024"), "\x7f", "\\u007f")'

# An expression tag ends at the first ``}}``, and a ``{`` after the comma opens a closure: hence the spaces.
_SLICES = (
    "{{=let rows = trim(%s); let per = int(workflow.parameters.rows_per_worker); "
    'rows matches "^[0-9]{1,15}$" '
    f"? (int(rows) <= {MAX_WORKERS} * per "
    "? toJson(map(0..(int(ceil(int(rows) / per)) - 1), "
    '{ {"offset": # * per, "limit": min(per, int(rows) - # * per)} })) '
    f': rows + " rows are more than {MAX_WORKERS} workers can pull: give rows_per_worker a larger number") '
    ': "the generate step must put out a number of rows, not: " + rows}}'
)
# Argo decodes strings and the keys of objects, which brings a ``{{`` back: such items are encoded twice. All others are
# left as the text they are, for expr-lang reads numbers as floats.
_DECODED = '(type(#) == "string" || type(#) == "map" && any(keys(#), # matches "[{$]"))'
_SCALED = (
    "{{=let list = tasks.scale.outputs.%s; "
    f"any(fromJSON(list), {_DECODED}) ? "
    + _GUARDED % f"toJson(map(fromJSON(list), {_DECODED} ? {_GUARDED % 'toJson(#)'} : #))"
    + " : "
    + _GUARDED % "list"
    + "}}"
)
# Argo aggregates results to a list of texts, or to a list of values where all of them are objects or lists.
_RESULTS = (
    '{{=let list = tasks.worker.outputs.parameters.result ?? "[]"; '
    + _GUARDED % 'all(fromJSON(list), type(#) == "string") ? "[" + join(fromJSON(list), ",") + "]" : list'
    + "}}"
)


def fan_out(
    *,
    worker: Template,
    items: Sequence[Any] | None = None,
    rows: int | str | None = None,
    rows_per_worker: int | str | None = None,
    generate: Template | None = None,
    scale: Template | None = None,
    collect: Template | None = None,
    parameters: Mapping[str, str] | None = None,
    parallelism: int | str | None = None,
) -> dict[str, Any]:
    """The Workflow for a plan.

    The number of workers comes from exactly one of:

    * ``items``: one worker an item;
    * ``rows`` with ``rows_per_worker``: one worker for each slice, rounded up, the last one shorter;
    * ``generate`` with ``rows_per_worker``: the same, for the number that the step puts out as its output parameter
      ``rows`` (``rows``, if given, is handed to the step as the environment variable ``ROWS``);
    * ``scale``: a step of your own that prints the JSON list of items; it is given ``ROWS`` (from ``generate``, or
      ``rows``) and ``ROWS_PER_WORKER``.

    No items and no rows are no workers, and a success.

    :param worker: body of the template that every worker runs: a ``container`` or a ``script``.
    :param collect: body of a template that runs once, after all workers have succeeded.
    :param parameters: further workflow parameters, as texts; templates read them as ``{{workflow.parameters.NAME}}``.
    :param parallelism: how many pods may run at once; None for no limit.
    :raises ManifestError: for a plan that makes no sense, saying which argument and why.
    """
    _check_source(items, rows, generate, scale)
    if items is not None and (isinstance(items, str | bytes | Mapping) or not isinstance(items, Sequence)):
        raise ManifestError(
            f"must be a list, not a {type(items).__name__}", path="items", hint="Each element is one worker's item."
        )
    tasks: list[dict[str, Any]] = []
    templates: list[dict[str, Any]] = []
    arguments = _arguments(items, rows, rows_per_worker, scale, parameters or {})

    if generate is not None:
        templates.append(_template(GENERATE, generate, environment=_rows_environment(arguments, "rows")))
        _require_output(generate, GENERATE, "rows")
        tasks.append({"name": GENERATE, "template": GENERATE})
    if scale is not None:
        tasks.append(_scale_task(generate, arguments))
        templates.append(_scale_template(scale, arguments))
    tasks.append(_worker_task(items, generate, scale))
    templates.append(_worker_template(worker, slices=items is None and scale is None))
    if collect is not None:
        _require_output(worker, WORKER, RESULT)
        tasks.append(_collect_task())
        templates.append(_collect_template(collect))

    spec: dict[str, Any] = {
        "entrypoint": ENTRYPOINT,
        "arguments": {"parameters": [{"name": name, "value": value} for name, value in arguments.items()]},
        "templates": [{"name": ENTRYPOINT, "dag": {"tasks": tasks}}, *templates],
    }
    if parallelism is not None:
        spec["parallelism"] = whole_number("parallelism", parallelism, minimum=1)
    return {
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "Workflow",
        "metadata": {"generateName": f"{ENTRYPOINT}-"},
        "spec": spec,
    }


def whole_number(name: str, value: object, *, minimum: int) -> int:
    """The whole number that a parameter holds: an int, or a text of digits, which is what Jinja makes of one.

    :raises ManifestError: for anything else: missing, negative, fractional, other text, true and false.
    """
    text = value.strip() if isinstance(value, str) else value
    if text is None or text in ("", "None"):
        raise ManifestError("is missing", path=name, hint=f"Give a whole number of at least {minimum}.")
    number = int(text) if isinstance(text, str) and re.fullmatch(r"[+-]?[0-9]{1,18}", text, re.ASCII) else text
    if isinstance(number, bool) or not isinstance(number, int):
        raise ManifestError(f"{value!r} is no whole number", path=name, hint="Give digits only, without a fraction.")
    if number < minimum:
        raise ManifestError(f"{number} is too small", path=name, hint=f"Give a whole number of at least {minimum}.")
    return number


def items_json(items: Iterable[Any]) -> str:
    """The ``withParam`` list for items of any kind, so that ``{{item}}`` is each item's JSON, byte for byte.

    :raises ManifestError: for an item that is no JSON value, or longer than an environment variable may be.
    """
    return f"[{','.join(_item_json(item, f'items[{index}]') for index, item in enumerate(items))}]"


def _item_json(item: Any, path: str) -> str:
    text = safe_json.dumps(item, path=path)
    check_environment_value(text, path)
    return safe_json.dumps(text) if _is_decoded_by_argo(item) else text


def check_environment_value(text: str, path: str) -> None:
    """Refuse a JSON text that is longer than an environment variable may be.

    :raises ManifestError: naming ``path``.
    """
    if len(text) > MAX_ENVIRONMENT_VALUE:
        raise ManifestError(
            f"is {len(text)} bytes long as JSON; an environment variable takes {MAX_ENVIRONMENT_VALUE}",
            path=path,
            hint="Keep the data in storage and hand the worker its address.",
        )


def _is_decoded_by_argo(item: Any) -> bool:
    """Argo decodes strings and the outer keys of an object; all else it hands on as the text it was given."""
    return isinstance(item, str) or (
        isinstance(item, Mapping) and not all(_PLAIN_KEY.fullmatch(key) for key in item if isinstance(key, str))
    )


def check_plan(
    *,
    worker: Template,
    items: Any,
    rows: Any,
    rows_per_worker: Any,
    generate: Template | None,
    scale: Template | None,
    collect: Template | None,
) -> None:
    """Refuse a plan that makes no sense whatever its values are, for these may be known only when it runs.

    :raises ManifestError: saying which argument and why.
    """
    fan_out(
        worker=worker,
        items=None if items is None else (),
        rows=None if rows is None else 0,
        rows_per_worker=None if rows_per_worker is None else 1,
        generate=generate,
        scale=scale,
        collect=collect,
    )


def _check_source(items: Any, rows: Any, generate: Any, scale: Any) -> None:
    if items is not None:
        for name, other in (("rows", rows), ("generate", generate), ("scale", scale)):
            if other is not None:
                raise ManifestError(f"cannot be combined with '{name}'", path="items", hint="Give one of the two.")
    elif rows is None and generate is None and scale is None:
        raise ManifestError("nothing says how many workers to run", hint="Give 'items', 'rows', 'generate' or 'scale'.")


def _arguments(items: Any, rows: Any, per: Any, scale: Any, parameters: Mapping[str, str]) -> dict[str, str]:
    for name in OWN_PARAMETERS & parameters.keys():
        raise ManifestError("is made by the fan-out itself", path=f"parameters.{name}", hint="Choose another name.")
    arguments = dict(parameters)
    if items is not None:
        _check_count(len(items), "items", "Hand each worker several of them.")
        arguments["items"] = items_json(items)
        return arguments
    if rows is not None:
        arguments["rows"] = str(whole_number("rows", rows, minimum=0))
    if per is not None or scale is None:
        arguments["rows_per_worker"] = str(whole_number("rows_per_worker", per, minimum=1))
    if {"rows", "rows_per_worker"} <= arguments.keys() and scale is None:
        count = -(-int(arguments["rows"]) // int(arguments["rows_per_worker"]))
        _check_count(count, "rows", "Give rows_per_worker a larger number.")
    return arguments


def _check_count(count: int, path: str, hint: str) -> None:
    if count > MAX_WORKERS:
        raise ManifestError(f"makes {count} workers; {MAX_WORKERS} are the most", path=path, hint=hint)


def _rows_environment(arguments: Mapping[str, str], *names: str) -> dict[str, str]:
    return {name.upper(): f"{{{{workflow.parameters.{name}}}}}" for name in names if name in arguments}


def _worker_task(items: Any, generate: Any, scale: Any) -> dict[str, Any]:
    passed = {"item": "{{item}}"}
    task: dict[str, Any] = {"name": WORKER, "template": WORKER}
    if items is not None:
        task["withParam"] = "{{workflow.parameters.items}}"
    elif scale is not None:
        task["depends"] = SCALE
        output = "parameters.items" if _has_output(scale, "items") else "result"
        task["withParam"] = _SCALED % output
    else:
        passed |= {"offset": "{{item.offset}}", "limit": "{{item.limit}}"}
        if generate is not None:
            task["depends"] = GENERATE
        task["withParam"] = _SLICES % (
            "tasks.generate.outputs.parameters.rows" if generate is not None else "workflow.parameters.rows"
        )
    task["arguments"] = _parameters(passed)
    return task


def _worker_template(body: Template, *, slices: bool) -> dict[str, Any]:
    inputs = ("item", "offset", "limit") if slices else ("item",)
    environment = {name.upper(): f"{{{{inputs.parameters.{name}}}}}" for name in inputs}
    return _template(WORKER, body, inputs=inputs, environment=environment)


def _scale_task(generate: Any, arguments: Mapping[str, str]) -> dict[str, Any]:
    task: dict[str, Any] = {"name": SCALE, "template": SCALE}
    if generate is not None:
        task["depends"] = GENERATE
        task["arguments"] = _parameters({"rows": "{{tasks.generate.outputs.parameters.rows}}"})
    elif "rows" in arguments:
        task["arguments"] = _parameters({"rows": "{{workflow.parameters.rows}}"})
    return task


def _scale_template(body: Template, arguments: Mapping[str, str]) -> dict[str, Any]:
    environment = {"ROWS": "{{inputs.parameters.rows}}"} | _rows_environment(arguments, "rows_per_worker")
    return _template(SCALE, body, inputs=("rows",), environment=environment, defaults={"rows": ""})


def _collect_task() -> dict[str, Any]:
    return {
        "name": COLLECT,
        "template": COLLECT,
        "depends": WORKER,
        "arguments": _parameters({"results": _RESULTS}),
    }


def _collect_template(body: Template) -> dict[str, Any]:
    template = _template(COLLECT, body, inputs=("results",), environment={"RESULTS_FILE": RESULTS_FILE})
    # A file, for the results of many workers together are longer than an environment variable may be.
    # An expression, for a simple tag fails on characters that Go does not print, such as U+E0001.
    results = {"name": "results", "path": RESULTS_FILE, "raw": {"data": "{{=inputs.parameters.results}}"}}
    template["inputs"]["artifacts"] = [*template["inputs"].get("artifacts", ()), results]
    return template


def _template(
    name: str,
    body: Template,
    *,
    inputs: Sequence[str] = (),
    environment: Mapping[str, str],
    defaults: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    kind = _kind(name, body)
    own = list((body.get("inputs") or {}).get("parameters") or ())
    _check_inputs(name, own, inputs)
    declared = [{"name": key, **({"default": defaults[key]} if defaults else {})} for key in inputs]
    template = {**body, "name": name}
    if declared or own or body.get("inputs"):
        template["inputs"] = {**(body.get("inputs") or {}), "parameters": [*declared, *own]}
    template[kind] = {**body[kind], "env": _environment(name, body[kind], environment)}
    return template


def _kind(name: str, body: Template) -> str:
    kinds = [kind for kind in ("container", "script") if kind in (body or ())]
    if len(kinds) != 1 or not isinstance(body[kinds[0]], Mapping):
        raise ManifestError(
            "must be a dict that holds either 'container' or 'script'",
            path=name,
            hint='For example {"container": {"image": "alpine", "command": ["sh", "-c"], "args": ["echo $ITEM"]}}.',
        )
    return kinds[0]


def _check_inputs(name: str, own: Sequence[Mapping[str, Any]], inputs: Sequence[str]) -> None:
    for parameter in own:
        label = str(parameter.get("name"))
        path = f"{name}.inputs.parameters.{label}"
        if label in inputs:
            raise ManifestError("is declared by the fan-out itself", path=path, hint="Leave it out.")
        if not parameter.keys() & {"value", "default", "valueFrom"}:
            raise ManifestError("gets no value from the fan-out", path=path, hint="Give it a value or a default.")


def _environment(name: str, container: Mapping[str, Any], ours: Mapping[str, str]) -> list[dict[str, Any]]:
    own = list(container.get("env") or ())
    for variable in own:
        if variable.get("name") in ours:
            raise ManifestError("is set by the fan-out itself", path=f"{name}.env.{variable['name']}")
    return [*({"name": key, "value": value} for key, value in ours.items()), *own]


def _has_output(body: Template, name: str) -> bool:
    declared = (body.get("outputs") or {}).get("parameters") or ()
    return any(parameter.get("name") == name for parameter in declared)


def _require_output(body: Template, template: str, name: str) -> None:
    if not _has_output(body, name):
        raise ManifestError(
            f"has no output parameter '{name}'",
            path=template,
            hint=f'Add "outputs": {{"parameters": [{{"name": "{name}", "valueFrom": {{"path": "/tmp/{name}"}}}}]}} '
            f"and let the step write it to that file.",
        )


def _parameters(values: Mapping[str, str]) -> dict[str, Any]:
    return {"parameters": [{"name": name, "value": value} for name, value in values.items()]}
