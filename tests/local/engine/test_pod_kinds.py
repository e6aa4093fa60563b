"""Container sets, sidecars, daemons, volumes and HTTP templates, as the engine sees them."""

from __future__ import annotations

from typing import Any

import pytest

from airflow_argo.local.engine import blame
from airflow_argo.local.engine.messages import (
    ContainerChanged,
    ContainerReport,
    HttpAnswer,
    PodFinished,
    PodReport,
    PodStarted,
    Resume,
    Shutdown,
    StartPod,
)

SET = """
templates:
- name: main
  containerSet:
    containers:
    - {name: a, image: x}
    - {name: b, image: x, dependencies: [a]}
    - {name: main, image: x, dependencies: [a, b]}
"""


def ended(**codes: int) -> dict[str, ContainerReport]:
    return {name: ContainerReport(code) for name, code in codes.items()}


class TestContainerSet:
    def test_members_hang_below_what_they_depend_on(self, world):
        made = world(SET).start()
        assert made.nodes["a"]["type"] == "Container"
        assert (made.children(""), made.children("a"), made.children("b")) == (["a"], ["b", "main"], ["main"])
        assert set(made.phases.values()) == {"Pending"}

    def test_what_follows_hangs_below_their_last_and_the_hooks_of_the_set(self, world):
        spec = (
            SET.replace("name: main", "name: set", 1)
            + """
- name: main
  dag:
    tasks:
    - {name: s, template: set, onExit: work}
    - {name: after, template: work, depends: s.Succeeded || s.Failed}
"""
        )
        made = world(spec).run()
        assert (made.children("s.main"), made.children("s.onExit")) == (["after"], ["after"])

    def test_they_follow_their_containers(self, world):
        made = world(SET).start()
        made.tell(ContainerChanged("wf", "a")).tell(ContainerChanged("wf", "a", ContainerReport(0)))
        made.tell(ContainerChanged("wf", "b"))
        assert made.phases == {"": "Pending", "a": "Succeeded", "b": "Running", "main": "Pending"}

    def test_success_counts_each_member(self, world):
        made = world(SET, lambda pod: PodReport(exit_code=0, containers=ended(a=0, b=0, main=0))).run()
        assert made.phase == "Succeeded"
        assert made.status["progress"] == "4/4"
        assert made.nodes[""]["outputs"] == {"exitCode": "0"}

    def test_at_the_deadline_of_the_pod_nobody_hears_how_those_end_that_run(self, world):
        report = PodReport(exit_code=143, deadline_exceeded=True, containers=ended(a=143, b=64, main=64))
        made = world(SET, lambda pod: report).run()
        assert made.nodes["a"]["message"] == "Pod Failed whilst container running"
        assert made.message == "Pod was active on the node longer than the specified deadline"

    def test_a_failure_is_the_pods(self, world):
        error = 'dependency "a" exited with non-zero code: 3'
        reports = {**ended(a=3), "b": ContainerReport(64, error), "main": ContainerReport(64, error)}
        made = world(SET, lambda pod: PodReport(exit_code=64, containers=reports)).run()
        assert (made.phase, made.message) == ("Failed", "a: Error (exit code 3)")
        assert made.nodes["a"]["message"] == "a: Error (exit code 3): "
        assert (made.phases["b"], made.nodes["b"]["message"]) == ("Error", f"b: Error (exit code 64): {error}")

    def test_a_lost_pod_takes_its_members_with_it(self, world):
        made = world(SET, lambda pod: PodReport(exit_code=None, error="pod deleted")).run()
        assert made.phases == {"": "Error", "a": "Error", "b": "Error", "main": "Error"}
        assert made.nodes["a"]["message"] == "container deleted"

    def test_stopping_fails_what_has_not_ended(self, world):
        made = world(SET).start()
        made.tell(PodStarted("wf")).tell(ContainerChanged("wf", "a", ContainerReport(0)))
        made.tell(Shutdown("Terminate"))
        assert made.phases == {"": "Failed", "a": "Succeeded", "b": "Failed", "main": "Failed"}


@pytest.mark.parametrize(
    ("containers", "unsaved", "outcome"),
    [
        (ended(main=0, side=0), "", ("Succeeded", "")),
        (ended(first=2), "", ("Failed", "first: Error (exit code 2)")),
        (ended(first=0, main=1, side=4), "why", ("Failed", "main: Error (exit code 1)")),
        (ended(main=0, side=4), "why", ("Error", "wait: Error (exit code 64): why")),
        (ended(main=0, side=4), "", ("Failed", "side: Error (exit code 4)")),
        (ended(main=0, side=143, other=137), "", ("Succeeded", "")),
    ],
)
def test_who_is_blamed(containers, unsaved, outcome):
    template: dict[str, Any] = {
        "container": {},
        "initContainers": [{"name": "first"}],
        "sidecars": [{"name": "side"}, {"name": "other"}],
    }
    assert blame.judge(containers, template, unsaved) == outcome


