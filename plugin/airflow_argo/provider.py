"""What Airflow's provider manager reads; imported by every ``airflow`` command, so it imports nothing."""

from __future__ import annotations

from typing import Any


def get_provider_info() -> dict[str, Any]:
    """The provider's metadata, after ``airflow/provider_info.schema.json``."""
    return {
        "package-name": "airflow-provider-argo-workflows",
        "name": "Argo Workflows",
        "description": "Runs dynamic Argo Workflows from Airflow DAGs and hands the workers' results on as XComs.",
        "integrations": [
            {
                "integration-name": "Argo Workflows",
                "external-doc-url": "https://argo-workflows.readthedocs.io/",
                "tags": ["service"],
            }
        ],
        "operators": [
            {
                "integration-name": "Argo Workflows",
                "python-modules": ["airflow_argo.operators.workflow", "airflow_argo.operators.fan_out"],
            }
        ],
        "hooks": [{"integration-name": "Argo Workflows", "python-modules": ["airflow_argo.hooks.argo"]}],
        "triggers": [{"integration-name": "Argo Workflows", "python-modules": ["airflow_argo.triggers.workflow"]}],
        "connection-types": [_connection_type()],
        "extra-links": ["airflow_argo.links.ArgoWorkflowLink"],
        "task-decorators": [{"name": "argo", "class-name": "airflow_argo.decorators.argo.argo_task"}],
        "cli": ["airflow_argo.commands.in_airflow.get_commands"],
    }


def _connection_type() -> dict[str, Any]:
    optional_text = {"type": ["string", "null"]}
    return {
        "connection-type": "argo",
        "hook-name": "Argo Workflows",
        "hook-class-name": "airflow_argo.hooks.argo.ArgoHook",
        "conn-fields": {
            "namespace": {
                "label": "Namespace",
                "description": "Where workflows run, unless the operator says otherwise.",
                "schema": {**optional_text, "default": "argo"},
            },
            "scheme": {
                "label": "Scheme",
                "description": "http only for the embedded server, or behind a port-forward of an insecure one.",
                "schema": {"type": ["string", "null"], "enum": ["https", "http", None], "default": "https"},
            },
            "verify": {
                "label": "Verify TLS",
                "description": "true, false, or the path of a CA file.",
                "schema": optional_text,
            },
            "base_path": {
                "label": "Base path",
                "description": "What a proxy puts in front of /api, such as /argo.",
                "schema": optional_text,
            },
            "token_file": {
                "label": "Token file",
                "description": "Read for every request in place of the token, such as a projected one.",
                "schema": optional_text,
            },
            "patience": {
                "label": "Patience",
                "description": "Seconds during which a server that is away is asked again.",
                "schema": {"type": ["number", "null"], "default": 60, "minimum": 0},
            },
            "ui_url": {
                "label": "URL of Argo's UI",
                "description": "Where people reach it, if not at the host above.",
                "schema": optional_text,
            },
        },
        "ui-field-behaviour": {
            "hidden-fields": ["schema", "login"],
            "relabeling": {"password": "Token", "host": "Argo Server's host"},
            "placeholders": {"host": "argo-server.argo.svc", "port": "2746", "password": "without 'Bearer '"},
        },
    }
