"""A loop over a sequence of numbers, which Argo counts by itself."""

from __future__ import annotations

from airflow.sdk import DAG, Param

from airflow_argo.operators import ArgoWorkflowOperator

WORKFLOW = """
apiVersion: argoproj.io/v1alpha1
kind: Workflow
spec:
  entrypoint: pages
  arguments:
    parameters:
      - name: pages
        value: "5"
  templates:
    - name: pages
      steps:
        - - name: fetch
            template: fetch
            arguments:
              parameters: [{name: page, value: "{{item}}"}]
            withSequence:
              start: "1"
              count: "{{workflow.parameters.pages}}"
              format: "page-%03d"

    - name: fetch
      inputs:
        parameters: [{name: page}]
      container:
        image: alpine:3
        command: [sh, -c]
        env: [{name: PAGE, value: "{{inputs.parameters.page}}"}]
        args: ['echo "\\"$PAGE.html\\"" | tee /tmp/result']
      outputs:
        parameters: [{name: result, valueFrom: {path: /tmp/result}}]
"""

with DAG(
    "loops_sequence",
    schedule=None,
    doc_md=__doc__,
    tags=["argo", "example"],
    params={
        "pages": Param(
            5, type="integer", minimum=0, maximum=1000, title="Pages", description="One worker fetches one page."
        )
    },
) as dag:
    ArgoWorkflowOperator(task_id="fetch", workflow=WORKFLOW)
