"""``airflow-argo lint``, as its user types it."""

from __future__ import annotations

import io
import json
import time
from pathlib import Path
from typing import Any

import pytest

from airflow_argo.cli import main

TEMPLATE = """\
apiVersion: argoproj.io/v1alpha1
kind: WorkflowTemplate
metadata: {name: shared}
spec:
  templates:
  - name: say
    inputs: {parameters: [{name: word}]}
    container: {image: alpine, command: [echo, "{{inputs.parameters.word}}"]}
"""
CALLER = """\
apiVersion: argoproj.io/v1alpha1
kind: Workflow
metadata: {generateName: caller-}
spec:
  entrypoint: main
  templates:
  - name: main
    steps:
    - - name: call
        templateRef: {name: shared, template: say}
        arguments: {parameters: [{name: word, value: hello}]}
"""
CRON = """\
apiVersion: argoproj.io/v1alpha1
kind: CronWorkflow
metadata: {name: nightly}
spec:
  schedules: ["0 3 * * *"]
  workflowSpec:
    entrypoint: main
    templates:
    - name: main
      container: {image: alpine, command: [echo]}
"""
ON_A_CLUSTER = """\
kind: Workflow
metadata: {generateName: pod-}
spec:
  entrypoint: main
  templates:
  - name: main
    resource: {action: get, manifest: x}
"""


@pytest.fixture
def write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.chdir(tmp_path)

    def write(name: str, text: str) -> str:
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return name

    return write


@pytest.fixture
def lint(capsys: pytest.CaptureFixture[str]) -> Any:
    """Lints, and gives the status, the lines of standard output, and standard error."""

    def lint(*arguments: str) -> tuple[int, list[str], str]:
        status = main(["lint", *arguments])
        shown = capsys.readouterr()
        return status, shown.out.splitlines(), shown.err

    return lint


def test_good_manifests_are_counted(write: Any, lint: Any) -> None:
    file = write("all.yaml", f"{TEMPLATE}---\n{CALLER}---\n{CRON}")
    assert lint(file) == (0, [], "3 manifests: nothing to say\n")


def test_templates_are_known_across_files(write: Any, lint: Any) -> None:
    caller = write("a/caller.yaml", CALLER.replace("template: say", "template: shout"))
    template = write("b/shared.yaml", TEMPLATE)
    status, lines, _ = lint(caller, template)
    assert status == 1
    assert lines == ["a/caller.yaml:9: error: templates.main.steps[0].call template reference shared.shout not found"]


def test_a_template_elsewhere_is_a_warning(write: Any, lint: Any) -> None:
    status, lines, told = lint(write("caller.yaml", CALLER))
    assert status == 0
    assert lines == [
        "caller.yaml:1: warning: WorkflowTemplate 'shared' is not among the files. References are taken to be good."
    ]
    assert told == "1 manifest: 1 warning\n"


def test_a_template_that_only_another_template_names_is_missed_too(write: Any, lint: Any) -> None:
    middle = CALLER.replace("kind: Workflow", "kind: WorkflowTemplate").replace("generateName: caller-", "name: middle")
    status, lines, _ = lint(write("all.yaml", middle + "---\n" + CALLER.replace("name: shared", "name: middle")))
    assert status == 0
    assert [line.split(" is not")[0] for line in lines] == [
        "all.yaml:1: warning: WorkflowTemplate 'shared'",
        "all.yaml:13: warning: WorkflowTemplate 'shared'",
    ]


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        (CALLER.replace("entrypoint: main", "entrypoint: mian"), 5, "mian"),
        (CALLER.replace("templateRef:", "templateReff:"), 10, "Is 'templateRef' meant?"),
        (TEMPLATE.replace("container:", "kontainer:"), 8, "no such field"),
        (TEMPLATE.replace("WorkflowTemplate", "ClusterWorkflowTemplate").replace("word}}", "wort}}"), 6, "wort"),
        (CRON.replace("0 3", "0 33"), 5, "malformed"),
        (CRON.replace("container: {", "container: {comand: [x], "), 10, "Is 'command' meant?"),
        (CRON.partition("spec:")[0], 1, "at least one schedule"),
        (CRON.replace('["0 3 * * *"]', "nightly"), 5, "cannot unmarshal"),
        ("kind: Workflow\nspec: [\n", 3, "expected"),
        ("kind: Workflow\nspec:\n  a: 1\n  a: 2\n", 4, "stands twice"),
    ],
)
@pytest.mark.parametrize("above", ["", "kind: ConfigMap\nmetadata: {name: x}\n---\n"], ids=["alone", "below another"])
def test_a_fault_is_told_with_its_line(write: Any, lint: Any, text: str, line: int, words: str, above: str) -> None:
    status, lines, _ = lint(write("file.yaml", above + text))
    assert status == 1
    assert any(f"file.yaml:{line + above.count(chr(10))}: error: " in told and words in told for told in lines), lines


