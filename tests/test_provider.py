from __future__ import annotations

import json
from importlib import import_module
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

import airflow
import jsonschema
import pytest

from airflow_argo.provider import get_provider_info


def test_the_metadata_is_what_airflow_reads() -> None:
    schema = json.loads((Path(airflow.__file__).parent / "provider_info.schema.json").read_text())
    jsonschema.validate(get_provider_info(), schema)


@pytest.mark.parametrize(
    "path",
    [
        *(found["hook-class-name"] for found in get_provider_info()["connection-types"]),
        *(found["class-name"] for found in get_provider_info()["task-decorators"]),
        *get_provider_info()["extra-links"],
        *get_provider_info()["cli"],
    ],
)
def test_every_class_that_is_named_is_there(path: str) -> None:
    module, _, name = path.rpartition(".")
    assert hasattr(import_module(module), name)


@pytest.mark.parametrize("kind", ["operators", "hooks", "triggers"])
def test_every_module_that_is_named_is_there(kind: str) -> None:
    for entry in get_provider_info()[kind]:
        for module in entry["python-modules"]:
            import_module(module)


def test_airflow_finds_the_provider_and_the_plugin() -> None:
    from airflow.plugins_manager import get_plugin_info
    from airflow.providers_manager import ProvidersManager
    from airflow.sdk.providers_manager_runtime import ProvidersManagerTaskRuntime

    assert "airflow-provider-argo-workflows" in ProvidersManager().providers
    hooks: Any = ProvidersManagerTaskRuntime().hooks
    assert hooks["argo"].hook_name == "Argo Workflows"
    assert "argo" in {found["name"] for found in get_plugin_info()}


def test_the_commands_are_installed() -> None:
    (command,) = [found for found in entry_points(group="console_scripts") if found.name == "airflow-argo"]
    assert callable(command.load())
