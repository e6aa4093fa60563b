"""Templates made of tasks that depend on each other."""

from __future__ import annotations

from collections import deque

from airflow_argo.argo.errors import ManifestError
from airflow_argo.argo.expressions import depends
from airflow_argo.argo.expressions.errors import ExpressionError
from airflow_argo.argo.lint.arguments import Anything, Given, check_arguments
from airflow_argo.argo.lint.context import Base, Context
from airflow_argo.argo.lint.decode import Document
from airflow_argo.argo.lint.encode import to_json
from airflow_argo.argo.lint.hooks import has_exit_hook
from airflow_argo.argo.lint.names import check_names, is_parameter
from airflow_argo.argo.lint.places import under
from airflow_argo.argo.lint.scope import Outputs, Scope, add_items, check_tags, is_loop
from airflow_argo.argo.lint.steps import CheckReference, check_not_leaf, inline_parameters

Graph = dict[str, list[str]]
Found = dict[str, Document | None]


def check_dag(context: Context, base: Base, scope: Scope, template: Document, check: CheckReference) -> None:
    """Check a DAG, its tags replaced; ``scope`` grows by what the tasks give.

    :param check: checks the template that a task refers to.
    """
    check_not_leaf(template)
    name, tasks = template.get("name", ""), template["dag"].get("tasks") or []
    if not tasks:
        raise ManifestError(f"templates.{name} must have at least one task")
    with under(f"templates.{name} sorting failed: "):
        tasks, graph = _sorted(tasks)
    with under(f"templates.{name}.tasks"):
        check_names(tasks, parameters=False)
    outputs = Outputs("tasks", context.known, context.placeholders, anything_unknown=context.lookup is None)
    by_name = {task["name"]: task for task in tasks}
    found: Found = {}
    for task in tasks:
        _check_dependencies(name, task, uses_depends=any(item.get("depends") for item in tasks))
        with under(f"templates.{name}.tasks.{task['name']} "):
            found[task["name"]] = check(context, base, task, Anything(context.placeholders))
            outputs.add(scope, task["name"], found[task["name"]], aggregate=_aggregates(task))
            _check_results(task)
        _check_loops(name, task, by_name)
    _check_target(context, scope, name, template["dag"].get("target", ""), by_name)
    for task in tasks:
        task_scope = _task_scope(scope, task, outputs, found)
        for ancestor in _ancestors(graph, task["name"]):
            aggregate = _aggregates(by_name[ancestor])
            outputs.add(task_scope, ancestor, found[ancestor], aggregate=aggregate, ancestor=True)
        _check_task(context, f"templates.{name}.tasks.{task['name']}", task_scope, task)
        with under(f"templates.{name}.tasks.{task['name']} "):
            _check_references(task.get("arguments", {}), _ancestors(graph, task["name"]))
            check(context, base, task, Given(task.get("arguments", {})))


def dependencies(task: Document) -> list[str]:
    """Return the names of the tasks that a task waits for."""
    logic = task.get("depends") or depends.logic("", task.get("dependencies", ()))
    return depends.task_names(logic)


def _aggregates(task: Document) -> bool:
    return bool(task.get("withItems") or task.get("withParam"))


def _sorted(tasks: list[Document]) -> tuple[list[Document], Graph]:
    """Put every task behind those it waits for, else in the order in which they stand."""
    by_name: dict[str, Document] = {}
    for task in tasks:
        name = task.get("name", "")
        if name in by_name:
            raise ManifestError(f"duplicated nodeName {name}")
        by_name[name] = task
    graph = {name: dependencies(task) for name, task in by_name.items()}
    for wanted in (name for names in graph.values() for name in names):
        if wanted not in by_name:
            raise ManifestError(f"invalid dependency {wanted}")
    order = _order(graph)
    if len(order) < len(graph):
        raise ManifestError("graph with cycle")
    return [by_name[name] for name in order], graph