SERVER = """
- name: server
  daemon: true
  container: {image: x, args: [server]}
"""
DAEMON_STEPS = f"""
templates:
- name: main
  steps:
  - - {{name: server, template: server}}
  - - {{name: client, template: work, arguments: {{parameters: [{{name: value, value: "{{{{steps.server.ip}}}}"}}]}}}}
  - - {{name: after, template: work}}
{SERVER}
"""
DAEMON_DAG = f"""
templates:
- name: main
  dag:
    tasks:
    - {{name: server, template: server}}
    - {{name: client, depends: server, template: work}}
{SERVER}
"""


def server_id(made: Any, name: str) -> str:
    return str(made.nodes[name]["id"])


def serving(made: Any, name: str) -> str:
    """Let the daemon run, and nothing else happen."""
    made.start()
    node_id = server_id(made, name)
    made.waiting.pop(node_id)
    made.tell(PodStarted(node_id))
    return node_id


class TestDaemon:
    @pytest.mark.parametrize(("spec", "name"), [(DAEMON_STEPS, "[0].server"), (DAEMON_DAG, "server")])
    def test_it_serves_until_its_steps_or_dag_end(self, world, spec, name):
        made = world(spec)
        node_id = serving(made, name)
        assert made.nodes[name]["phase"] == "Running"
        assert made.nodes[name]["daemoned"] is True
        made.run()
        assert made.phase == "Succeeded"
        assert made.phases[name] == "Succeeded"
        assert "daemoned" not in made.nodes[name]
        assert node_id in made.stopped

    def test_its_address_is_this_machine(self, world):
        made = world(DAEMON_STEPS)
        serving(made, "[0].server")
        assert made.inputs("[1].client") == {"value": "127.0.0.1"}

    def test_only_who_asks_for_a_success_does_not_run(self, world):
        never = "- {name: never, depends: server.Succeeded, template: work}"
        made = world(DAEMON_DAG.replace("tasks:\n", f"tasks:\n    {never}\n"))
        serving(made, "server")
        assert "client" in made.phases
        assert made.phases["never"] == "Omitted"

    @pytest.mark.parametrize(("code", "message"), [(3, "main: Error (exit code 3)"), (0, "")])
    def test_an_end_of_its_own_fails_the_steps(self, world, code, message):
        made = world(DAEMON_STEPS)
        node_id = serving(made, "[0].server")
        made.tell(PodFinished(node_id, PodReport(exit_code=code)))
        assert (made.phases["[0].server"], made.nodes["[0].server"].get("message", "")) == ("Failed", message)
        assert made.phases[""] == "Failed"
        assert made.message in ("", f"child '{node_id}' failed")
        assert made.phases["[1]"] == "Running"

    def test_in_a_dag_only_targets_count(self, world):
        made = world(DAEMON_DAG)
        node_id = serving(made, "server")
        made.tell(PodFinished(node_id, PodReport(exit_code=3)))
        assert made.run().phase == "Succeeded"
        assert made.phases["server"] == "Failed"

    def test_as_the_entry_template_it_ends_at_once(self, world):
        made = world("{templates: [{name: main, daemon: true, container: {image: x}}]}").run()
        assert (made.phase, made.phases) == ("Succeeded", {"": "Succeeded"})

    def test_one_that_ends_before_it_is_ready_has_failed(self, world):
        made = world(DAEMON_STEPS).start()
        made.tell(PodFinished(server_id(made, "[0].server"), PodReport(exit_code=0)))
        assert made.phase == "Failed"

    def test_it_is_tried_again_while_the_rest_waits(self, world):
        made = world(DAEMON_STEPS.replace("daemon: true", "daemon: true\n  retryStrategy: {limit: 2}"))
        first = serving(made, "[0].server(0)")
        assert made.nodes["[0].server"]["daemoned"] is True
        made.tell(PodFinished(first, PodReport(exit_code=3)))
        client = server_id(made, "[1].client")
        made.tell(PodStarted(client)).tell(PodFinished(client, PodReport(exit_code=0, parameters={"out": ""})))
        assert made.phases["[0]"] == "Running"
        assert "[2]" not in made.phases
        made.tell(PodStarted(server_id(made, "[0].server(1)")))
        assert made.phases["[0]"] == "Succeeded"
        assert made.children("[0].server(1)") == ["[1]"]
        after = server_id(made, "[2].after")
        made.tell(PodStarted(after)).tell(PodFinished(after, PodReport(exit_code=0, parameters={"out": ""})))
        assert made.phase == "Succeeded"
        assert made.phases["[0].server"] == made.phases["[0].server(1)"] == "Succeeded"
        assert made.phases["[0].server(0)"] == "Failed"

    def test_a_restart_of_the_server_loses_it(self, world):
        made = world(DAEMON_STEPS)
        node_id = serving(made, "[0].server")
        made.restart()
        made.tell(PodFinished(node_id, PodReport(exit_code=None, error="pod deleted")))
        assert (made.phases["[0].server"], made.nodes["[0].server"]["message"]) == ("Error", "pod deleted")
        assert made.phases[""] == "Failed"


