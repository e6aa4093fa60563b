"""What a CronWorkflow does, decided: Argo's ``workflow/cron``. A CronWorkflow is Argo's own dict."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Iterable, Mapping
from datetime import datetime, timezone
from typing import Any

from airflow_argo.argo.expressions import expr_lang, gojson
from airflow_argo.argo.expressions.expr_lang.gotime import Time
from airflow_argo.argo.status import FINAL_PHASES
from airflow_argo.local.cron.schedules import Every, Schedule, ScheduleError, parse
from airflow_argo.local.engine.conditions import should_execute
from airflow_argo.local.engine.substitution import EVERYTHING, filled
from airflow_argo.local.engine.times import epoch, rfc3339

_PREFIX = "workflows.argoproj.io/"
LABEL = f"{_PREFIX}cron-workflow"
COMPLETED_LABEL = "cronworkflows.argoproj.io/completed"
_STOPPED = "Stopped"
_LAST_SCHEDULE = "cronworkflows.argoproj.io/last-used-schedule"
_KEPT = {"Succeeded": ("successfulJobsHistoryLimit", 3), "Failed": ("failedJobsHistoryLimit", 1)}
_PLAIN_TAG = re.compile(r"\{\{\s*(cronworkflow\.\w+)\s*\}\}")

Cron = dict[str, Any]
Workflow = Mapping[str, Any]


def empty_status() -> dict[str, Any]:
    """Make the status of a new CronWorkflow."""
    return {
        "active": None,
        "lastScheduledTime": None,
        "conditions": None,
        "succeeded": 0,
        "failed": 0,
        "phase": "",
    }


def schedules(spec: Mapping[str, Any]) -> list[Schedule | Every]:
    """Read all schedules of a spec.

    :raises ScheduleError: for the first that cannot be read.
    """
    return [parse(text, spec.get("timezone") or "") for text in spec.get("schedules") or ()]


def next_due(cron: Cron, now: float) -> float | None:
    """Tell when it runs next, in seconds since the epoch; None if never."""
    if (cron["metadata"].get("labels") or {}).get(COMPLETED_LABEL) == "true":
        return None
    times = [time for schedule in schedules(cron["spec"]) if (time := schedule.next(now)) is not None]
    return min(times, default=None)


def missed(cron: Cron, now: float) -> float | None:
    """Tell the last time that it should have run and did not, where ``startingDeadlineSeconds`` lets it be made up."""
    last, deadline = cron["status"].get("lastScheduledTime"), cron["spec"].get("startingDeadlineSeconds")
    if _uses_new_schedule(cron) or not last or deadline is None:
        return None
    for schedule in schedules(cron["spec"]):
        # Only times within the deadline count; Argo walks through all of them, however many.
        due = schedule.next(max(epoch(last), now - deadline - 1))
        found = None
        while due is not None and due < now:
            found, due = due, schedule.next(due)
        if found is not None and found > epoch(last) and now < found + deadline:
            return found
    return None


def _schedule_text(spec: Mapping[str, Any]) -> str:
    zone = f"CRON_TZ={spec['timezone']} " if spec.get("timezone") else ""
    return ",".join(zone + text for text in spec.get("schedules") or ())


def _uses_new_schedule(cron: Cron) -> bool:
    last = (cron["metadata"].get("annotations") or {}).get(_LAST_SCHEDULE)
    return bool(last != _schedule_text(cron["spec"]))


def note_schedule(cron: Cron) -> None:
    """Note which schedule it runs by, so that a new one does not count as missed."""
    cron["metadata"].setdefault("annotations", {})[_LAST_SCHEDULE] = _schedule_text(cron["spec"])


def child(cron: Cron, *, scheduled: float, name: str = "") -> dict[str, Any]:
    """Make the manifest of a workflow of its own.

    :param scheduled: seconds since the epoch.
    :param name: ``NAME-SECONDS`` of a scheduled one; empty lets Kubernetes make one.
    """
    metadata, spec = cron["metadata"], cron["spec"]
    extra = spec.get("workflowMetadata") or {}
    owner = {
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "CronWorkflow",
        "name": metadata["name"],
        "uid": metadata["uid"],
        "controller": True,
        "blockOwnerDeletion": True,
    }
    made: dict[str, Any] = {
        "namespace": metadata["namespace"],
        "labels": {LABEL: metadata["name"], **(extra.get("labels") or {})},
        "annotations": {f"{_PREFIX}scheduled-time": rfc3339(scheduled), **(extra.get("annotations") or {})},
        "ownerReferences": [owner],
    }
    made.update({"name": name} if name else {"generateName": f"{metadata['name']}-"})
    return {"metadata": made, "spec": copy.deepcopy(spec["workflowSpec"])}


def is_child(cron: Cron, workflow: Workflow) -> bool:
    """Tell whether a workflow belongs to it."""
    owners = workflow["metadata"].get("ownerReferences") or ()
    return any(owner.get("uid") == cron["metadata"]["uid"] and owner.get("controller") for owner in owners)


def may_run(cron: Cron) -> bool:
    """Tell whether a run that is due takes place, apart from its concurrency policy.

    :raises ExpressionError: if ``when`` cannot be evaluated.
    """
    if cron["spec"].get("suspend") or cron["status"].get("phase") == _STOPPED:
        return False
    when = cron["spec"].get("when") or ""
    if not when:
        return True
    variables = _variables(cron)
    numbers = {name: str(value) for name, value in variables.items() if isinstance(value, int)}
    # As a plain tag a number is its text, in an expression it is a number.
    plain = _PLAIN_TAG.sub(lambda found: numbers.get(found[1], found[0]), when)
    return should_execute(filled(plain, variables, EVERYTHING))


def stops(cron: Cron) -> bool:
    """Tell whether its ``stopStrategy`` says that it has run for the last time.

    :raises ExpressionError: if it cannot be evaluated.
    """
    expression = (cron["spec"].get("stopStrategy") or {}).get("expression")
    return bool(expression) and expr_lang.evaluate_bool(str(expression), expr_lang.environment(_variables(cron)))


def mark_stopped(cron: Cron) -> None:
    """Let it never run again."""
    cron["status"]["phase"] = _STOPPED
    cron["metadata"].setdefault("labels", {})[COMPLETED_LABEL] = "true"


def _variables(cron: Cron) -> dict[str, Any]:
    metadata, status = cron["metadata"], cron["status"]
    labels, annotations = metadata.get("labels") or {}, metadata.get("annotations") or {}
    last = status.get("lastScheduledTime")
    values = {
        "name": metadata["name"],
        "namespace": metadata.get("namespace", ""),
        # Copies: an expression's environment puts ``labels.json`` into them. Argo gives the labels as annotations too.
        "labels": dict(labels),
        "annotations": dict(labels),
        "labels.json": json.dumps(labels),
        "annotations.json": json.dumps(annotations),
        "failed": status.get("failed", 0),
        "succeeded": status.get("succeeded", 0),
        "lastScheduledTime": Time(datetime.fromtimestamp(epoch(last), timezone.utc)) if last else None,
    }
    return {f"cronworkflow.{name}": value for name, value in values.items()}


def note_run(cron: Cron, workflow: Workflow, scheduled: float) -> None:
    """Note that a workflow of its own has been created."""
    status = cron["status"]
    status["active"] = [*(status.get("active") or ()), _reference(workflow)]
    status.update(phase="Active", lastScheduledTime=rfc3339(scheduled))
    drop_condition(cron, "SubmissionError")


def _reference(workflow: Workflow) -> dict[str, Any]:
    metadata = workflow["metadata"]
    return {
        "kind": "Workflow",
        "namespace": metadata["namespace"],
        "name": metadata["name"],
        "uid": metadata["uid"],
        "apiVersion": "argoproj.io/v1alpha1",
        "resourceVersion": metadata["resourceVersion"],
    }


def report(cron: Cron, kind: str, message: str) -> None:
    """Set the condition ``SpecError`` or ``SubmissionError``; the latter counts as a failed run."""
    drop_condition(cron, kind)
    row = {"type": kind, "status": "True", "message": message}
    cron["status"]["conditions"] = [*(cron["status"].get("conditions") or ()), row]
    if kind == "SubmissionError":
        cron["status"]["failed"] += 1


def drop_condition(cron: Cron, kind: str) -> None:
    """Remove a condition."""
    left = [row for row in cron["status"].get("conditions") or () if row["type"] != kind]
    cron["status"]["conditions"] = left or None


def reconcile(cron: Cron, children: Iterable[Workflow]) -> bool:
    """Bring the list of active workflows and the counters up to date; says whether something has changed.

    :raises ExpressionError: if the ``stopStrategy`` cannot be evaluated.
    """
    phases = {workflow["metadata"]["uid"]: workflow for workflow in children}
    before = [dict(row) for row in cron["status"].get("active") or ()]
    known = {row["uid"] for row in before}
    active = before + [_reference(each) for uid, each in phases.items() if uid not in known and not _phase(each)]
    left = [row for row in active if row["uid"] in phases and not _phase(phases[row["uid"]])]
    for row in active:
        phase = _phase(phases[row["uid"]]) if row["uid"] in phases else ""
        if phase:
            cron["status"]["succeeded" if phase == "Succeeded" else "failed"] += 1
            if stops(cron):
                # The label comes when it would run next: here Argo saves the status alone (seen on v4.1.2).
                cron["status"]["phase"] = _STOPPED
    cron["status"]["active"] = left or None
    return left != before


def _phase(workflow: Workflow) -> str:
    phase = str((workflow.get("status") or {}).get("phase") or "")
    return phase if phase in FINAL_PHASES else ""


def surplus(cron: Cron, children: Iterable[Workflow]) -> list[str]:
    """List the names of the finished workflows that its history limits do not keep."""
    ended: dict[str, list[Workflow]] = {"Succeeded": [], "Failed": []}
    for workflow in children:
        phase = _phase(workflow)
        if phase and (workflow["metadata"].get("labels") or {}).get(LABEL) == cron["metadata"]["name"]:
            ended["Succeeded" if phase == "Succeeded" else "Failed"].append(workflow)
    found = []
    for kind, workflows in ended.items():
        field, usual = _KEPT[kind]
        limit = cron["spec"].get(field)
        newest = sorted(workflows, key=lambda each: str(each["status"].get("finishedAt") or ""), reverse=True)
        found += [each["metadata"]["name"] for each in newest[usual if limit is None or limit < 0 else limit :]]
    return found


def problem_of(name: str, spec: Mapping[str, Any]) -> str:
    """Say what is wrong with a CronWorkflow apart from its workflow, in Argo's words; empty if nothing."""
    if len(name) > 52:
        quoted = gojson.quote(name)
        limit = f"must not be more than 52 characters long (currently {len(name)})"
        return f'cron workflow name "{quoted}" {limit}'
    if not spec.get("schedules"):
        return "cron workflow must have at least one schedule"
    malformed = next((found for text in spec["schedules"] if (found := _malformed(text))), "")
    if malformed:
        return malformed
    try:
        schedules(spec)
    except ScheduleError as error:
        return f'invalid timezone "{gojson.quote(spec["timezone"])}": {error}'
    if spec.get("concurrencyPolicy") not in (None, "", "Allow", "Forbid", "Replace"):
        return f"'{spec['concurrencyPolicy']}' is not a valid concurrencyPolicy"
    if (spec.get("startingDeadlineSeconds") or 0) < 0:
        return "startingDeadlineSeconds must be positive"
    return ""


def _malformed(text: str) -> str:
    try:
        parse(text)
    except ScheduleError as error:
        return f"cron schedule {text} is malformed: {error}"
    return ""
