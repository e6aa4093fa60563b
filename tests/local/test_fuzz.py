"""Nobody's manifest and nobody's expression takes the server down, stops it or makes it answer with a fault.

``AIRFLOW_ARGO_FUZZ_SECONDS`` says how long each slow test goes on (a minute by default), ``AIRFLOW_ARGO_FUZZ_SEED``
what it begins with.
"""

from __future__ import annotations

import contextlib
import copy
import gc
import json
import logging
import os
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random
from typing import Any

import pytest
import requests
import yaml
from tests.local import grammars

from airflow_argo.argo.expressions import depends, expr_lang, govaluate, jsonpath, tags
from airflow_argo.argo.expressions.errors import ExpressionError
from airflow_argo.local.testing import running_server

_SEED = int(os.environ.get("AIRFLOW_ARGO_FUZZ_SEED", "1"))
_SECONDS = float(os.environ.get("AIRFLOW_ARGO_FUZZ_SECONDS", "60"))
_ANSWER_SECONDS = 5
_STOP_SECONDS = 20
_REFUSED = (400, 404, 409)
_SHARED = Path(__file__).resolve().parents[2] / "../shared"
# What would leave this machine, wait, or need more than a shell.
_UNWANTED = ("http", "resource", "sleep", "while", "argosay", "docker", "curl", "/etc", "rm -")
_VALUES: tuple[Any, ...] = (
    None, True, False, 0, -1, 2**31, 2**63, 2**64, 10**30, 1.5, 1e300, "", [], {}, [None], {"": None}, [[]], [1, "a"],
    {"a": {"a": {}}},
)  # fmt: skip

_CORPUS = """
{entrypoint: main, arguments: {parameters: [{name: a, value: x}]}, onExit: say, templates: [
  {name: main, steps: [
    [{name: one, template: say, arguments: {parameters: [{name: a, value: "{{workflow.parameters.a}}"}]}}],
    [{name: two, template: say, when: "'{{steps.one.outputs.result}}' == 'x'", withItems: [a, {b: 1}, 3],
      arguments: {parameters: [{name: a, value: "{{item}}"}]}, continueOn: {failed: true}},
     {name: three, template: say, withParam: "[1, 2]", hooks: {running: {template: say, expression: "true"}}}]]},
  {name: say, inputs: {parameters: [{name: a, default: d}]},
    container: {image: a, command: [echo, "{{inputs.parameters.a}}"]}}]}
---
{entrypoint: main, parallelism: 2, templates: [
  {name: main, failFast: false, dag: {tasks: [
    {name: one, template: out}, {name: two, depends: "one.Succeeded && !one.Failed", template: in,
      arguments: {parameters: [{name: p, value: "{{=asInt(tasks.one.outputs.parameters.p) + 1}}"}]}},
    {name: three, depends: "two || one.Skipped", template: loop, withSequence: {count: "2", format: "%03d"}}]}},
  {name: out, script: {image: sh, command: [sh], source: "echo 1 > /tmp/p"},
    outputs: {parameters: [{name: p, valueFrom: {path: /tmp/p, default: "0"}}]}},
  {name: in, inputs: {parameters: [{name: p}]},
    script: {image: sh, command: [sh], source: "echo {{inputs.parameters.p}}"}},
  {name: loop, retryStrategy: {limit: "1", retryPolicy: Always, expression: "lastRetry.exitCode == '1'"},
    timeout: 5s, container: {image: a, command: ["false"]}}]}
---
{entrypoint: main, activeDeadlineSeconds: 8, templateDefaults: {timeout: "7"}, templates: [
  {name: main, inline: null, synchronization: {mutexes: [{name: m}]}, steps: [[{name: wait, template: wait}],
    [{name: set, template: set}], [{name: again, inline: {container: {image: a, command: ["true"]}}}]]},
  {name: wait, suspend: {duration: "0"}, outputs: {parameters: [{name: a, valueFrom: {supplied: {}, default: b}}]}},
  {name: set, containerSet: {containers: [{name: a, image: a, command: [sh, -c, "echo a"]},
    {name: main, image: a, command: [sh, -c, "echo b"], dependencies: [a]}]}}]}
---
{entrypoint: main, volumes: [{name: v, emptyDir: {}}], templates: [
  {name: main, dag: {tasks: [{name: make, template: make}, {name: use, template: use, dependencies: [make],
    arguments: {artifacts: [{name: f, from: "{{tasks.make.outputs.artifacts.f}}"}]}}]}},
  {name: make, memoize: {key: "{{workflow.name}}", maxAge: 1h, cache: {configMap: {name: c}}},
    container: {image: a, command: [sh, -c, "echo x > /tmp/f"], env: [{name: A, value: b}],
      volumeMounts: [{name: v, mountPath: /v}]},
    outputs: {artifacts: [{name: f, path: /tmp/f, archive: {none: {}}}]}},
  {name: use, inputs: {artifacts: [{name: f, path: /tmp/f}]}, container: {image: a, command: [cat, /tmp/f]}}]}
"""


