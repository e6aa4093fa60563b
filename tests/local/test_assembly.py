from __future__ import annotations

from pathlib import Path

import pytest

from airflow_argo.local.assembly import Assembly
from airflow_argo.local.options import ServerOptions
from airflow_argo.local.store import Store

PODMAN = """#!/bin/sh
case "$1" in
  info) echo 5.0.0 ;;
  run) exec sleep 60 ;;
esac
"""
TEMPLATE = {"name": "main", "container": {"image": "alpine", "command": ["sleep", "60"]}}


async def test_that_a_container_was_launched_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / "bin" / "podman"
    program.parent.mkdir()
    program.write_text(PODMAN)
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}:/usr/bin:/bin")
    directory = tmp_path / "server"
    directory.mkdir()
    manifest = {"metadata": {"name": "wf"}, "spec": {"entrypoint": "main", "templates": [TEMPLATE]}}
    async with Assembly.open(directory, ServerOptions(directory=directory, executor="podman")) as parts:
        controller = parts.controller
        created = controller.create(parts.admission.checked(manifest, "argo", lookup="argo"))
        while "Running" not in str((created.get("status") or {}).get("nodes")):
            await controller.journal.wait(controller.version)

    store = Store(directory / "argo.db")
    assert store.launched(created["metadata"]["uid"]) == {"wf"}
    store.close()
