"""``memoize``: what is kept, what is found again, and what is refused."""

from __future__ import annotations

import json

import pytest

from airflow_argo.local.engine.errors import NodeError
from airflow_argo.local.engine.memoization import NoCache, recall

SPEC = """
    templates:
    - name: main
      steps: [[{name: a, template: kept}], [{name: b, template: work, arguments:
        {parameters: [{name: value, value: "{{steps.a.outputs.parameters.out}}"}]}}]]
    - name: kept
      memoize: {key: key-1, cache: {configMap: {name: memo}}}
      container: {image: busybox, command: [echo], args: [said]}
      outputs: {parameters: [{name: out, valueFrom: {path: /tmp/out}}]}
"""


def memoized(hit, key="key-1"):
    return {"hit": hit, "key": key, "cacheName": "memo"}


@pytest.fixture
def cache():
    return NoCache()


@pytest.fixture
def run(world, cache):
    def make(spec=SPEC, *worker):
        return world(spec, *worker).share(cache=cache).run()

    return make


def test_a_second_run_has_the_outputs_without_a_pod(run):
    first, second = run(), run()
    assert (first.nodes["[0].a"]["memoizationStatus"], first.started) == (memoized(False), ["[0].a", "[1].b"])
    assert (second.nodes["[0].a"]["memoizationStatus"], second.started) == (memoized(True), ["[1].b"])
    assert second.inputs("[1].b") == {"value": "said"}
    assert (second.phase, second.status["progress"]) == ("Succeeded", "2/2")
    assert second.nodes["[0].a"]["type"] == "Pod"


def test_a_failure_is_not_kept(run, failing):
    assert run(SPEC, failing("said")).phase == "Failed"
    assert run().nodes["[0].a"]["memoizationStatus"] == memoized(False)


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        ("steps: [[{name: t, template: work}]]", "Steps"),
        ("dag: {tasks: [{name: t, template: work}]}", "DAG"),
        ("retryStrategy: {limit: 1}\n      container: {image: busybox, command: [echo], args: [said]}", "Retry"),
    ],
)
def test_any_template_may_be_kept(run, body, kind):
    out = "valueFrom: {path: /tmp/out}"
    if kind != "Retry":
        out = f'valueFrom: {{parameter: "{{{{{"steps" if kind == "Steps" else "tasks"}.t.outputs.parameters.out}}}}"}}'
    spec = SPEC.replace("container: {image: busybox, command: [echo], args: [said]}", body)
    spec = spec.replace("valueFrom: {path: /tmp/out}", out)
    first, second = run(spec), run(spec)
    assert first.phase == second.phase == "Succeeded"
    node = second.nodes["[0].a"]
    assert (node["type"], node["memoizationStatus"]["hit"], node.get("children")) == (
        kind,
        True,
        None if kind == "Retry" else [second.nodes["[1]"]["id"]],
    )
    assert second.outputs("[0].a") == first.outputs("[0].a")


def test_two_items_with_one_key_run_once_if_a_lock_keeps_them_apart(run):
    spec = """
        templates:
        - name: main
          dag: {tasks: [{name: w, template: kept, withItems: [a, b]}]}
        - name: kept
          synchronization: {mutexes: [{name: m}]}
          memoize: {key: key-1, cache: {configMap: {name: memo}}}
          container: {image: busybox, command: [echo]}
    """
    done = run(spec)
    assert done.started == ["w(0:a)"]
    assert (done.phases["w(1:b)"], done.nodes["w(1:b)"]["memoizationStatus"]) == ("Succeeded", memoized(True))


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ("key: a.b,", "invalid cache key: a.b"),
        ('key: "{{workflow.name}}_x",', "invalid cache key: wf_x"),
        ('key: key-1, maxAge: "60",', 'invalid maxAge: time: missing unit in duration "60"'),
    ],
)
def test_a_bad_key_or_age_is_an_error(run, given, message):
    failed = run(SPEC.replace("key: key-1,", given))
    assert (failed.phases["[0].a"], failed.nodes["[0].a"]["message"]) == ("Error", message)
    assert failed.started == []


def test_a_cache_that_cannot_be_written_is_the_pods_error(world):
    class Full(NoCache):
        def save(self, cache, key, entry):
            raise NodeError("it is full")

    failed = world(SPEC).share(cache=Full()).run()
    assert (failed.phases["[0].a"], failed.nodes["[0].a"]["message"]) == ("Error", "it is full")


ENTRY = {"nodeID": "x", "outputs": {"result": "r"}, "creationTimestamp": "2023-11-14T22:13:20Z"}
CREATED = 1_700_000_000.0


class TestEntries:
    def recall(self, cache, entry, age=0.0, **memoize):
        cache.save("memo", "k", entry if isinstance(entry, str) else json.dumps(entry))
        given = {"key": "k", "cache": {"configMap": {"name": "memo"}}, **memoize}
        return recall(cache, given, CREATED + age)

    @pytest.mark.parametrize(("age", "hit"), [(59, True), (60, True), (61, False)])
    def test_it_is_a_hit_until_it_is_too_old(self, cache, age, hit):
        assert self.recall(cache, ENTRY, age, maxAge="1m").hit is hit

    def test_a_hit_is_noted(self, cache):
        found = self.recall(cache, ENTRY, 100)
        assert (found.hit, found.outputs) == (True, {"result": "r"})
        assert json.loads(cache.load("memo", "k"))["lastHitTimestamp"] == "2023-11-14T22:15:00Z"

    def test_an_entry_without_a_node_is_no_hit(self, cache):
        assert not self.recall(cache, {**ENTRY, "nodeID": ""}).hit

    def test_an_empty_one_is_none(self, cache):
        assert not self.recall(cache, "").hit

    @pytest.mark.parametrize("entry", ["{", "[]", '{"creationTimestamp": 3}', '{"outputs": 1}'])
    def test_a_malformed_one_is_an_error(self, cache, entry):
        with pytest.raises(NodeError, match="malformed cache entry: could not unmarshal JSON"):
            self.recall(cache, entry)
