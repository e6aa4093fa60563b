"""The manifests in files, and what the templates among them are to each other."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from airflow_argo.argo import go_yaml
from airflow_argo.argo.errors import ManifestError
from airflow_argo.argo.manifest_lines import Lines
from airflow_argo.argo.manifest_source import reading

KINDS = ("Workflow", "WorkflowTemplate", "ClusterWorkflowTemplate", "CronWorkflow")
_SUFFIXES = {".yaml", ".yml", ".json"}
_STDIN = "-"


@dataclass(frozen=True)
class Source:
    """A text that manifests are read from.

    :param name: its path as it was given; ``<stdin>`` for standard input.
    """

    name: str
    text: str = field(repr=False)

    @cached_property
    def lines(self) -> Lines:
        """Where in it what is."""
        return Lines(self.text)


@dataclass(frozen=True)
class Manifest:
    """One document of a source.

    :param index: which one, empty ones left out.
    """

    source: Source
    index: int
    content: Mapping[str, Any]

    @property
    def kind(self) -> str:
        """Its kind; a document without one that has a spec is taken for a Workflow."""
        return str(self.content.get("kind", "Workflow"))

    @property
    def name(self) -> str:
        """What it is called, or what its name begins with."""
        metadata = self.content.get("metadata")
        found = metadata if isinstance(metadata, dict) else {}
        return str(found.get("name") or found.get("generateName") or "")

    def line(self, place: str) -> int:
        """The line of a place in it, or of what is nearest around it."""
        lines = self.source.lines
        return lines.of(place, self.index) or lines.first(self.index)


def sources(names: Iterable[str]) -> Iterator[Source]:
    """Read files, the files below directories, and standard input for ``-``; each once.

    :raises ManifestError: for what is not there or cannot be read.
    """
    seen: set[str] = set()
    for name in names:
        for path in [name] if name == _STDIN else _files(Path(name)):
            if path not in seen:
                seen.add(path)
                yield _read(path)


def manifests(source: Source) -> list[Manifest]:
    """Read the manifests of a source that are Argo's; other kinds of objects are left out.

    :raises ManifestError: it cannot be read as YAML.
    """
    documents = go_yaml.load_all(source.text, source=source.name)
    found = [Manifest(source, index, document) for index, document in enumerate(documents)]
    return [each for each in found if _is_argos(each.content)]


class Known:
    """The templates among the manifests."""

    def __init__(self, every: Iterable[Manifest]) -> None:
        clusters = {"WorkflowTemplate": False, "ClusterWorkflowTemplate": True}
        self._found = {
            (each.name, clusters[each.kind]): each.content for each in every if each.name and each.kind in clusters
        }

    def find(self, name: str, cluster: bool) -> Mapping[str, Any] | None:
        """Find a template by its name, and whether it is cluster-scoped."""
        return self._found.get((name, cluster))

    def strangers(self, manifest: Mapping[str, Any]) -> list[str]:
        """The names of templates that a manifest refers to, itself or through others, and that are not here."""
        waiting, seen = [*_references(manifest)], set()
        missing: dict[str, None] = {}
        while waiting:
            reference = waiting.pop(0)
            if reference in seen:
                continue
            seen.add(reference)
            found = self.find(*reference)
            if found is None:
                missing[f"{'Cluster' if reference[1] else ''}WorkflowTemplate '{reference[0]}'"] = None
            else:
                waiting += _references(found)
        return list(missing)


def _references(value: object) -> Iterator[tuple[str, bool]]:
    """The templates that are referred to anywhere below a value."""
    if isinstance(value, Mapping):
        for key, item in value.items():
            if key in ("templateRef", "workflowTemplateRef") and isinstance(item, Mapping) and item.get("name"):
                yield str(item["name"]), bool(item.get("clusterScope"))
            else:
                yield from _references(item)
    elif isinstance(value, list):
        for item in value:
            yield from _references(item)


def _is_argos(document: Mapping[str, Any]) -> bool:
    if "kind" not in document:
        return isinstance(document.get("spec"), dict)
    group = str(document.get("apiVersion") or "argoproj.io/").partition("/")[0]
    return document["kind"] in KINDS and group == "argoproj.io"


def _files(path: Path) -> list[str]:
    if not path.is_dir():
        return [str(path)]
    return [str(each) for each in sorted(path.rglob("*")) if each.suffix.lower() in _SUFFIXES and each.is_file()]


def _read(name: str) -> Source:
    with reading(name):
        if name == _STDIN:
            return Source("<stdin>", sys.stdin.read())
        if name.endswith(".py"):
            raise ManifestError("is Python, not a manifest", path=name, hint="Name files of YAML or JSON.")
        return Source(name, Path(name).read_text(encoding="utf-8"))