class TestVolumes:
    MOUNTED = "container: {image: x, volumeMounts: [{name: work, mountPath: /w}]}"

    def test_the_templates_own_comes_first_then_the_workflows_then_claims(self, world):
        spec = f"""
        volumeClaimTemplates: [{{metadata: {{name: work}}}}]
        templates:
        - name: main
          steps: [[{{name: a, template: a}}, {{name: b, template: b}}]]
        - {{name: a, {self.MOUNTED}, volumes: [{{name: work, emptyDir: {{}}}}]}}
        - {{name: b, {self.MOUNTED}}}
        """
        made = world(spec).start()
        claim = {"name": "work", "persistentVolumeClaim": {"claimName": "wf-work"}}
        asked = {made.name_of(node_id): list(pod.volumes) for node_id, pod in made.waiting.items()}
        assert asked == {"[0].a": [{"name": "work", "emptyDir": {}}], "[0].b": [claim]}
        assert made.status["persistentVolumeClaims"] == [claim]

    def test_one_that_is_not_there(self, world):
        made = world(f"templates: [{{name: main, {self.MOUNTED}}}]").run()
        assert (made.phase, made.nodes[""]["message"]) == ("Error", "volume 'work' not found in workflow spec")


HTTP = "templates: [{name: main, http: {url: 'http://x/', method: POST, headers: [{name: h, value: v}]%s}}]"


def answering(status: int, body: str = "") -> Any:
    answer = HttpAnswer(status, {"Content-Type": ["application/json"]}, body)
    return lambda pod: PodReport(exit_code=None, answer=answer)


class TestHttp:
    @pytest.mark.parametrize(
        ("status", "condition", "phase", "message"),
        [
            (200, "", "Succeeded", ""),
            (299, "", "Succeeded", ""),
            (404, "", "Failed", "received non-2xx response code: 404"),
            (301, "", "Failed", "received non-2xx response code: 301"),
            (404, "response.statusCode == 404", "Succeeded", ""),
            (200, "1 == 2", "Failed", "successCondition '1 == 2' evaluated false"),
            (200, 'response.body contains "bod"', "Succeeded", ""),
            (200, 'response.headers["Content-Type"][0] == "application/json"', "Succeeded", ""),
            (200, 'request.method == "POST" && request.headers["h"][0] == "v"', "Succeeded", ""),
        ],
    )
    def test_the_answer_is_judged(self, world, status, condition, phase, message):
        more = f", successCondition: '{condition}'" if condition else ""
        made = world(HTTP % more, answering(status, "body")).run()
        assert (made.phase, made.message) == (phase, message)
        assert made.nodes[""]["type"] == "HTTP"
        assert made.nodes[""]["outputs"] == {"result": "body"}

    def test_a_condition_that_cannot_be_evaluated(self, world):
        made = world(HTTP % ", successCondition: response.statusCode", answering(200)).run()
        assert made.phase == "Failed"
        assert "unable to cast expression result" in made.message

    def test_no_answer(self, world):
        made = world(HTTP % "", lambda pod: PodReport(exit_code=None, error='Get "http://x/": no')).run()
        assert (made.phase, made.message) == ("Failed", 'Get "http://x/": no')
        assert "outputs" not in made.nodes[""]

    def test_the_request_is_asked_for_once(self, world):
        made = world(HTTP % "").start()
        assert [isinstance(command, StartPod) for command in made.step.commands] == [True]
        made.tell(Resume())
        assert made.step.commands == []
        assert made.phases == {"": "Pending"}

    def test_stopping_gives_it_up(self, world):
        made = world(HTTP % "").start().tell(Shutdown("Stop"))
        assert (made.phase, made.nodes[""]["message"]) == ("Failed", "Stopped with strategy 'Stop'")


