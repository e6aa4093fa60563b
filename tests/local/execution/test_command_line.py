from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from airflow_argo.argo.errors import ManifestError
from airflow_argo.local.engine.messages import StartPod
from airflow_argo.local.execution.command_line import LONGEST_ARGUMENT, CommandLine, Places, command_line
from airflow_argo.local.execution.containers import containers_of
from airflow_argo.local.execution.environment import expand, template_environment
from airflow_argo.local.execution.images import IMAGES, Entrypoint, entrypoint_of
from airflow_argo.local.execution.pod import Pod

PLACES = Places(script="/p/script", tmp="/tmp", rewrite=lambda text: text.replace("/out", "/p/out"))


def pod(template: dict[str, Any]) -> Pod:
    command = StartPod(node_id="wf-1", pod_name="wf-work-1", template=template, deadline=None, include_result=False)
    return Pod("uid", "wf", "argo", command)


def line(**container: Any) -> CommandLine:
    return line_of({"container": {"image": "alpine", **container}})


def line_of(template: dict[str, Any], images: Mapping[str, Entrypoint] = IMAGES) -> CommandLine:
    return command_line(pod(template), containers_of(template)[0], images, places=PLACES)


def environment(*env: dict[str, Any], **template: Any) -> dict[str, str]:
    return template_environment(pod(template), {"env": env})


@pytest.mark.parametrize(
    ("text", "expanded"),
    [
        ("$(A)", "1"),
        ("$(A)$(A)", "11"),
        ("$$(A)", "$(A)"),
        ("$$$(A)", "$1"),
        ("$$", "$"),
        ("$$$$", "$$"),
        ("$", "$"),
        ("$A", "$A"),
        ("$(B)", "$(B)"),
        ("$()", "$()"),
        ("$(A", "$(A"),
        ("$(A$(A))", "$(A$(A))"),
        ("${A}", "${A}"),
        ("$(NESTED)", "$(A)"),
    ],
)
def test_expansion_as_kubernetes_does_it(text, expanded):
    assert expand(text, {"A": "1", "NESTED": "$(A)"}) == expanded


def test_args_follow_the_command_and_both_are_expanded():
    made = line(command=["sh", "-c", "$(A)"], args=["$(A)", "$$x"], env=[{"name": "A", "value": "/out"}])
    assert made.argv == ("sh", "-c", "/p/out", "/p/out", "$x")
    assert made.environment["A"] == "/p/out"


def test_argos_variables_can_be_referred_to():
    assert line(command=["echo", "$(ARGO_NODE_ID)", "$(PATH)"]).argv == ("echo", "wf-1", "$(PATH)")


def test_a_script_is_the_last_argument_and_its_text_is_not_expanded():
    template = {"script": {"image": "x", "command": ["sh"], "args": ["-e"], "source": "echo $(date) $$ /out"}}
    made = line_of(template)
    assert made.argv == ("sh", "-e", "/p/script")
    assert made.source == "echo $(date) $$ /p/out"


def test_an_empty_script_is_no_argument():
    made = line_of({"script": {"command": ["sh"], "source": ""}})
    assert made.argv == ("sh",)


def test_an_argument_that_is_too_long_comes_in_a_file_and_nothing_is_expanded():
    long = "x" * (LONGEST_ARGUMENT + 1)
    made = line(command=["sh", "-c"], args=["$(A)", long], env=[{"name": "A", "value": "1"}])
    assert made.argv == ("sh", "-c", "$(A)", "@/tmp/argo_arg_2.txt")
    assert made.files == {"argo_arg_2.txt": long}


@pytest.mark.parametrize(
    ("image", "found"),
    [
        ("mine", ("full",)),
        ("mine:1.2", ("full",)),
        ("docker.io/library/mine@sha256:abc", ("full",)),
        ("host:5000/team/mine:1", ("full",)),
        ("exact:1", ("tagged",)),
        ("other", None),
        ("", None),
    ],
)
def test_entrypoint_of_an_image(image, found):
    table = {"mine": Entrypoint(("full",)), "exact:1": Entrypoint(("tagged",)), "exact": Entrypoint(("other",))}
    entry = entrypoint_of(image, table)
    assert (entry and entry.entrypoint) == found


@pytest.mark.parametrize(
    ("container", "argv"),
    [
        ({}, ("entry", "default")),
        ({"args": ["a"]}, ("entry", "a")),
        ({"args": []}, ("entry",)),
        ({"command": ["c"]}, ("c",)),
        ({"command": [], "args": ["a"]}, ("entry", "a")),
    ],
)
def test_command_and_args_of_the_image(container, argv):
    images = {"known": Entrypoint(("entry",), ("default",))}
    assert line_of({"container": {"image": "known", **container}}, images).argv == argv


def test_nothing_to_execute():
    with pytest.raises(ManifestError, match="nothing to execute"):
        line(args=[])


def test_a_later_variable_of_the_same_name_wins_and_sees_the_former():
    assert environment({"name": "A", "value": "1"}, {"name": "A", "value": "$(A)2"})["A"] == "12"


def test_a_variable_without_a_value_is_empty():
    assert environment({"name": "A"})["A"] == ""


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("metadata.name", "wf-work-1"),
        ("metadata.namespace", "argo"),
        ("status.podIP", "127.0.0.1"),
        ("spec.serviceAccountName", "default"),
        ("metadata.labels['workflows.argoproj.io/workflow']", "wf"),
        ("metadata.labels['team']", "blue"),
        ("metadata.annotations['nope']", ""),
    ],
)
def test_fields_of_the_pod(path, value):
    env = {"name": "A", "valueFrom": {"fieldRef": {"fieldPath": path}}}
    assert environment(env, metadata={"labels": {"team": "blue"}})["A"] == value


@pytest.mark.parametrize(
    ("source", "named"),
    [
        ({"fieldRef": {"fieldPath": "status.phase"}}, "status.phase"),
        ({"secretKeyRef": {"name": "s", "key": "k"}}, "secretKeyRef"),
        ({"configMapKeyRef": {"name": "s", "key": "k", "optional": False}}, "configMapKeyRef"),
        ({"resourceFieldRef": {"resource": "limits.cpu"}}, "resourceFieldRef"),
    ],
)
def test_what_a_variable_cannot_come_from_is_named_with_its_place(source, named):
    with pytest.raises(ManifestError, match=rf"env A: .*{named}"):
        environment({"name": "A", "valueFrom": source})


def test_what_is_optional_and_cannot_be_there_is_left_out():
    reference = {"name": "s", "key": "k", "optional": True}
    variables = environment(
        {"name": "A", "valueFrom": {"secretKeyRef": reference}},
        {"name": "B", "valueFrom": {"configMapKeyRef": reference}},
        {"name": "C", "value": "$(A)"},
    )
    assert variables["C"] == "$(A)"
    assert not {"A", "B"} & variables.keys()
