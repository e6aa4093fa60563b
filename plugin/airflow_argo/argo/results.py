"""From a finished workflow's nodes to its workers and their results, in item order."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from operator import itemgetter
from typing import Any

from airflow_argo.argo.fan_out import COLLECT, RESULT, WORKER
from airflow_argo.argo.status import FAILED_PHASES, POD_TYPES, SUCCEEDED, Node, Workflow, nodes, phase, pods_below

_LOOPED = re.compile(
    r"(?:\[(?P<group>\d+)\])?\.?(?P<task>[A-Za-z0-9-]+)\((?P<index>\d+):(?P<description>[^()]*)\)", re.DOTALL
)
_ATTEMPT = re.compile(r"\(\d+\)$")
_GROUP = re.compile(r"\[(\d+)\]\.?")
_MESSAGE_LENGTH = 500
_SHOWN_LENGTH = 120


@dataclass(frozen=True)
class Worker:
    """One fanned-out node.

    :param index: its place among the items, from 0.
    :param item: what it was given: its ``item`` parameter, else its only parameter, else all of them by name.
    :param node: the node as Argo stores it.
    """

    index: int
    item: Any
    node: Node
    attempts: int

    @property
    def succeeded(self) -> bool:
        """Whether the worker ended well."""
        return self.node.get("phase") == SUCCEEDED

    @property
    def failed(self) -> bool:
        """Whether the worker ended badly; one that was skipped, or never ran, did not."""
        return self.node.get("phase") in FAILED_PHASES

    @property
    def exit_code(self) -> int | None:
        """The main container's exit code, of the last attempt; None where no pod ran."""
        code = (self.node.get("outputs") or {}).get("exitCode")
        return int(code) if code is not None else None

    @property
    def message(self) -> str:
        """Argo's words on how it ended."""
        return str(self.node.get("message") or "")[:_MESSAGE_LENGTH]

    def row(self) -> dict[str, Any]:
        """The worker as the XCom ``workers`` holds it."""
        return {
            "index": self.index,
            "item": self.item,
            "phase": self.node.get("phase") or "",
            "exit_code": self.exit_code,
            "message": self.message,
            "started": self.node.get("startedAt"),
            "finished": self.node.get("finishedAt"),
            "attempts": self.attempts,
        }

    def __str__(self) -> str:
        slice_of_rows = slice_shown(self.item)
        return f"worker {self.index} ({slice_of_rows or f'item {shown(self.item)}'})"


@dataclass(frozen=True)
class Results:
    """What the workers gave: ``values`` in item order, and for each value that is missing or unreadable a problem."""

    values: list[Any]
    problems: list[str]


def workers(workflow: Workflow, *, of_fan_out: bool) -> list[Worker]:
    """The workers of a workflow, in item order.

    :param of_fan_out: the workflow is one that ``fan_out`` made: its ``worker`` task's nodes. Otherwise those of all
        its loops, without the nodes that only hold further loops, exit handlers, and attempts that others came after;
        a workflow without any loop has its pods as workers, in the order of their start.
    """
    every = nodes(workflow)
    return [
        Worker(index, _item(node), node, attempts_of(node, every))
        for index, node in worker_nodes(workflow, of_fan_out=of_fan_out)
    ]


def worker_nodes(workflow: Workflow, *, of_fan_out: bool) -> list[tuple[int, Node]]:
    """The nodes of the workers with their indexes; see :func:`workers`."""
    every = nodes(workflow)
    tree = _Tree(every)
    if of_fan_out:
        prefix = f"{workflow['metadata']['name']}.{WORKER}("
        ours = [node for node in every.values() if str(node["name"]).startswith(prefix)]
        found = [(tree.index(node), node) for node in ours if tree.position(node) and not tree.is_extra(node)]
        return sorted(found, key=itemgetter(0))
    looped = [node for node in every.values() if tree.position(node) is not None and not tree.is_extra(node)]
    if looped:
        holders = {above["id"] for node in looped for above in tree.above(node)}
        chosen = sorted((node for node in looped if node["id"] not in holders), key=tree.order)
        several = len({_loop_of(node) for node in chosen}) > 1
        return [(place if several else tree.index(node), node) for place, node in enumerate(chosen)]
    chosen = [node for node in every.values() if tree.is_pod(node) and not tree.is_extra(node)]
    chosen.sort(key=lambda node: (str(node.get("startedAt")), str(node["name"])))
    return list(enumerate(chosen))