@pytest.mark.parametrize("field", ["timeout", "pendingTimeout"])
def test_a_timeout_that_is_none_is_an_error(world, field):
    run = world(f"templates: [{{name: main, {field}: soon, container: {{image: x}}}}]").run()
    text = 'invalid timeout format unable to parse soon as a duration: time: invalid duration "soon"'
    assert (run.phase, run.nodes[""]["message"]) == ("Error", text)


@pytest.mark.parametrize(
    ("tag", "phase"),
    [
        ('{{=nothing.at("all")}}', "Error"),
        ("{{=nothing.at(1)}}", "Succeeded"),
    ],
)
def test_a_quote_in_a_tag_that_is_left_is_an_error_of_the_pod(world, tag, phase):
    run = world(f"templates: [{{name: main, container: {{image: x, args: ['{tag}']}}}}]").run()
    assert run.phase == phase
    if phase == "Error":
        assert "failed to evaluate expression: unrecognized character: U+005C" in run.nodes[""]["message"]


@pytest.mark.parametrize(
    ("more", "kind"), [("container: {image: x}", "Pod"), ("steps: [[{name: a, template: work}]]", "Skipped")]
)
def test_a_display_name_that_is_none_is_an_error(world, more, kind):
    annotations = "{workflows.argoproj.io/display-name: a/b!}"
    run = world(f"templates: [{{name: main, annotations: {annotations}, {more}}}]").run()
    assert (run.phase, run.nodes[""]["type"], run.nodes[""]["displayName"]) == ("Error", kind, "wf")
    assert run.nodes[""]["message"].startswith("displayName must match the regex ^[a-zA-Z0-9]")


LEFT = """
templates:
- name: main
  steps:
  - - {name: make, template: make}
  - - name: use
      template: use
      arguments: {parameters: [{name: a, value: "{{steps.make.outputs.result}}"}]}
- {name: make, container: {image: x}}
- name: use
  inputs: {parameters: [{name: a}, {name: b, value: B}, {name: quote, value: "q\\"'"}]}
"""
BODIES = {
    "container": """
    image: x
    args: ["<{{inputs.parameters.a}}>"]
    env: [{name: E, value: "{{=inputs.parameters.a}}"}]""",
    "script": '{image: x, command: [sh], source: "echo {{inputs.parameters.a}}"}',
    "containerSet": '{containers: [{name: main, image: x, args: ["{{inputs.parameters.a}}"]}]}',
}


def after(world, result, kind):
    """Run a pod that gives a result and one that gets it; what becomes of this one's body comes with the world."""
    bodies = []

    def work(pod):
        bodies.append(pod.template.get(kind))
        return PodReport(exit_code=0, result=result)

    return world(f"{LEFT}  {kind}: {BODIES[kind]}\n", work).run(), bodies[-1]


class TestTagsOfAResult:
    @pytest.mark.parametrize("tag", ["{{inputs.parameters.b}}", "{{=inputs.parameters.b}}"])
    def test_they_are_filled_where_the_pod_is_made(self, world, tag):
        _, container = after(world, tag, "container")
        assert (container["args"], container["env"][0]["value"]) == (["<B>"], "B")
        assert after(world, tag, "script")[1]["source"] == "echo B"
        assert after(world, tag, "containerSet")[1]["containers"][0]["args"] == ["B"]

    def test_the_default_of_an_output_has_them_too(self, world):
        more = 'outputs: {parameters: [{name: o, valueFrom: {path: /o, default: "{{inputs.parameters.a}}"}}]}'
        made = world(
            f"{LEFT}  container: {{image: x}}\n  {more}\n",
            lambda pod: PodReport(exit_code=0, result="{{inputs.parameters.b}}", unreadable={"o": "no such file"}),
        ).run()
        assert made.outputs("[1].use")["o"] == "B"

    def test_unknown_ones_and_half_ones_stay(self, world):
        for text in ("{{zz}}", "{{=zz}}", "{{", "}}"):
            assert after(world, text, "script")[1]["source"] == f"echo {text}"

    def test_a_quote_breaks_the_text_of_the_template_in_the_pod(self, world):
        made, _ = after(world, "{{inputs.parameters.quote}}", "container")
        assert made.nodes["[1].use"]["phase"] == "Error"
        assert made.nodes["[1].use"]["message"] == "invalid character '\\'' after array element"
