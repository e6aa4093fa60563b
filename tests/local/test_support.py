"""What the server does not have is said by name at submit."""

from __future__ import annotations

from typing import Any

import pytest

from airflow_argo.local.execution.images import IMAGES
from airflow_argo.local.support import missing

UNKNOWN = {"image": "tool:1"}


def workflow(template: dict[str, Any], **spec: Any) -> dict[str, Any]:
    return {"spec": {"templates": [{"name": "t", **template}], **spec}}


@pytest.mark.parametrize(
    ("template", "found"),
    [
        ({"container": UNKNOWN}, "templates.t: what image tool:1 runs without a command"),
        ({"containerSet": {"containers": [{"name": "a", **UNKNOWN}]}}, "templates.t: what image tool:1 runs"),
        ({"container": {"command": ["x"]}, "sidecars": [{"name": "s", **UNKNOWN}]}, "templates.t: what image tool:1"),
        ({"dag": {"tasks": [{"name": "a", "inline": {"container": UNKNOWN}}]}}, "templates.t.tasks.a.inline: what im"),
        (
            {
                "container": {"command": ["x"], "volumeMounts": [{"name": "v", "mountPath": "/v"}]},
                "volumes": [{"name": "v", "nfs": {}}],
            },
            "templates.t.volumeMounts.v: nfs volumes are not supported",
        ),
        (
            {"daemon": True, "container": {"command": ["x"], "readinessProbe": {"grpc": {"port": 1}}}},
            "templates.t.readinessProbe: only exec, httpGet, tcpSocket",
        ),
        (
            {"container": {"command": ["x"], "volumeMounts": [{"name": "v", "subPathExpr": "$(X)"}]}},
            "templates.t.volumeMounts.v.subPathExpr: not supported",
        ),
        (
            {
                "container": {"command": ["x"], "volumeMounts": [{"name": "v", "subPath": "k"}]},
                "volumes": [{"name": "v", "secret": {"secretName": "s"}}],
            },
            "templates.t.volumeMounts.v.subPath: of a ConfigMap or Secret, not supported",
        ),
        ({"container": {"command": ["x"], "lifecycle": {"preStop": {}}}}, "templates.t.lifecycle: not supported"),
    ],
)
def test_it_names_the_place(template: dict[str, Any], found: str) -> None:
    (fault,) = missing(workflow(template), IMAGES)
    assert fault.startswith(found)


@pytest.mark.parametrize(
    "accepted",
    [
        workflow({"container": {**UNKNOWN, "command": ["x"]}}),
        workflow({"container": {"image": "busybox:1.36"}}),
        workflow({"container": {"image": "{{inputs.parameters.image}}"}}),
        workflow({"container": UNKNOWN}, templateDefaults={"container": {"command": ["x"]}}),
        workflow({"container": UNKNOWN}, podSpecPatch="{}"),
        workflow({"container": {"command": ["x"]}}, volumes=[{"name": "v", "nfs": {}}]),
    ],
)
def test_what_may_be_run_is_accepted(accepted: dict[str, Any]) -> None:
    assert missing(accepted, IMAGES) == []


def test_an_executor_of_images_needs_no_command() -> None:
    assert missing(workflow({"container": UNKNOWN}), None) == []
