"""A value goes from one step to the next through a file, with a default for when there is no file."""

from __future__ import annotations

from airflow.sdk import DAG, Param

from airflow_argo.operators import ArgoWorkflowOperator

WORKFLOW = """
apiVersion: argoproj.io/v1alpha1
kind: Workflow
spec:
  entrypoint: hand-over
  arguments:
    parameters:
      - name: greeting
        value: ""
  templates:
    - name: hand-over
      steps:
        - - name: write
            template: write
        - - name: read
            template: read
            arguments:
              parameters: [{name: message, value: "{{steps.write.outputs.parameters.message}}"}]

    - name: write
      container:
        image: alpine:3
        command: [sh, -c]
        env: [{name: GREETING, value: "{{workflow.parameters.greeting}}"}]
        args: ['if [ -n "$GREETING" ]; then printf %s "$GREETING" > /tmp/message; fi']
      outputs:
        parameters:
          - name: message
            valueFrom:
              path: /tmp/message
              default: nobody wrote anything  # without a default the step would fail when there is no file

    - name: read
      inputs:
        parameters: [{name: message}]
      container:
        image: alpine:3
        command: [sh, -c]
        env: [{name: MESSAGE, value: "{{inputs.parameters.message}}"}]
        args: ['echo "$MESSAGE" | tee /tmp/seen']
      outputs:
        parameters: [{name: seen, valueFrom: {path: /tmp/seen}}]
"""

with DAG(
    "output_parameter",
    schedule=None,
    doc_md=__doc__,
    tags=["argo", "example"],
    params={
        "greeting": Param(
            "hello world",
            type="string",
            title="Greeting",
            description="What the first step writes into the file. Leave it empty to see the default.",
        )
    },
) as dag:
    ArgoWorkflowOperator(task_id="hand_over", workflow=WORKFLOW)
