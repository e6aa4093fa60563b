"""``airflow-argo lint``."""

from __future__ import annotations

import argparse
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from rich.console import Console
from rich.text import Text

from airflow_argo.argo.errors import ManifestError
from airflow_argo.argo.lint import Finding, Lookup, lint, lint_spec, lint_template
from airflow_argo.argo.lint.decode import decode
from airflow_argo.commands.manifests import Known, Manifest, Source, manifests, sources
from airflow_argo.local import terminal
from airflow_argo.local.cron.rules import problem_of
from airflow_argo.local.execution.images import IMAGES
from airflow_argo.local.support import missing
from airflow_argo.local.terminal import harmless

ERROR, WARNING = "error", "warning"
_COLOURS = {ERROR: "red", WARNING: "yellow"}
_LINE = re.compile(r", line (\d+)(?:, column \d+)?: ")


@dataclass(frozen=True)
class Remark:
    """A fault, or something to know, at a place of a file.

    :param line: counted from 1.
    :param severity: ``error`` or ``warning``.
    :param place: in the manifest, as far as it is known.
    """

    file: str
    line: int
    severity: str
    kind: str
    name: str
    place: str
    message: str
    hint: str = ""

    def __str__(self) -> str:
        return str(Finding(self.place, self.message, self.hint))


def run(arguments: argparse.Namespace) -> int:
    """Lint files and print what was found; 1 if there are errors.

    :raises ArgoError: a file cannot be read, or there is nothing to lint.
    """
    read = list(sources(arguments.files))
    remarks, count = remarks_on(read, embedded=arguments.embedded)
    if not count and not remarks:
        raise ManifestError(
            f"there is no manifest of Argo's in {', '.join(arguments.files)}",
            hint="Lint reads Workflows, WorkflowTemplates, ClusterWorkflowTemplates and CronWorkflows.",
        )
    if arguments.output == "json":
        print(json.dumps([asdict(remark) for remark in remarks], indent=2))
    else:
        _print(terminal.stdout(), remarks)
    terminal.stderr().print(_summary(count, remarks))
    return 1 if any(remark.severity == ERROR for remark in remarks) else 0


def remarks_on(read: Iterable[Source], *, embedded: bool = False) -> tuple[list[Remark], int]:
    """Say what is wrong in the manifests of some sources.

    :param embedded: whether it is an error that the embedded server does not support something.
    :returns: the remarks in the order of files and lines, and how many manifests there are.
    """
    every: list[Manifest] = []
    remarks: list[Remark] = []
    for source in read:
        found = _read(source)
        if isinstance(found, Remark):
            remarks.append(found)
        else:
            every += found
    known = Known(every)
    for manifest in every:
        told = {*_remarks(manifest, known, embedded=embedded)}
        remarks += sorted(told, key=lambda remark: (remark.line, remark.place, remark.message))
    return remarks, len(every)


def _read(source: Source) -> list[Manifest] | Remark:
    try:
        return manifests(source)
    except ManifestError as error:
        return _unreadable(source, error)


def _remarks(manifest: Manifest, known: Known, *, embedded: bool) -> Iterator[Remark]:
    strangers = known.strangers(manifest.content)
    faults = _faults(manifest, None if strangers else known.find)
    yield from (_remark(manifest, ERROR, fault) for fault in faults)
    if strangers:
        words = f"{', '.join(strangers)} {'is' if len(strangers) == 1 else 'are'} not among the files"
        yield _remark(manifest, WARNING, Finding("", words, "References are taken to be good."))
    if not faults:
        yield from (_remark(manifest, WARNING, each) for each in _open_arguments(manifest))
        severity = ERROR if embedded else WARNING
        yield from (_remark(manifest, severity, each) for each in _not_embedded(manifest))


def _faults(manifest: Manifest, lookup: Lookup | None) -> list[Finding]:
    if manifest.kind == "Workflow":
        return lint(manifest.content, templates=lookup, allow_empty=True)
    if manifest.kind == "CronWorkflow":
        return _cron_faults(manifest.content, lookup)
    cluster = manifest.kind == "ClusterWorkflowTemplate"
    return lint_template(manifest.content, cluster=cluster, templates=lookup)


def _cron_faults(content: Mapping[str, Any], lookup: Lookup | None) -> list[Finding]:
    try:
        cron = decode(content, "CronWorkflow", ("CreateCronWorkflowRequest", ("cronWorkflow",)))
    except ManifestError as error:
        return [Finding("", error.message)]
    problem = problem_of(str(cron.get("metadata", {}).get("name") or ""), cron.get("spec", {}))
    found = [Finding("spec.schedules" if "schedule" in problem else "", problem)] if problem else []
    spec = content.get("spec")
    inner = spec.get("workflowSpec") if isinstance(spec, Mapping) else None
    return [*found, *lint_spec(inner if isinstance(inner, Mapping) else {}, templates=lookup)]


def _open_arguments(manifest: Manifest) -> Iterator[Finding]:
    """The arguments of a Workflow that whoever submits it has to give."""
    if manifest.kind != "Workflow" or "workflowTemplateRef" in manifest.content["spec"]:
        return
    for parameter in (manifest.content["spec"].get("arguments") or {}).get("parameters") or ():
        if not parameter.keys() & {"value", "valueFrom"}:
            name = parameter["name"]
            yield Finding(
                f"spec.arguments.parameters.{name}", "has no value", f"Whoever submits it has to give one: -p {name}=…"
            )


def _not_embedded(manifest: Manifest) -> Iterator[Finding]:
    content = manifest.content
    if manifest.kind == "CronWorkflow":
        content = {"spec": content["spec"].get("workflowSpec") or {}}
    for fault in missing(content, IMAGES):
        place, _, reason = fault.partition(": ")
        yield Finding(place, f"not on the embedded server: {reason}")


def _remark(manifest: Manifest, severity: str, finding: Finding) -> Remark:
    line = manifest.line(finding.path or finding.message)
    file, about = manifest.source.name, (manifest.kind, manifest.name)
    return Remark(file, line, severity, *about, finding.path, finding.message, finding.hint)


def _unreadable(source: Source, error: ManifestError) -> Remark:
    message = error.message.removeprefix(source.name)
    found = _LINE.match(message)
    words = message[found.end() :] if found else message.removeprefix(": ").strip()
    return Remark(source.name, int(found[1]) if found else 1, ERROR, "", "", "", words, error.hint)


def _print(console: Console, remarks: Iterable[Remark]) -> None:
    for remark in remarks:
        text = Text(f"{harmless(remark.file)}:{remark.line}: ")
        text.append(f"{remark.severity}: ", style=_COLOURS[remark.severity])
        console.print(text.append(harmless(remark)))


def _summary(count: int, remarks: Iterable[Remark]) -> Text:
    severities = [remark.severity for remark in remarks]
    told = [_counted(severities.count(each), each) for each in (ERROR, WARNING) if each in severities]
    text = Text(f"{_counted(count, 'manifest')}: {', '.join(told) or 'nothing to say'}")
    text.stylize("red" if ERROR in severities else "green")
    return text


def _counted(count: int, noun: str) -> str:
    return f"{count} {noun}{'' if count == 1 else 's'}"