def _places(value: Any) -> Iterator[tuple[Any, ...]]:
    # Not by recursion: some values are nested deeper than Python's calls may be.
    waiting: list[tuple[tuple[Any, ...], Any]] = [((), value)]
    while waiting:
        path, current = waiting.pop()
        if path:
            yield path
        pairs = (
            current.items() if isinstance(current, dict) else enumerate(current) if isinstance(current, list) else ()
        )
        waiting.extend(((*path, key), item) for key, item in pairs)


def _at(value: Any, path: tuple[Any, ...]) -> Any:
    for key in path:
        value = value[key]
    return value


def _text(random: Random) -> str:
    kind = random.randrange(6)
    if kind == 0:
        return random.choice(("{{=%s}}", "%s")) % grammars.expr_lang(random)
    if kind == 1:
        return random.choice((grammars.when, grammars.depends))(random)
    return grammars.json_path(random) if kind == 2 else random.choice(grammars.HOSTILE)


def _nested(depth: int) -> Any:
    value: Any = "x"
    for level in range(depth):
        value = {"a": value} if level % 2 else [value]
    return value


def mutated(random: Random, spec: dict[str, Any]) -> dict[str, Any]:
    """Change a specification at one to three places."""
    spec = copy.deepcopy(spec)
    for _ in range(random.choice((1, 1, 2, 3))):
        places = list(_places(spec))
        # Texts are what most of Argo's rules are about.
        texts = [path for path in places if isinstance(_at(spec, path), str)]
        path = random.choice(texts if texts and random.random() < 0.7 else places)
        # What is nested too deeply for Python to copy it stays as it is.
        with contextlib.suppress(RecursionError):
            _change(random, _at(spec, path[:-1]), path[-1], copy.deepcopy(_at(spec, random.choice(places))))
        if not spec:
            break
    return spec


def _change(random: Random, holder: Any, key: Any, other: Any) -> None:
    value = holder[key]
    kind = random.randrange(9)
    if kind == 0:
        del holder[key]
    elif kind == 1 and isinstance(value, str):
        at = random.randrange(len(value) + 1)
        holder[key] = value[:at] + _text(random) + value[at:]
    elif kind == 2 and isinstance(holder, list):
        holder.insert(key, copy.deepcopy(value))
    elif kind == 3 and isinstance(holder, dict):
        holder[_text(random)] = value
    elif kind in (4, 5):
        holder[key] = other
    elif kind == 6:
        holder[key] = random.choice((*_VALUES, [value], {"a": value}, _nested(random.choice((5, 120, 3000)))))
    else:
        holder[key] = _text(random)


