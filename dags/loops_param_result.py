"""A step prints a JSON list, and one worker runs for each element of it.

The list is the step's standard output, which Argo calls ``outputs.result``.
"""

from __future__ import annotations

from airflow.sdk import DAG

from airflow_argo.operators import ArgoWorkflowOperator

WORKFLOW = """
apiVersion: argoproj.io/v1alpha1
kind: Workflow
spec:
  entrypoint: count
  templates:
    - name: count
      steps:
        - - name: list-numbers
            template: list-numbers
        - - name: square
            template: square
            arguments:
              parameters: [{name: number, value: "{{item}}"}]
            withParam: "{{steps.list-numbers.outputs.result}}"

    - name: list-numbers
      script:
        image: python:3.12-alpine
        command: [python]
        source: |
          import json
          print(json.dumps(list(range(20, 31))))

    - name: square
      inputs:
        parameters: [{name: number}]
      container:
        image: alpine:3
        command: [sh, -c]
        env: [{name: NUMBER, value: "{{inputs.parameters.number}}"}]
        args: ["echo $((NUMBER * NUMBER)) | tee /tmp/result"]
      outputs:
        parameters: [{name: result, valueFrom: {path: /tmp/result}}]
"""

with DAG("loops_param_result", schedule=None, doc_md=__doc__, tags=["argo", "example"]) as dag:
    ArgoWorkflowOperator(task_id="square", workflow=WORKFLOW)
