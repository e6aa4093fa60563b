"""The list that a workflow loops over comes from the DAG's parameters.

The param ``cities`` fills the workflow parameter of the same name, as JSON.
"""

from __future__ import annotations

from airflow.sdk import DAG, Param

from airflow_argo.operators import ArgoWorkflowOperator

WORKFLOW = """
apiVersion: argoproj.io/v1alpha1
kind: Workflow
spec:
  entrypoint: greet-all
  arguments:
    parameters:
      - name: cities
        value: '[]'
  templates:
    - name: greet-all
      dag:
        tasks:
          - name: greet
            template: greet
            arguments:
              parameters: [{name: city, value: "{{item}}"}]
            withParam: "{{workflow.parameters.cities}}"

    - name: greet
      inputs:
        parameters: [{name: city}]
      container:
        image: python:3.12-alpine
        command: [python, -c]
        env: [{name: CITY, value: "{{inputs.parameters.city}}"}]
        args:
          - |
            import json, os
            city = json.loads(os.environ["CITY"])
            print("Hello,", city["name"])
            json.dump(f"{city['name']} has {city['people']} people", open("/tmp/result", "w"))
      outputs:
        parameters: [{name: result, valueFrom: {path: /tmp/result}}]
"""

with DAG(
    "loops_param_argument",
    schedule=None,
    doc_md=__doc__,
    tags=["argo", "example"],
    params={
        "cities": Param(
            [{"name": "Ōsaka", "people": 2753862}, {"name": "Zürich", "people": 443037}],
            type="array",
            items={
                "type": "object",
                "required": ["name", "people"],
                "properties": {"name": {"type": "string"}, "people": {"type": "integer", "minimum": 0}},
            },
            title="Cities",
            description="One worker runs for each of them.",
        )
    },
) as dag:
    ArgoWorkflowOperator(task_id="greet", workflow=WORKFLOW)