class Fuzz:
    """Sends workflows and sees that each is answered in time, and without a fault.

    :param patience: seconds after which a workflow is terminated.
    """

    def __init__(self, url: str, patience: float) -> None:
        self._patience = patience
        self._url = f"{url}/api/v1/workflows/argo"
        self._session = requests.Session()
        self._session.trust_env = False
        self._running: list[tuple[str, float]] = []
        self.ended = 0

    def send(self, spec: dict[str, Any]) -> None:
        """Lint a workflow and create it."""
        try:
            body = json.dumps({"workflow": {"metadata": {"generateName": "fuzz-"}, "spec": spec}})
        except (RecursionError, ValueError):
            return
        code, answer = self._call("POST", "/lint", body)
        assert code in (200, *_REFUSED) or (code == 500 and answer["code"] == 2), (code, answer, body)
        code, answer = self._call("POST", "", body)
        assert code in (200, *_REFUSED), (code, answer, body)
        if code == 200:
            self._running.append((answer["metadata"]["name"], time.monotonic()))
        while len(self._running) > 20:
            self._end(*self._running.pop(0))

    def finish(self) -> None:
        """Let everything end."""
        while self._running:
            self._end(*self._running.pop(0))
        self._session.close()

    def _end(self, name: str, since: float) -> None:
        """Wait for a workflow's end; one that has a reason to go on ends when it is terminated."""
        # It may end, and be deleted then (ttlStrategy), at any moment.
        if not self._ends(name, since + self._patience - time.monotonic()):
            code, _ = self._call("PUT", f"/{name}/terminate", "{}")
            assert code in (200, 404, 500)
            # One that is suspended as a whole only ends once it is resumed (seen on v4.1.2).
            self._call("PUT", f"/{name}/resume", "{}")
            assert code == 404 or self._ends(name, _STOP_SECONDS), self._call("GET", f"/{name}")
        assert self._call("DELETE", f"/{name}")[0] in (200, 404)
        self.ended += 1

    def _ends(self, name: str, seconds: float) -> bool:
        """Follow a workflow's events until it has ended, as long as that."""
        query = {
            "listOptions.fieldSelector": f"metadata.name={name}",
            "listOptions.timeoutSeconds": str(max(1, round(seconds))),
            "fields": "result.object.status.finishedAt",
        }
        address = self._url.replace("/workflows/", "/workflow-events/")
        with self._session.get(address, params=query, stream=True, timeout=60) as answer:
            events = (json.loads(line) for line in answer.iter_lines(chunk_size=1))
            if any(event.get("result", {}).get("object", {}).get("status", {}).get("finishedAt") for event in events):
                return True
        return self._call("GET", f"/{name}?fields=metadata.name")[0] == 404

    def _call(self, method: str, path: str, body: str | None = None) -> tuple[int, Any]:
        begin = time.monotonic()
        answer = self._session.request(method, self._url + path, data=body, timeout=_ANSWER_SECONDS * 4)
        took = time.monotonic() - begin
        assert took < _ANSWER_SECONDS, (took, method, path, body)
        return answer.status_code, answer.json()


def _specifications() -> list[dict[str, Any]]:
    """Workflows to begin with: our own, and Argo's where the shared folder is."""
    found = list(yaml.safe_load_all(_CORPUS))
    for path in sorted([*_SHARED.glob("golden/*/*.yaml"), *_SHARED.glob("argo/examples/*.yaml")]):
        text = path.read_text(encoding="utf-8")
        if not any(word in text for word in _UNWANTED):
            found += [each["spec"] for each in yaml.safe_load_all(text) if each and each.get("kind") == "Workflow"]
    return json.loads(json.dumps(found, default=str))  # type: ignore[no-any-return]


def _open_files() -> int:
    # urllib3 closes the connections of a pool when it is collected. What the server forgot to close itself warns then.
    gc.collect()
    return len(list(Path("/proc/self/fd").iterdir()))


def _children() -> set[str]:
    return set(Path(f"/proc/self/task/{os.getpid()}/children").read_text(encoding="ascii").split())


def _fuzz_workflows(
    specifications: list[dict[str, Any]], goes_on: Callable[[int], bool], faults: Any, patience: float
) -> None:
    faults.set_level(logging.ERROR)
    files, children = _open_files(), _children()
    with running_server(workers=4) as url:
        fuzz = Fuzz(url, patience)
        count = 0
        while goes_on(count):
            random = Random(_SEED * 1_000_003 + count)
            fuzz.send(mutated(random, random.choice(specifications)))
            assert not faults.records, (_SEED, count)
            count += 1
        fuzz.finish()
    assert fuzz.ended
    assert not faults.records
    assert _open_files() <= files
    assert _children() <= children


