from __future__ import annotations

from typing import Any

import pytest

from airflow_argo.argo.errors import ManifestError
from airflow_argo.decorators.argo import argo_task


def test_slices_of_rows_become_calls(run_dag: Any) -> None:
    run = run_dag(
        """
@task.argo(rows=7, rows_per_worker=3)
def pull(offset, limit, factor=1):
    import math
    return {"sum": sum(range(offset, offset + limit)) * factor, "text": f"{{{offset}}}", "pi": round(math.pi, 2)}

pull(factor=10)
"""
    )
    assert run["pull"].result == [
        {"sum": 30, "text": "{0}", "pi": 3.14},
        {"sum": 120, "text": "{3}", "pi": 3.14},
        {"sum": 60, "text": "{6}", "pi": 3.14},
    ]


def test_hostile_items_and_arguments_arrive_as_they_are(run_dag: Any) -> None:
    hostile = ["{{workflow.name}}", "{{=1+1}}", '"; rm -rf', "$(HOME)", "\x00", "😀"]
    run = run_dag(
        f"""
@task
def hostile():
    return {hostile!r}

@task.argo(items=hostile())
def echo(item, given):
    return [item, given]

echo(given=hostile())
"""
    )
    assert run["echo"].result == [[item, hostile] for item in hostile]


def test_an_exception_fails_the_task_with_its_traceback(run_dag: Any) -> None:
    run = run_dag(
        """
@task.argo(items=[1])
def divide(number):
    return number / 0

divide()
"""
    )
    assert run["divide"].state == "failed"
    assert "ZeroDivisionError: division by zero" in run.log
    assert "return number / 0" in run.log


def test_a_mapped_fan_out_is_one_workflow_each(run_dag: Any) -> None:
    run = run_dag(
        """
@task.argo(items=[1, 2])
def times(item, factor):
    return item * factor

times.expand(factor=[10, 100])
"""
    )
    assert [instance.result for instance in run.tasks["times"]] == [[10, 20], [100, 200]]
    names = {instance.xcoms["workflow"]["name"] for instance in run.tasks["times"]}
    assert len(names) == 2


def test_an_argument_that_the_function_does_not_take_is_refused_when_the_dag_is_read() -> None:
    @argo_task(items=[1])
    def pull(item: int) -> int:
        return item

    with pytest.raises(TypeError, match="pull: got an unexpected keyword argument 'limits'"):
        pull(limits=1)


def test_a_function_without_arguments_is_refused_in_the_dag() -> None:
    @argo_task(items=[1])
    def pull() -> int:
        return 1

    with pytest.raises(TypeError, match="pull takes no argument, and is called with an item"):
        pull()


def test_multiple_outputs_are_refused() -> None:
    with pytest.raises(ManifestError, match="multiple_outputs"):
        argo_task(multiple_outputs=True)


@pytest.mark.parametrize(
    ("options", "place"),
    [({"template": {"outputs": {}}}, "template.outputs"), ({"parameters": {"arguments": "x"}}, "parameters.arguments")],
)
def test_what_the_function_makes_cannot_be_given(options: dict[str, Any], place: str) -> None:
    @argo_task(items=[1], **options)
    def pull(item: int) -> int:
        return item

    with pytest.raises(ManifestError, match=place):
        pull()