def _order(graph: Graph) -> list[str]:
    """Return every name behind those it waits for; names on a cycle are left out."""
    followers: Graph = {}
    for name, names in graph.items():
        for wanted in names:
            followers.setdefault(wanted, []).append(name)
    waiting = {name: len(names) for name, names in graph.items()}
    queue = deque(name for name, count in waiting.items() if count == 0)
    order: list[str] = []
    while queue:
        order.append(queue.popleft())
        for follower in followers.get(order[-1], ()):
            waiting[follower] -= 1
            if waiting[follower] == 0:
                queue.append(follower)
    return order


def _ancestors(graph: Graph, name: str) -> list[str]:
    found: dict[str, None] = {}
    todo = list(graph[name])
    while todo:
        current = todo.pop()
        if current not in found:
            found[current] = None
            todo.extend(graph[current])
    return list(found)


def _check_dependencies(template: str, task: Document, *, uses_depends: bool) -> None:
    name, listed = task["name"], task.get("dependencies")
    if (uses_depends or listed) and name[0] in "0123456789":
        raise ManifestError(
            f"templates.{template}.tasks.{name} name cannot begin with a digit"
            " when using either 'depends' or 'dependencies'"
        )
    if uses_depends and listed:
        raise ManifestError(
            f"templates.{template} cannot use both 'depends' and 'dependencies' in the same DAG template"
        )
    if uses_depends and "continueOn" in task:
        raise ManifestError(
            f"templates.{template} cannot use 'continueOn' when using 'depends'."
            " Instead use 'dep-task.Failed'/'dep-task.Errored'"
        )


def _check_results(task: Document) -> None:
    try:
        depends.check_results(task.get("depends", ""))
    except ExpressionError as error:
        raise ManifestError(str(error)) from error


def _check_loops(template: str, task: Document, tasks: dict[str, Document]) -> None:
    for name in depends.loop_task_names(task.get("depends", "")):
        if not is_loop(tasks[name]):
            # Argo's message names the task that is asked about twice, and not the one that asks.
            raise ManifestError(
                f"templates.{template}.tasks.{name} dependency '{name}' uses an items-based condition such as"
                " .AnySucceeded or .AllFailed but does not contain any items"
            )


def _check_target(context: Context, scope: Scope, name: str, target: str, tasks: dict[str, Document]) -> None:
    with under(f"templates.{name}.targets "):
        check_tags(scope, context.known, target, lenient_parameters=context.template_only)
    for wanted in target.split(" ") if target else ():
        if not is_parameter(wanted) and wanted not in tasks:
            raise ManifestError(f"templates.{name}.targets: target '{wanted}' is not defined")


def _task_scope(scope: Scope, task: Document, outputs: Outputs, found: Found) -> Scope:
    name = task["name"]
    if task.get("hooks"):
        scope.add(f"tasks.{name}.status")
    outputs.add(scope, name, found[name])
    if has_exit_hook(task):
        outputs.add(scope, name, found[name])
    return scope | {f"inputs.parameters.{item.get('name', '')}" for item in inline_parameters(task)}


def _check_task(context: Context, place: str, scope: Scope, task: Document) -> None:
    with under(f"{place} "):
        add_items(scope, task)
        check_tags(scope, context.known, to_json(task, "DAGTask"), lenient_parameters=context.template_only)
    check_arguments(f"{place}.arguments.", task.get("arguments", {}), allow_empty=False)


def _check_references(arguments: Document, ancestors: list[str]) -> None:
    for kind, field in (("parameter", "value"), ("artifact", "from")):
        for argument in arguments.get(f"{kind}s", ()):
            text = argument.get(field, "")
            wanted = text.split(".")[1] if text.startswith("{{tasks.") else ""
            if wanted and wanted not in ancestors:
                raise ManifestError(f"missing dependency '{wanted}' for {kind} '{argument['name']}'")