def _for(seconds: float) -> Callable[[int], bool]:
    end = time.monotonic() + seconds
    return lambda _: time.monotonic() < end


_ENV = expr_lang.environment({"name": "world", "list": "[1,2,3]", "text": '{"a":1}', "number": "7"})
_DOCUMENT = {"a": [{"a": 1}, {"a": "x"}, None], "b": {"a": {"a": 2}}, "c": 1.5}


def _compute(random: Random) -> None:
    expression = grammars.expr_lang(random)
    for compute in (
        lambda: expr_lang.go_text(expr_lang.evaluate(expression, _ENV)),
        lambda: tags.substitute(f"{random.choice(grammars.HOSTILE)}{{{{={expression}}}}}", {"name": "world"}),
        lambda: govaluate.evaluate_when(grammars.when(random)),
        lambda: depends.evaluate(grammars.depends(random), {"one": {"Succeeded": True}, "two": {"Failed": False}}),
        lambda: jsonpath.query(grammars.json_path(random), _DOCUMENT),
    ):
        with contextlib.suppress(ExpressionError):
            compute()


def _fuzz_expressions(goes_on: Callable[[int], bool]) -> None:
    count = 0
    while goes_on(count):
        begin = time.monotonic()
        _compute(Random(_SEED * 1_000_003 + count))
        assert time.monotonic() - begin < _ANSWER_SECONDS, (_SEED, count)
        count += 1


@pytest.mark.skipif(sys.platform != "linux", reason="looks for processes in /proc")
def test_any_workflow_is_answered_and_ends(caplog: pytest.LogCaptureFixture) -> None:
    _fuzz_workflows(list(yaml.safe_load_all(_CORPUS)), lambda count: count < 60, caplog, patience=1)


@pytest.mark.slow
@pytest.mark.timeout(_SECONDS + 120)
@pytest.mark.skipif(sys.platform != "linux", reason="looks for processes in /proc")
def test_any_workflow_is_answered_and_ends_for_long(caplog: pytest.LogCaptureFixture) -> None:
    _fuzz_workflows(_specifications(), _for(_SECONDS), caplog, patience=10)


def test_any_expression_is_computed_or_refused() -> None:
    _fuzz_expressions(lambda count: count < 500)


@pytest.mark.slow
@pytest.mark.timeout(_SECONDS + 120)
def test_any_expression_is_computed_or_refused_for_long() -> None:
    _fuzz_expressions(_for(_SECONDS))


@pytest.mark.parametrize(
    "expression",
    [
        "1..1000000000",
        "repeat('x', 1000000000)",
        "sprig.repeat(1000000000, 'x')",
        "sprig.until(1000000000)",
        "sprig.untilStep(0, 1000000000, 1)",
        "sprig.seq(1, 1000000000)",
        "sprig.indent(1000000000, 'x')",
        "sprig.randAlphaNum(1000000000)",
        "map(1..1000, map(1..1000, map(1..1000, #)))",
        "reduce(1..100, #acc + #acc, 'xxxxxxxxxx')",
        "sum(map(1..1000, len(map(1..999, repeat('x', 1000)))))",
        "2 ** 2 ** 2 ** 2 ** 2 ** 2",
        "sprig.pow(9, 999999999)",
        "sprig.add(9" + "9" * 400 + ", 1)",
        "sprig.toDecimal('" + "9" * 5000 + "')",
        "fromJSON('" + "[" * 100_000 + "')",
        "(" * 100_000 + "1" + ")" * 100_000,
        "!" * 100_000 + "true",
        "'" + "a" * 100 + "!' matches '(a+)+$'",
        "sprig.regexReplaceAll('(a|a)*$', '" + "a" * 100 + "!', 'b')",
        "sprig.regexFindAll('(x*)*y', '" + "x" * 200 + "', -1)",
        "'a' matches '((a{1000}){1000}){1000}'",
    ],
)
def test_an_expression_that_would_cost_too_much_ends_soon(expression: str) -> None:
    begin = time.monotonic()
    with contextlib.suppress(ExpressionError):
        expr_lang.go_text(expr_lang.evaluate(expression, _ENV))
    assert time.monotonic() - begin < _ANSWER_SECONDS
