"""What the engine does not do is said by name, before a workflow is accepted."""

from __future__ import annotations

import pytest

from airflow_argo.local.engine.support import unsupported


def with_template(**fields):
    return {"spec": {"entrypoint": "x", "templates": [{"name": "x", **fields}]}}


@pytest.mark.parametrize(
    ("fields", "path"),
    [
        ({"resource": {"action": "get"}}, "templates.x.resource: resource templates need Kubernetes"),
        ({"dag": {"tasks": [{"name": "t", "inline": {"plugin": {}}}]}}, "templates.x.tasks.t.inline.plugin"),
    ],
)
def test_it_names_the_place(fields, path):
    found = unsupported(with_template(**fields))
    assert len(found) == 1
    assert found[0].startswith(path)


def test_what_only_a_scheduler_cares_for_is_accepted():
    template = {
        "container": {"image": "a", "resources": {"limits": {"cpu": "1"}}},
        "nodeSelector": {"a": "b"},
        "tolerations": [{}],
        "metadata": {"labels": {"a": "b"}},
    }
    workflow = with_template(**template)
    workflow["spec"].update(podGC={"strategy": "OnPodCompletion"}, serviceAccountName="x", ttlStrategy={})
    assert unsupported(workflow) == []


@pytest.mark.parametrize(
    ("location", "refused"),
    [
        ({"s3": {"bucket": "b", "key": "k"}}, False),
        ({"raw": {"data": "x"}}, False),
        ({}, False),
        ({"s3": {"endpoint": "e", "bucket": "b", "key": "k"}}, True),
        ({"gcs": {"bucket": "b"}}, True),
    ],
)
def test_data_templates_list_the_own_store_only(location, refused):
    found = unsupported(with_template(data={"source": {"artifactPaths": {"name": "x", **location}}}))
    kind = next(iter(location), "")
    assert [line.partition(": ")[0] for line in found] == [f"templates.x.data.source.artifactPaths.{kind}"] * refused
