"""A Workflow from wherever a user has it: a dict, YAML text, a file, or an object that builds one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeGuard

from airflow_argo.argo import go_yaml, safe_json
from airflow_argo.argo.errors import ManifestError

_SUFFIXES = (".yaml", ".yml", ".json")
_EXPECTED = "Pass a dict, YAML text, the path of a YAML or JSON file, or a Hera workflow."
_IN_A_FILE = "A file has to hold one document of kind Workflow with a spec."
_SHOWN = 60


def read(source: object) -> dict[str, Any]:
    """Read a Workflow.

    :param source: a dict, YAML or JSON text, a path (a ``Path``, or a text without a line break that ends in .yaml,
        .yml or .json), or an object with ``to_dict()`` or ``build()`` such as a Hera workflow.
    :returns: a copy that holds nothing but what JSON holds.
    :raises ManifestError: if there is no Workflow, or not exactly one and nothing else.
    """
    if isinstance(source, Mapping):
        return _only_workflow([safe_json.plain(source)], "the dict")
    if is_path(source):
        path = Path(source)
        with reading(path.absolute()):
            text = path.read_text(encoding="utf-8")
        return _only_workflow(go_yaml.load_all(text, source=str(path)), str(path), expected=_IN_A_FILE)
    if isinstance(source, str):
        return _from_text(source)
    for method in ("to_dict", "build"):
        if callable(getattr(source, method, None)):
            return _from_object(source, method)
    raise ManifestError(f"a value of type {type(source).__name__} is no workflow", hint=_EXPECTED)


def is_path(source: object) -> TypeGuard[str | Path]:
    """Whether a source is the path of a file rather than a workflow."""
    if isinstance(source, str):
        return "\n" not in source and source.strip().lower().endswith(_SUFFIXES)
    return isinstance(source, Path)


@contextmanager
def reading(name: object) -> Iterator[None]:
    """Tell in words why a file cannot be read.

    :param name: what the file is called there.
    :raises ManifestError: in place of the system's error.
    """
    try:
        yield
    except FileNotFoundError as error:
        raise ManifestError(f"there is no file {name}") from error
    except UnicodeDecodeError as error:
        raise ManifestError(f"{name} is no UTF-8 text: {error.reason} at byte {error.start}") from error
    except OSError as error:
        raise ManifestError(f"{name} cannot be read: {error.strerror}") from error


def _from_text(text: str) -> dict[str, Any]:
    shown = text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"
    if "\n" not in text and ":" not in text:
        raise ManifestError(f"the text {shown!r} is neither YAML nor a path that ends in .yaml", hint=_EXPECTED)
    return _only_workflow(go_yaml.load_all(text, source="the workflow's YAML"), f"the text {shown!r}")


def _from_object(source: object, method: str) -> dict[str, Any]:
    name = f"{type(source).__name__}.{method}()"
    made = getattr(source, method)()
    if not isinstance(made, Mapping):
        raise ManifestError(f"{name} gives a {type(made).__name__}, not a dict", hint=_EXPECTED)
    if "api_version" in made:
        raise ManifestError(
            f"{name} gives Python's names (api_version), not Argo's (apiVersion)",
            hint="Pass what the client sends: its sanitize_for_serialization() gives it.",
        )
    return _only_workflow([safe_json.plain(made)], name)


def _only_workflow(documents: list[dict[str, Any]], source: str, expected: str = _EXPECTED) -> dict[str, Any]:
    workflows = [document for document in documents if _is_workflow(document)]
    others = [_title(document) for document in documents if not _is_workflow(document)]
    if not workflows:
        found = f"; it holds {', '.join(others)}" if others else ""
        raise ManifestError(f"{source} holds no Workflow{found}", hint=_way_out(documents) or expected)
    if len(workflows) > 1:
        names = ", ".join(map(_title, workflows))
        raise ManifestError(f"{source} holds {len(workflows)} Workflows: {names}", hint="Give each a file of its own.")
    if others:
        raise ManifestError(
            f"{source} holds more than a Workflow: {', '.join(others)}",
            hint="Only the Workflow would be submitted. Create the rest on the server first and take it out.",
        )
    return workflows[0]


def _is_workflow(document: Mapping[str, Any]) -> bool:
    return document.get("kind", "Workflow") == "Workflow" and isinstance(document.get("spec"), dict)


def _title(document: Mapping[str, Any]) -> str:
    metadata = document.get("metadata")
    found = metadata if isinstance(metadata, dict) else {}
    name = found.get("name") or found.get("generateName") or "without a name"
    return f"{document.get('kind', 'a document without a kind')} {name}"


def _way_out(documents: list[dict[str, Any]]) -> str:
    kinds = {str(document.get("kind")) for document in documents}
    if kinds & {"WorkflowTemplate", "ClusterWorkflowTemplate", "CronWorkflow"}:
        return "It belongs on an Argo Server; an operator runs it from there with workflow_template=."
    return ""