def attempts_of(node: Node, every: Mapping[str, Node]) -> int:
    """How often a worker was tried.

    :param every: the workflow's nodes by id.
    """
    return len(_attempts(node, every)) or 1


def results(found: Iterable[Worker], *, json_only: bool) -> Results:
    """The result of each worker.

    :param json_only: the contract of a fan-out: the output parameter ``result``, which holds JSON; one that does not
        is a problem. Otherwise what the worker has: the parameter ``result``, else its only output parameter, else its
        standard output where Argo kept it; as JSON if it is, else as text.
    """
    values: list[Any] = []
    problems: list[str] = []
    for worker in found:
        text = result_text(worker.node, only_result=json_only)
        value, problem = _decoded(text)
        if problem and json_only:
            problems.append(f"{worker}: its result is not JSON: {shown(text)} ({problem})")
        values.append(text if problem else value)
    return Results(values, problems)


def collected(workflow: Workflow) -> Any:
    """The result of a fan-out's *collect* step, None where there is none."""
    node = collect_node(workflow)
    text = result_text(node, only_result=True) if node else None
    value, problem = _decoded(text)
    return text if problem else value


def collect_node(workflow: Workflow) -> Node | None:
    """A fan-out's *collect* step, None where there is none."""
    wanted = f"{workflow['metadata']['name']}.{COLLECT}"
    return next((node for node in nodes(workflow).values() if node.get("name") == wanted), None)


def failed_pods(workflow: Workflow, failed: Iterable[Worker]) -> list[tuple[str, Node]]:
    """The pods whose logs tell why: of each failed worker the last one that failed, else any other that did."""
    pairs: list[tuple[str, Node]] = []
    for worker in failed:
        pods = [node for node in pods_below(workflow, worker.node) if node.get("phase") in FAILED_PHASES]
        if pods:
            pairs.append((str(worker), pods[-1]))
    if pairs:
        return pairs
    return [
        (str(node["name"]), node)
        for node in nodes(workflow).values()
        if node.get("type") in POD_TYPES and node.get("phase") in FAILED_PHASES
    ]


def failed_nodes(workflow: Workflow) -> list[Node]:
    """Failed nodes that do work or say why, for a workflow whose trouble is not with its workers."""
    bad = [node for node in nodes(workflow).values() if node.get("phase") in FAILED_PHASES]
    telling = [node for node in bad if node.get("type") in POD_TYPES or node.get("message")]
    return sorted(telling, key=lambda node: str(node.get("finishedAt")))


def summary(workflow: Workflow, link: str, namespace: str, conn_id: str) -> dict[str, Any]:
    """The workflow as the XCom ``workflow`` holds it; its duration in seconds, None while it runs.

    :param conn_id: the Airflow connection through which it can be read.
    """
    metadata = workflow["metadata"]
    return {
        "name": metadata["name"],
        "uid": metadata.get("uid"),
        "namespace": namespace,
        "phase": phase(workflow),
        "link": link,
        "duration": _duration(workflow.get("status") or {}),
        "conn_id": conn_id,
    }


def slice_shown(item: Any) -> str:
    """A slice of rows in words, ``rows 500 to 999``; empty for any other item."""
    if not isinstance(item, Mapping) or set(item) != {"offset", "limit"}:
        return ""
    offset, limit = item["offset"], item["limit"]
    if type(offset) is not int or type(limit) is not int or limit < 1:
        return ""
    return f"rows {offset} to {offset + limit - 1}" if limit > 1 else f"row {offset}"


def shown(value: Any) -> str:
    """A value as it can stand in a line of text: as JSON, cut to a readable length."""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _SHOWN_LENGTH else f"{text[:_SHOWN_LENGTH]}…"


def _duration(status: Mapping[str, Any]) -> float | None:
    started, finished = status.get("startedAt"), status.get("finishedAt")
    if not started or not finished:
        return None
    return (_time(finished) - _time(started)).total_seconds()


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text.replace("Z", "+00:00"))


