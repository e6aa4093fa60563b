from __future__ import annotations

import asyncio
import threading
from pathlib import Path
from typing import Any

from airflow_argo.local.artifacts.store import ArtifactStore
from airflow_argo.local.engine.messages import PodEvent, PodFinished, PodReport, StartPod
from airflow_argo.local.execution.data_agent import DataAgent
from airflow_argo.local.execution.logs import Logs
from airflow_argo.local.execution.pod import Pod


async def run(directory: Path, data: dict[str, Any]) -> PodReport:
    (directory / "file").write_text("x")
    store = ArtifactStore(directory / "artifacts")
    for key in ("wf/main.log", "wf/out.tgz"):
        store.put_file(directory / "file", key)
    command = StartPod("n", "p", {"name": "t", "data": data}, deadline=None, include_result=False)
    told: asyncio.Future[PodEvent] = asyncio.get_running_loop().create_future()
    agent = DataAgent(store, Logs(directory / "logs"))
    agent.start(Pod("uid", "wf", "argo", command), told.set_result)
    event = await told
    await agent.close()
    assert isinstance(event, PodFinished)
    return event.report


async def test_the_result_is_what_the_transformation_makes(tmp_path: Path) -> None:
    step = {"expression": "filter(data, {# endsWith 'main.log'})"}
    source = {"artifactPaths": {"name": "all", "s3": {"bucket": "my-bucket"}}}
    report = await run(tmp_path, {"source": source, "transformation": [step]})
    assert (report.exit_code, report.result) == (0, '["wf/main.log"]')


async def test_a_failure_is_told_and_logged(tmp_path: Path) -> None:
    report = await run(tmp_path, {"source": {}})
    reason = "unable to process data template: unable to process data source: no valid source is used for data template"
    assert (report.exit_code, report.error, report.result) == (64, reason, None)
    assert [line for _, line in Logs(tmp_path / "logs").read_timed("uid", "p")] == [f"Error: {reason}", reason]


async def test_who_follows_the_log_hears_of_the_failure_at_once(tmp_path: Path) -> None:
    followed = threading.Event()

    class SlowStore(ArtifactStore):
        def all_keys(self) -> list[str]:
            followed.wait(10)
            return []

    data = {"source": {"artifactPaths": {"name": "all", "s3": {"bucket": "my-bucket"}}}}
    command = StartPod("n", "p", {"name": "t", "data": data}, deadline=None, include_result=False)
    logs = Logs(tmp_path / "logs")
    # Says where another thread meddles with the loop.
    asyncio.get_running_loop().set_debug(True)
    agent = DataAgent(SlowStore(tmp_path / "artifacts"), logs)
    agent.start(Pod("uid", "wf", "argo", command), lambda event: None)
    lines = logs.follow_timed("uid", "p")
    first = asyncio.ensure_future(anext(lines))
    for _ in range(3):
        await asyncio.sleep(0)
    followed.set()
    assert (await asyncio.wait_for(first, 10))[1].startswith("Error: unable to process data template")
    await agent.close()
