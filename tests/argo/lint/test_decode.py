import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_argo.argo import go_yaml
from airflow_argo.argo.errors import ManifestError
from airflow_argo.argo.lint.decode import decode_workflow
from airflow_argo.argo.lint.encode import to_json


def test_the_first_wrong_type_in_the_text_is_told() -> None:
    with pytest.raises(ManifestError, match=r"spec\.suspend"):
        decode_workflow(go_yaml.load_all("spec: {suspend: 1, priority: x, entrypoint: 2}")[0])


@pytest.mark.parametrize(
    ("container", "message"),
    [
        ({"readinessProbe": {"httpGet": {"port": {}}}}, "HTTPGetAction.workflow.spec.templates.container."),
        ({"securityContext": []}, "container.securityContext of type v1.SecurityContext"),
        ({"resources": {"claims": ["a"]}}, "container.resources.claims of type v1.ResourceClaim"),
        ({"resources": {"limits": "1"}}, "container.resources.limits of type v1.ResourceList"),
    ],
)
def test_what_belongs_to_kubernetes_has_its_types_too(container: dict[str, Any], message: str) -> None:
    with pytest.raises(ManifestError, match=re.escape(message)):
        decode_workflow({"spec": {"templates": [{"container": container}]}})


def test_names_are_taken_in_any_case_unknown_ones_and_nulls_are_dropped() -> None:
    assert decode_workflow({"spec": {"entryPoint": "a", "nonsense": 1, "onExit": None}}) == {
        "spec": {"entrypoint": "a"}
    }


def test_an_empty_list_is_lost_on_the_way_to_argo() -> None:
    assert decode_workflow({"spec": {"templates": [], "entrypoint": "a"}}) == {"spec": {"entrypoint": "a"}}


@pytest.mark.parametrize(
    ("spec", "problem"),
    [
        (
            {"volumes": [{"emptyDir": 5}]},
            "number into Go struct field Volume.workflow.spec.volumes.VolumeSource.emptyDir of type "
            "v1.EmptyDirVolumeSource",
        ),
        (
            {"volumeClaimTemplates": [{"spec": {"accessModes": "x"}}]},
            "string into Go struct field PersistentVolumeClaimSpec.workflow.spec.volumeClaimTemplates.spec.accessModes"
            " of type []v1.PersistentVolumeAccessMode",
        ),
        (
            {"templates": [{"container": {"readinessProbe": {"httpGet": {"port": 1.5}}}}]},
            "number 1.5 into Go struct field "
            "HTTPGetAction.workflow.spec.templates.container.readinessProbe.ProbeHandler.httpGet.port of type int32",
        ),
        (
            {"templates": [{"container": {"resources": {"limits": []}}}]},
            "array into Go struct field ResourceRequirements.workflow.spec.templates.container.resources.limits of type"
            " v1.ResourceList",
        ),
    ],
)
def test_kubernetes_types_are_told_as_go_tells_them(spec: dict[str, Any], problem: str) -> None:
    with pytest.raises(ManifestError) as error:
        decode_workflow({"spec": spec})

    assert error.value.message == f"json: cannot unmarshal {problem}"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (1.0, "1"),
        (1e3, "1000"),
        (True, "true"),
        ({"a": 1}, ""),
        ([1], ""),
        ("x", "x"),
        (2**70, "1180591620717411300000"),
    ],
)
def test_parameter_values_become_text(value: object, text: str) -> None:
    decoded = decode_workflow({"spec": {"arguments": {"parameters": [{"name": "p", "value": value}]}}})
    assert decoded["spec"]["arguments"]["parameters"][0]["value"] == text


def test_a_struct_is_written_in_the_order_of_its_fields() -> None:
    template = {"container": {"args": ["<&>"], "image": "x"}, "name": "a", "daemon": False, "timeout": ""}
    assert to_json(template, "Template") == (
        '{"name":"a","inputs":{},"outputs":{},"metadata":{},"daemon":false,'
        '"container":{"name":"","image":"x","args":["\\u003c\\u0026\\u003e"],"resources":{}}}'
    )


ANYTHING: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=3),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["spec", "templates", "name", "steps", "dag", "tasks", "value"]), inner)
    ),
)


@given(st.dictionaries(st.sampled_from(["spec", "metadata", "status"]), ANYTHING))
def test_any_json_is_decoded_or_refused(manifest: dict[str, Any]) -> None:
    try:
        decoded = decode_workflow(manifest)
    except ManifestError:
        return
    assert decode_workflow(decoded) == decoded
