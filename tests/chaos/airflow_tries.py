"""Tries that Airflow took from a task by itself, by what its scheduler logged.

* A report of an executor that comes late, when a task is queued again after its deferral (apache/airflow issue 72716).
* A task that lives and whose heartbeat did not get through in time.

Both happen on a busy machine. Whatever the task does, it costs it a try; what matters is that nothing else comes of it.
"""

from __future__ import annotations

import re
from collections import Counter

from tests.chaos.cells import Cell
from tests.chaos.stage import Stage

_LATE_REPORT = re.compile(r"reported that the task instance <TaskInstance: (\w+)\.work (\w+) \[")
_NO_HEARTBEAT = re.compile(r"without a heartbeat.*?'DAG Id': '(\w+)'.*?'Run Id': '(\w+)'")


def lost_tries(stage: Stage, cell: Cell) -> Counter[str]:
    """How many tries each run of a cell may have lost so."""
    lost: Counter[str] = Counter()
    for line in stage.scheduler.log_text().splitlines():
        found = _LATE_REPORT.search(line) or _NO_HEARTBEAT.search(line)
        if found and found[1] == cell.dag_id:
            lost[found[2]] += 1
    for run in cell.runs:
        if cell.supervisor_is_killed(run) and lost[run]:
            # This one is the fault's own.
            lost[run] -= 1
    return lost
