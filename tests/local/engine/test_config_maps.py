"""Parameters from ConfigMaps, of workflows and of templates."""

from __future__ import annotations

import pytest

LABEL = "workflows.argoproj.io/configmap-type"
MAPS = {
    "right": {"metadata": {"labels": {LABEL: "Parameter"}}, "data": {"k": "v {{workflow.name}}", "list": '["x"]'}},
    "other": {"metadata": {"labels": {LABEL: "Cache"}}, "data": {"k": "v"}},
    "unlabelled": {"metadata": {"labels": {}}, "data": {"k": "v"}},
}


def reference(name, key="k", **more):
    return {"configMapKeyRef": {"name": name, "key": key}, **more}


@pytest.fixture
def of_workflow(world):
    def run(value_from):
        spec = """
            templates: [{name: main, steps: [[{name: a, template: work,
              arguments: {parameters: [{name: value, value: "{{workflow.parameters.p}}"}]}}]]}]
        """
        made = world(spec).share(config_map=MAPS.get)
        made.workflow["spec"]["arguments"] = {"parameters": [{"name": "p", "valueFrom": value_from}]}
        return made.run()

    return run


@pytest.fixture
def of_template(world):
    def run(value_from, **arguments):
        made = world("templates: [{name: main, inputs: {}, container: {args: ['{{inputs.parameters.p}}']}}]")
        made.workflow["spec"]["templates"][0]["inputs"] = {"parameters": [{"name": "p", "valueFrom": value_from}]}
        return made.share(config_map=MAPS.get).run()

    return run


DOES_NOT_EXIST = f"Please make sure it has the label {LABEL}: Parameter to be detectable by the controller"


class TestOfTheWorkflow:
    def test_the_value_is_there_for_all_templates(self, of_workflow):
        done = of_workflow(reference("right", "list"))
        assert (done.phase, done.inputs("[0].a")) == ("Succeeded", {"value": '["x"]'})

    @pytest.mark.parametrize(("name", "key"), [("nope", "k"), ("right", "nope"), ("other", "k"), ("unlabelled", "k")])
    def test_the_default_stands_in_for_whatever_is_wrong(self, of_workflow, name, key):
        assert of_workflow(reference(name, key, default="d")).inputs("[0].a") == {"value": "d"}

    @pytest.mark.parametrize(
        ("name", "key", "reason"),
        [
            ("right", "nope", "ConfigMap 'right' does not have the key 'nope'"),
            ("nope", "k", f"ConfigMap 'nope' does not exist. {DOES_NOT_EXIST}"),
            ("unlabelled", "k", f"ConfigMap 'unlabelled' does not exist. {DOES_NOT_EXIST}"),
            ("other", "k", f"ConfigMap 'other' needs to have the label {LABEL}: Parameter to load parameters"),
        ],
    )
    def test_without_one_the_workflow_fails_in_argos_words(self, of_workflow, name, key, reason):
        failed = of_workflow(reference(name, key))
        place = f"failed to set global parameter p from configmap with name {name} and key {key}"
        assert (failed.phase, failed.message) == ("Failed", f"failed to set global parameters: {place}: {reason}")
        assert failed.status["progress"] == "0/0"


class TestOfATemplate:
    def test_tags_in_the_value_are_filled_as_in_any_input(self, of_template):
        assert of_template(reference("right")).started == [""]

    def test_name_and_key_may_be_tags_of_the_workflow(self, of_template):
        done = of_template(reference("{{workflow.name}}", default="d"))
        assert (done.phase, done.inputs("")) == ("Succeeded", {"p": "d"})

    def test_an_unknown_tag_in_them_is_an_error(self, of_template):
        failed = of_template(reference("{{nope}}", default="d"))
        assert "failed to substitute configMapKeyRef: failed to resolve {{nope}}" in failed.message

    def test_the_default_stands_in_only_for_what_is_not_there(self, of_template):
        assert of_template(reference("nope", default="d")).inputs("") == {"p": "d"}
        failed = of_template(reference("other", default="d"))
        reason = f"ConfigMap 'other' needs to have the label {LABEL}: Parameter to load parameters"
        assert failed.nodes[""]["message"] == f"unable to retrieve inputs.parameters.p from ConfigMap: {reason}"
