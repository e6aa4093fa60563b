from __future__ import annotations

import pytest

from airflow_argo.local.engine.errors import NodeError, UnreadableObjectError
from airflow_argo.local.engine.lock_names import LockName
from airflow_argo.local.objects import Objects
from airflow_argo.local.objects.lookups import CacheObjects, config_maps, limit_of

LABEL = "workflows.argoproj.io/configmap-type"


@pytest.fixture
def objects(tmp_path):
    return Objects(tmp_path)


@pytest.fixture
def cache(objects):
    return CacheObjects(objects)


def write(objects, text):
    (objects.directory / "x.yaml").write_text(text)


def limit(objects, key):
    return limit_of(objects, LockName("argo", "ConfigMap", "limits", key))


def test_a_limit_is_a_whole_number(objects):
    write(objects, "kind: ConfigMap\nmetadata: {name: limits}\ndata: {two: '2', bad: two}")
    assert limit(objects, "two") == 2
    for key, reason in (("bad", "no whole number"), ("nope", "'nope' not found in ConfigMap")):
        with pytest.raises(NodeError, match=reason):
            limit(objects, key)


def test_a_missing_config_map_is_not_a_file_that_cannot_be_read(objects):
    with pytest.raises(NodeError, match='"limits" not found') as missing:
        limit(objects, "two")
    write(objects, "kind: [")
    with pytest.raises(UnreadableObjectError, match=r"x\.yaml, line 2"):
        limit(objects, "two")
    assert not isinstance(missing.value, UnreadableObjectError)


def test_parameters_are_looked_for_in_the_workflows_namespace(objects):
    write(objects, "kind: ConfigMap\nmetadata: {name: cm, namespace: mine}")
    assert config_maps(objects, "mine")("cm") is not None
    assert config_maps(objects, "other")("cm") is None


class TestCache:
    def test_it_is_made_with_argos_label(self, objects, cache):
        assert cache.load("memo", "k") is None
        cache.save("memo", "k", "one")
        cache.save("memo", "l", "two")
        assert (cache.load("memo", "k"), cache.load("memo", "l")) == ("one", "two")
        assert objects.config_map("argo", "memo")["metadata"]["labels"] == {LABEL: "Cache"}

    @pytest.mark.parametrize(
        ("labels", "message"),
        [
            ("{}", f"memoization configmap doesn't have {LABEL} label, refusing to use it"),
            (f"{{{LABEL}: Parameter}}", f"doesn't have label {LABEL} = Cache, refusing to use it"),
        ],
    )
    def test_what_is_no_cache_is_refused(self, objects, cache, labels, message):
        write(objects, f"kind: ConfigMap\nmetadata: {{name: memo, labels: {labels}}}")
        with pytest.raises(NodeError, match=message):
            cache.load("memo", "k")
        with pytest.raises(NodeError, match=message):
            cache.save("memo", "k", "one")

    def test_a_name_that_kubernetes_refuses(self, cache):
        with pytest.raises(NodeError, match=r'could not save to config map cache: ConfigMap "../x" is invalid'):
            cache.save("../x", "k", "one")

    def test_one_that_is_full_says_where_to_read_on(self, cache):
        with pytest.raises(NodeError, match=r"error creating cache entry: .*Too long.*memoization/#faqs"):
            cache.save("memo", "k", "x" * 1024 * 1024)
