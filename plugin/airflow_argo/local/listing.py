"""Which workflows a LIST gives, and in which order: ``BuildListOptions`` and what follows it in the Argo Server."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import Any

from airflow_argo.local.queries import boolean_text, check, integer
from airflow_argo.local.refusal import Refusal, invalid
from airflow_argo.local.selectors import LabelSelector

_RFC3339 = re.compile(r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)")
_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
_NAME_FILTERS: Mapping[str, Callable[[str, str], bool]] = {
    "": str.__eq__,
    "Exact": str.__eq__,
    "NotEquals": str.__ne__,
    "Prefix": str.startswith,
    "Contains": str.__contains__,
}

_NO_INSTANCE = "!workflows.argoproj.io/controller-instanceid"


def parse_time(text: str) -> datetime:
    """Read an RFC 3339 time.

    :raises Refusal: HTTP 500 in Go's words, as the Argo Server answers (seen on v4.1.2).
    """
    if not _RFC3339.fullmatch(text):
        layout = "2006-01-02T15:04:05Z07:00"
        raise Refusal("INTERNAL", f'parsing time "{text}" as "{layout}": cannot parse "{text}" as "2006"')
    seconds = re.sub(r"\.\d+", "", text.upper()).replace("Z", "+00:00")
    try:
        return datetime.fromisoformat(seconds)
    except ValueError as error:
        raise Refusal("INTERNAL", f'parsing time "{text}": {error}') from error


@dataclass(slots=True)
class ListOptions:
    """A parsed request for a list.

    :param namespace: all namespaces if empty.
    :param limit: at most so many; 0 or less for all.
    :param offset: how many to leave out, the ``continue`` of the page before.
    """

    namespace: str = ""
    labels: LabelSelector = field(default_factory=LabelSelector)
    name: str = ""
    name_filter: str = ""
    started_after: datetime | None = None
    started_before: datetime | None = None
    created_after: datetime | None = None
    finished_before: datetime | None = None
    limit: int = 0
    offset: int = 0
    show_remaining: bool = False
    _not_namespace: str = ""

    @classmethod
    def parse(cls, namespace: str, query: Mapping[str, str]) -> ListOptions:
        """Read ``listOptions.*``, ``nameFilter``, ``createdAfter`` and ``finishedBefore``.

        :raises Refusal: in the Argo Server's words.
        """
        check(query, "listOptions")
        options = cls(namespace, limit=integer(query, "listOptions.limit"), offset=_offset(query))
        options.name_filter = query.get("nameFilter", "")
        if query.get("createdAfter"):
            options.created_after = parse_time(query["createdAfter"])
        if query.get("finishedBefore"):
            options.finished_before = parse_time(query["finishedBefore"])
        for term in query.get("listOptions.fieldSelector", "").split(","):
            if term:
                options._add_field_term(term)
        # As the server appends it: a text that ends too early is told by what it runs into.
        selector = query.get("listOptions.labelSelector", "")
        options.labels = LabelSelector.parse(f"{selector},{_NO_INSTANCE}" if selector else "")
        return options

    def _add_field_term(self, term: str) -> None:
        match = re.fullmatch(r"(metadata\.namespace|metadata\.name)(!=|==|=)(.*)", term, re.DOTALL)
        if match and match[1] == "metadata.name":
            self.name = match[3]
            self.name_filter = "NotEquals" if match[2] == "!=" else self.name_filter
        elif match:
            self._add_namespace(match[2], match[3])
        elif term.startswith("spec.startedAt>"):
            self.started_after = parse_time(term.removeprefix("spec.startedAt>"))
        elif term.startswith("spec.startedAt<"):
            self.started_before = parse_time(term.removeprefix("spec.startedAt<"))
        elif term.startswith("ext.showRemainingItemCount"):
            self.show_remaining = _shows_remaining(term.removeprefix("ext.showRemainingItemCount="))
        else:
            raise invalid(f"unsupported requirement {term}")

    def _add_namespace(self, operator: str, namespace: str) -> None:
        if operator == "!=":
            self.namespace, self._not_namespace = "", namespace
        elif self.namespace not in ("", namespace):
            raise invalid(
                f"'namespace' query param (\"{self.namespace}\") and fieldselector 'metadata.namespace' "
                f'("{namespace}") are both specified and contradict each other'
            )
        else:
            self.namespace = namespace

    def matches(self, workflow: Mapping[str, Any]) -> bool:
        """Whether the workflow is meant."""
        metadata = workflow["metadata"]
        status = workflow.get("status") or {}
        return (
            self.namespace in ("", metadata["namespace"])
            and (not self._not_namespace or metadata["namespace"] != self._not_namespace)
            and self._matches_name(metadata["name"])
            and self._matches_times(metadata, status)
            and self.labels.matches(metadata.get("labels"))
        )

    def _matches_name(self, name: str) -> bool:
        accepts = _NAME_FILTERS.get(self.name_filter)
        # An unknown kind of filter silently lists everything (seen on v4.1.2).
        return not self.name or accepts is None or accepts(name, self.name)

    def _matches_times(self, metadata: Mapping[str, Any], status: Mapping[str, Any]) -> bool:
        started = _time(status.get("startedAt"))
        finished = _time(status.get("finishedAt"))
        return (
            (self.started_after is None or started > self.started_after)
            and (self.started_before is None or started < self.started_before)
            and (self.created_after is None or _time(metadata.get("creationTimestamp")) > self.created_after)
            and (self.finished_before is None or finished < self.finished_before)
        )


@dataclass(frozen=True, slots=True)
class Page:
    """A part of a list.

    :param items: unfinished ones first, then those that finished last.
    :param remaining: how many follow; None if that was not asked for.
    :param has_more: whether Argo thinks that something follows.
    """

    items: list[dict[str, Any]]
    remaining: int | None
    has_more: bool = False

    def metadata(self, offset: int, version: int) -> dict[str, Any]:
        """The list's ``metadata``; ``continue`` is there only if the remaining ones were counted, as on v4.1.2."""
        metadata: dict[str, Any] = {"resourceVersion": str(version)}
        if self.remaining or self.has_more:
            metadata["continue"] = str(offset + len(self.items))
        if self.remaining is not None:
            metadata["remainingItemCount"] = self.remaining
        return metadata


