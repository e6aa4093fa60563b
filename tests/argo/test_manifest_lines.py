import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_argo.argo.manifest_lines import Lines

TEXT = """\
apiVersion: argoproj.io/v1alpha1
kind: Workflow
metadata: {name: w}
spec:
  entrypoint: main
  templates:
  - name: main
    steps:
    - - name: a
        template: pull
      - {name: b, template: pull,
         withParam: "{{x}}"}
  - name: pull
    container:
      image: alpine
      volumeMounts:
      - name: data
        mountPath: /data
  - name: graph
    dag:
      tasks:
      - name: t
        template: pull
"""


@pytest.mark.parametrize(
    ("place", "line"),
    [
        ("spec.entrypoint", 5),
        ("templates.main", 7),
        ("templates.main.steps[0].a", 9),
        ("templates.main.steps[0].b.withParam", 12),
        ("templates.pull.volumeMounts.data", 17),
        ("templates.graph.tasks.t.template", 23),
        # As far as it is known.
        ("templates.pull.resource", 13),
        ("templates.main.steps[7].z", 8),
        ("templates.main.steps[0].b.withParam: is no list", 12),
        ("error in templates.graph.tasks.t: what", 22),
        ("nothing that is known", None),
        ("spec.nothing", 4),
        ("hooks.running", None),
    ],
)
def test_lines(place: str, line: int | None) -> None:
    assert Lines(TEXT).of(place) == line


def test_json_has_lines_too() -> None:
    text = '{"spec":\n{"templates":\n[{"name":\n"a",\n"resource": {}}]}}'
    assert Lines(text).of("templates.a.resource") == 5


@given(st.text(), st.text())
def test_any_text_has_a_line_or_none(text: str, place: str) -> None:
    assert Lines(text).of(f"templates.{place}") is None or "templates" in text