class _Tree:
    """What a node belongs to. Names tell it: they are canonical, display names are not."""

    def __init__(self, every: Mapping[str, Node]) -> None:
        self._every = every
        self._by_name = {str(node["name"]): node for node in every.values()}

    def position(self, node: Node) -> re.Match[str] | None:
        """Where the node stands in a loop; None if in none."""
        boundary = self._every.get(str(node.get("boundaryID")))
        if boundary is None:
            return None
        return _LOOPED.fullmatch(str(node["name"])[len(str(boundary["name"])) :])

    def index(self, node: Node) -> int:
        """The node's place in its loop."""
        position = self.position(node)
        return int(position["index"]) if position else 0

    def above(self, node: Node) -> Iterator[Node]:
        """What the node is in, from the inside: templates, and of an attempt the node that retries."""
        current: Node | None = node
        while current is not None:
            if _flag(current, "retried"):
                current = self._retrying(current)
            else:
                current = self._every.get(str(current.get("boundaryID")))
            if current is not None:
                yield current

    def is_extra(self, node: Node) -> bool:
        """Whether the node is no work of its own: an attempt, a hook, or anything in a hook or in a former attempt."""
        if _flag(node, "retried") or _flag(node, "hooked"):
            return True
        return any(_flag(above, "hooked") or self._is_former_attempt(above) for above in self.above(node))

    def is_pod(self, node: Node) -> bool:
        """Whether the node is a pod, or one that is tried again and again."""
        return (_attempts(node, self._every) or [node])[-1].get("type") in POD_TYPES

    def order(self, node: Node) -> tuple[Any, ...]:
        """Outer loops before inner ones, earlier step groups first, then by task and index."""
        inner_to_outer = [node, *self.above(node)]
        return tuple(self._key(each) for each in reversed(inner_to_outer))

    def _key(self, node: Node) -> tuple[int, str, int]:
        position = self.position(node)
        if position is not None:
            return int(position["group"] or 0), position["task"], int(position["index"])
        boundary = self._every.get(str(node.get("boundaryID")))
        rest = str(node["name"])[len(str(boundary["name"])) :] if boundary is not None else ""
        group = _GROUP.match(rest)
        return (int(group[1]), rest[group.end() :], -1) if group else (0, rest.lstrip("."), -1)

    def _is_former_attempt(self, node: Node) -> bool:
        retrying = self._retrying(node) if _flag(node, "retried") else None
        attempts = _attempts(retrying, self._every) if retrying is not None else []
        return bool(attempts) and attempts[-1]["id"] != node["id"]

    def _retrying(self, attempt: Node) -> Node | None:
        return self._by_name.get(_ATTEMPT.sub("", str(attempt["name"])))


def _loop_of(node: Node) -> tuple[str, str]:
    return str(node.get("boundaryID")), str(node["name"]).rpartition("(")[0]


def _flag(node: Node, name: str) -> bool:
    return bool((node.get("nodeFlag") or {}).get(name))


def _attempts(node: Node, every: Mapping[str, Node]) -> list[Node]:
    """The attempts of a node that retries, in their order; none of any other."""
    if node.get("type") != "Retry":
        return []
    below = [every[child] for child in node.get("children") or () if child in every]
    return [child for child in below if _flag(child, "retried") and str(child["name"]).startswith(f"{node['name']}(")]


def _item(node: Node) -> Any:
    given = given_texts(node)
    if "item" in given:
        return _decoded_or_text(given["item"])
    if len(given) == 1:
        return _decoded_or_text(next(iter(given.values())))
    return {name: _decoded_or_text(value) for name, value in given.items()} or None


def given_texts(node: Node) -> dict[str, str | None]:
    """A node's input parameters by name, as the texts that they are."""
    return _parameters(node.get("inputs"))


def _parameters(puts: Mapping[str, Any] | None) -> dict[str, str | None]:
    declared: Sequence[Mapping[str, Any]] = (puts or {}).get("parameters") or ()
    return {str(parameter["name"]): parameter.get("value") for parameter in declared}


def result_text(node: Node, *, only_result: bool) -> str | None:
    """What a worker put out, as it wrote it; None where it wrote nothing.

    :param only_result: only the output parameter ``result`` counts; see :func:`results`.
    """
    given = _parameters(node.get("outputs"))
    if RESULT in given or only_result:
        return given.get(RESULT)
    if len(given) == 1:
        return next(iter(given.values()))
    return (node.get("outputs") or {}).get("result")


def _decoded(text: str | None) -> tuple[Any, str]:
    if text is None:
        return None, ""
    try:
        value = json.loads(text, parse_constant=_no_number, parse_float=_finite)
        if "\\u" in text:
            json.dumps(value, ensure_ascii=False).encode()
    except (ValueError, RecursionError) as error:
        return None, str(error)
    return value, ""


def _no_number(text: str) -> Any:
    raise ValueError(f"{text} does not exist in JSON")


def _finite(text: str) -> float:
    number = float(text)
    return number if math.isfinite(number) else _no_number(text)


def _decoded_or_text(text: str | None) -> Any:
    value, problem = _decoded(text)
    return text if problem else value