def page(options: ListOptions, matching: Sequence[dict[str, Any]], archived: Sequence[dict[str, Any]] = ()) -> Page:
    """Cut the page out of the workflows that match.

    :param matching: live ones; those that started last come first, as in Argo's own store.
    :param archived: those that come after them.
    """
    live = sorted(
        matching, key=lambda workflow: str((workflow.get("status") or {}).get("startedAt") or ""), reverse=True
    )
    everything = [*live, *archived]
    end = options.offset + options.limit if options.limit > 0 else None
    items = everything[options.offset : end]
    remaining = max(len(everything) - options.offset - len(items), 0) if options.show_remaining else None
    items.sort(key=lambda workflow: str(workflow["metadata"].get("creationTimestamp", "")), reverse=True)
    items.sort(key=lambda workflow: str((workflow.get("status") or {}).get("finishedAt") or "~"), reverse=True)
    # Argo counts in the archive alone, as if nothing were live (seen on v4.1.2).
    more_archived = len(archived) > options.offset + max(options.limit, 0)
    return Page(items, remaining, has_more=more_archived and remaining is None)


def _shows_remaining(text: str) -> bool:
    try:
        return boolean_text(text)
    except Refusal as refusal:
        raise Refusal("INTERNAL", refusal.message) from refusal


def _offset(query: Mapping[str, str]) -> int:
    text = query.get("listOptions.continue") or "0"
    if not re.fullmatch(r"[+-]?\d{1,18}", text, re.ASCII):
        raise invalid("listOptions.continue must be int")
    if int(text) < 0:
        raise invalid("listOptions.continue must >= 0")
    return int(text)


def _time(text: str | None) -> datetime:
    return parse_time(text) if text else _EPOCH