def test_an_argument_that_has_to_be_given_is_a_warning(write: Any, lint: Any) -> None:
    text = """\
apiVersion: argoproj.io/v1alpha1
kind: Workflow
metadata: {generateName: open-}
spec:
  arguments: {parameters: [{name: who}, {name: what, value: it}]}
  entrypoint: main
  templates: [{name: main, container: {image: alpine, command: [echo, "{{workflow.parameters.who}}"]}}]
"""
    status, lines, _ = lint(write("open.yaml", text))
    assert status == 0
    assert lines == [
        "open.yaml:5: warning: spec.arguments.parameters.who: has no value. "
        "Whoever submits it has to give one: -p who=…"
    ]


def test_what_the_embedded_server_does_not_have_is_a_warning(write: Any, lint: Any) -> None:
    file = write("pod.yaml", ON_A_CLUSTER)
    told = "templates.main.resource: not on the embedded server: resource templates need Kubernetes"
    assert lint(file)[:2] == (0, [f"pod.yaml:7: warning: {told}"])
    assert lint(file, "--embedded")[:2] == (1, [f"pod.yaml:7: error: {told}"])


def test_directories_are_searched_and_other_objects_passed_over(write: Any, lint: Any) -> None:
    write("deep/one.yml", CRON)
    write("deep/two.json", json.dumps({"kind": "Workflow", "spec": {}, "metadata": {"name": "x"}}))
    write("deep/values.yaml", "replicas: 3\n")
    write("deep/notes.txt", "no: [manifest")
    write("deep/deployment.yaml", "apiVersion: apps/v1\nkind: Workflow\n")
    status, lines, told = lint("deep", "deep/one.yml")
    assert status == 1
    assert {line.split(":")[0] for line in lines} == {"deep/two.json"}
    assert told.startswith("2 manifests: ")


def test_standard_input_is_a_file(lint: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(TEMPLATE.replace("container:", "kontainer:")))
    status, lines, _ = lint("-")
    assert status == 1
    assert lines[0].startswith("<stdin>:6: error: ")


def test_json_holds_all_that_is_known(write: Any, lint: Any) -> None:
    status, lines, _ = lint(
        "--output", "json", write("cron.yaml", CRON.replace("container: {", "container: {comand: [x], "))
    )
    assert status == 1
    assert json.loads("\n".join(lines)) == [
        {
            "file": "cron.yaml",
            "line": 10,
            "severity": "error",
            "kind": "CronWorkflow",
            "name": "nightly",
            "place": "templates.main.container.comand",
            "message": "Argo has no such field and drops it",
            "hint": "Is 'command' meant?",
        }
    ]


@pytest.mark.parametrize(
    ("name", "text", "reason"),
    [
        ("no-such.yaml", None, "there is no file no-such.yaml"),
        ("empty.yaml", "", "there is no manifest of Argo's in empty.yaml"),
        ("other.yaml", "kind: Pod\n", "there is no manifest of Argo's in other.yaml"),
        ("dag.py", "from airflow.sdk import DAG", "is Python, not a manifest"),
    ],
)
def test_what_cannot_be_linted_is_no_success(write: Any, lint: Any, name: str, text: str | None, reason: str) -> None:
    if text is not None:
        write(name, text)
    status, lines, told = lint(name)
    assert (status, lines) == (2, [])
    assert reason in told


def test_the_time_grows_with_the_text_alone_however_much_is_found(write: Any, lint: Any) -> None:
    def seconds(count: int) -> float:
        write("all.yaml", "---\n".join([ON_A_CLUSTER] * count))
        began = time.process_time()
        status, lines, _ = lint("all.yaml")
        assert (status, len(lines)) == (0, count)
        return time.process_time() - began

    # Were the text read again for each line, it would be 64 times as much.
    assert seconds(160) < 24 * min(seconds(20) for _ in range(3))
