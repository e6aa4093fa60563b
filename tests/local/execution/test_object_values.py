from __future__ import annotations

import pytest

from airflow_argo.argo.errors import ManifestError
from airflow_argo.local.engine.messages import StartPod
from airflow_argo.local.execution.environment import template_environment
from airflow_argo.local.execution.object_values import with_values
from airflow_argo.local.execution.pod import Pod


class Source:
    def config_map(self, namespace, name):
        return {"data": {"LEVEL": "3", "cost": "$(LEVEL) $$"}} if (namespace, name) == ("argo", "cm") else None

    def secret(self, namespace, name):
        return {"user": b"me", "LEVEL": b"9"} if (namespace, name) == ("argo", "s") else None


def pod(**template):
    command = StartPod("n", "wf-n", template, None, False)
    return Pod("uid", "wf", "argo", command)


def environment(**container):
    made = with_values(pod(container=container), Source())
    found = template_environment(made, made.command.template["container"])
    return {name: value for name, value in found.items() if not name.startswith("ARGO_")}


def keyed(name, kind, of, key, **more):
    return {"name": name, "valueFrom": {kind: {"name": of, "key": key, **more}}}


def test_values_come_as_they_are():
    env = [keyed("A", "configMapKeyRef", "cm", "cost"), keyed("B", "secretKeyRef", "s", "user")]
    assert environment(env=env) == {"A": "$(LEVEL) $$", "B": "me"}


def test_later_variables_may_be_made_of_them():
    env = [keyed("B", "secretKeyRef", "s", "user"), {"name": "C", "value": "$(B)/x"}]
    assert environment(env=env)["C"] == "me/x"


def test_all_of_an_object_with_a_prefix_the_last_one_winning():
    sources = [
        {"configMapRef": {"name": "cm"}},
        {"secretRef": {"name": "s"}},
        {"prefix": "S_", "secretRef": {"name": "s"}},
    ]
    found = environment(envFrom=sources)
    assert found == {"LEVEL": "9", "cost": "$(LEVEL) $$", "user": "me", "S_user": "me", "S_LEVEL": "9"}


def test_env_wins_over_env_from():
    found = environment(envFrom=[{"configMapRef": {"name": "cm"}}], env=[{"name": "LEVEL", "value": "0"}])
    assert found["LEVEL"] == "0"


def test_what_is_optional_and_not_there_is_left_out():
    env = [
        keyed("A", "configMapKeyRef", "nope", "k", optional=True),
        keyed("B", "secretKeyRef", "s", "nope", optional=True),
    ]
    assert environment(env=env, envFrom=[{"secretRef": {"name": "nope", "optional": True}}]) == {}


@pytest.mark.parametrize(
    ("container", "message"),
    [
        ({"env": [keyed("A", "configMapKeyRef", "nope", "k")]}, 'env A: configmap "nope" not found'),
        ({"env": [keyed("A", "secretKeyRef", "s", "nope")]}, "env A: couldn't find key nope in Secret argo/s"),
        ({"envFrom": [{"secretRef": {"name": "nope"}}]}, 'env envFrom: secret "nope" not found'),
    ],
)
def test_what_is_not_there_is_said_in_the_kubelets_words(container, message):
    with pytest.raises(ManifestError, match=message):
        environment(**container)


def test_every_container_of_a_pod_gets_its_own():
    container = {"env": [keyed("A", "secretKeyRef", "s", "user")]}
    made = with_values(pod(containerSet={"containers": [container]}, sidecars=[container], script=container), Source())
    template = made.command.template
    got = [template["containerSet"]["containers"][0], template["sidecars"][0], template["script"]]
    assert [each["env"] for each in got] == [[{"name": "A", "value": "me"}]] * 3


def test_the_engines_template_stays_without_them():
    container = {"env": [keyed("A", "secretKeyRef", "s", "user")]}
    given = pod(container=container)
    with_values(given, Source())
    assert given.command.template == {"container": {"env": [keyed("A", "secretKeyRef", "s", "user")]}}
