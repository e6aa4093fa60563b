from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from airflow_argo.local.execution.inputs import write_raw_files
from airflow_argo.local.execution.paths import Layout


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    return Layout(root=str(tmp_path / "root"), tmp=str(tmp_path / "tmp"), private_tmp=True)


def template(**artifact: Any) -> dict[str, Any]:
    return {"inputs": {"artifacts": [{"name": "given", **artifact}]}}


@pytest.mark.parametrize(("path", "where"), [("/tmp/a/b.json", "tmp/a/b.json"), ("/data/in", "root/data/in")])
def test_a_raw_artifact_is_a_file_of_the_pod(layout: Layout, tmp_path: Path, path: str, where: str) -> None:
    write_raw_files(template(path=path, raw={"data": "ü\n"}), layout)
    assert (tmp_path / where).read_text(encoding="utf-8") == "ü\n"
    assert (tmp_path / where).stat().st_mode & 0o777 == 0o666


def test_its_mode_is_kept(layout: Layout, tmp_path: Path) -> None:
    write_raw_files(template(path="/tmp/run", raw={"data": ""}, mode=0o755), layout)
    assert (tmp_path / "tmp/run").stat().st_mode & 0o777 == 0o755


def test_it_cannot_leave_the_pod(layout: Layout, tmp_path: Path) -> None:
    write_raw_files(template(path="/../../../etc/outside", raw={"data": "x"}), layout)
    assert (tmp_path / "root/etc/outside").read_text(encoding="utf-8") == "x"
