"""Every DAG in ``dags/`` runs, and gives what its text promises."""

from __future__ import annotations

import json
import os
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

DAGS = Path(__file__).resolve().parents[2] / "dags"


def test_each_example_has_a_test_here() -> None:
    tested = Path(__file__).read_text(encoding="utf-8")
    assert [path.name for path in DAGS.glob("*.py") if f'"{path.name}"' not in tested] == []


@pytest.mark.parametrize(("rows", "per", "workers"), [(1050, 100, 11), (0, 100, 0), (1, 100, 1), (1000, 500, 2)])
def test_every_row_is_pulled_exactly_once(run_dag: Any, rows: int, per: int, workers: int) -> None:
    run = run_dag(DAGS / "pull_rows.py", "on_demand", rows=rows, rows_per_worker=per)
    assert run["report"].result == {"workers": workers, "rows": rows}
    files = [Path(result["file"]) for result in run["pull"].result]
    assert all(path.is_relative_to(os.environ["STORAGE_DIR"]) for path in files)
    ids = Counter(json.loads(line)["id"] for path in files for line in path.read_text().splitlines())
    assert ids == Counter(range(rows))


@pytest.mark.parametrize(
    "conf", [{"rows": -1}, {"rows": 1.5}, {"rows": "many"}, {"rows": None}, {"rows_per_worker": 0}]
)
def test_the_trigger_form_refuses_what_makes_no_sense(run_dag: Any, conf: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="Invalid input for param"):
        run_dag(DAGS / "pull_rows.py", "on_demand", **conf)


def test_the_use_case_on_a_schedule(run_dag: Any) -> None:
    assert run_dag(DAGS / "pull_rows.py", "nightly")["report"].result == {"workers": 10, "rows": 1000}


def test_the_trigger_form_reads_well() -> None:
    import importlib.util

    spec = importlib.util.spec_from_file_location("pull_rows", DAGS / "pull_rows.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    for name in ("rows", "rows_per_worker"):
        param = module.on_demand.params.get_param(name)
        assert param.description
        assert {"title", "type", "minimum", "maximum"} <= param.schema.keys()
    assert module.nightly.schedule == "0 3 * * *"


def test_a_list_on_standard_output(run_dag: Any) -> None:
    assert run_dag(DAGS / "loops_param_result.py")["square"].result == [number**2 for number in range(20, 31)]


def test_a_list_from_the_params(run_dag: Any) -> None:
    cities = [{"name": '"Genève"', "people": 1}, {"name": "$(HOME)", "people": 2}]
    run = run_dag(DAGS / "loops_param_argument.py", cities=cities)
    assert run["greet"].result == ['"Genève" has 1 people', "$(HOME) has 2 people"]


def test_a_sequence(run_dag: Any) -> None:
    run = run_dag(DAGS / "loops_sequence.py", pages=3)
    assert run["fetch"].result == ["page-001.html", "page-002.html", "page-003.html"]


@pytest.mark.parametrize(("greeting", "seen"), [("hello", "hello"), ("", "nobody wrote anything")])
def test_a_file_and_its_default(run_dag: Any, greeting: str, seen: str) -> None:
    assert run_dag(DAGS / "output_parameter.py", greeting=greeting)["hand_over"].result == [seen, seen]


def test_results_in_mapped_tasks(run_dag: Any) -> None:
    run = run_dag(DAGS / "map_over_results.py", words=["a", "{{=1+1}}"])
    assert [instance.result for instance in run.tasks["announce"]] == ["a: 1 letters", "{{=1+1}}: 8 letters"]
