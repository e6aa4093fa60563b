from __future__ import annotations

import os
from pathlib import Path

import pytest

from airflow_argo.argo.errors import ManifestError
from airflow_argo.local.execution.images import IMAGES, Entrypoint, ImageTable, entrypoint_of


def test_the_file_lies_over_the_known_images(tmp_path: Path) -> None:
    file = tmp_path / "images.yaml"
    file.write_text("busybox: {cmd: [ash]}\nexample.com/team/tool: {entrypoint: [run, it], cmd: [1]}\n")
    table = ImageTable(file)
    assert entrypoint_of("busybox:1.36", table) == Entrypoint(cmd=("ash",))
    assert entrypoint_of("example.com/team/tool@sha256:abc", table) == Entrypoint(("run", "it"), ("1",))
    assert table["alpine"] == IMAGES["alpine"]
    assert set(table) == {*IMAGES, "example.com/team/tool"}
    assert len(table) == len(IMAGES) + 1


@pytest.mark.parametrize(
    "image", ["report:1", "library/report", "docker.io/library/report@sha256:abc", "docker.io/report"]
)
@pytest.mark.parametrize("name", ["report", "library/report", "docker.io/library/report"])
def test_what_docker_takes_for_granted_may_be_left_out(image: str, name: str) -> None:
    assert entrypoint_of(image, {name: Entrypoint(("run",))}) == Entrypoint(("run",))


def test_it_is_read_when_it_is_there_and_again_when_it_changes(tmp_path: Path) -> None:
    file = tmp_path / "images.yaml"
    table = ImageTable(file)
    assert "tool" not in table
    for number, word in enumerate(("one", "two")):
        file.write_text(f"tool: {{entrypoint: [{word}]}}")
        os.utime(file, ns=(number, number))
        assert table["tool"] == Entrypoint((word,))
    file.unlink()
    assert "tool" not in table


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("[a]", "it has to map images"),
        ("a: [x]", "images.yaml: a: it has to be"),
        ("a: {command: [x]}", "images.yaml: a: it has to be"),
        ("a: {cmd: x}", "images.yaml: a: entrypoint and cmd"),
        ("a: {", "it cannot be read"),
    ],
)
def test_what_is_wrong_in_it_is_said(tmp_path: Path, text: str, named: str) -> None:
    file = tmp_path / "images.yaml"
    file.write_text(text)
    with pytest.raises(ManifestError, match=named):
        ImageTable(file).get("a")
