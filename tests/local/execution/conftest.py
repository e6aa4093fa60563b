from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator, Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from airflow_argo.local.engine.messages import PodEvent, PodFinished, PodReport, PodStarted, StartPod
from airflow_argo.local.execution import ProcessExecutor
from airflow_argo.local.execution.isolation import Isolation, why_unavailable
from airflow_argo.local.execution.pod import Pod, PodKey


class Bench:
    """An executor, and what it has told."""

    def __init__(self, executor: ProcessExecutor, uid: str = "uid") -> None:
        self.executor = executor
        self.uid = uid
        self.told: list[PodEvent] = []
        self._news = asyncio.Event()

    def tell(self, event: PodEvent) -> None:
        self.told.append(event)
        self._news.set()

    def report(self, node: str = "one") -> PodReport | None:
        return next((e.report for e in self.told if isinstance(e, PodFinished) and e.node_id == node), None)

    def pod(
        self,
        template: dict[str, Any],
        node: str = "one",
        *,
        deadline: float | None = None,
        active_seconds: float | None = None,
        result: bool = False,
        volumes: Sequence[dict[str, Any]] = (),
    ) -> Pod:
        command = StartPod(
            node_id=node,
            pod_name=f"pod-{node}",
            template=template,
            deadline=deadline,
            active_seconds=active_seconds,
            include_result=result,
            volumes=volumes,
        )
        return Pod(workflow_uid=self.uid, workflow_name="wf", namespace="argo", command=command)

    async def start(self, template: dict[str, Any], node: str = "one", **more: Any) -> Pod:
        pod = self.pod(template, node, **more)
        await self.executor.start(pod, self.tell)
        return pod

    async def finished(self, node: str = "one") -> PodReport:
        while (report := self.report(node)) is None:
            self._news.clear()
            await self._news.wait()
        return report

    async def run(self, template: dict[str, Any], node: str = "one", **more: Any) -> PodReport:
        await self.start(template, node, **more)
        return await self.finished(node)

    async def stop_all(self) -> None:
        for event in list(self.told):
            if isinstance(event, PodStarted) and self.report(event.node_id) is None:
                await self.executor.stop(PodKey(self.uid, event.node_id))
                await self.finished(event.node_id)

    async def logged(self, line: str, node: str = "one") -> None:
        async for _, found in self.executor.logs.follow_timed(self.uid, f"pod-{node}"):
            if found == line:
                return
        raise AssertionError(f"{line!r} is not in the log")

    def log(self, node: str = "one", container: str = "main") -> list[str]:
        return [line for _, line in self.executor.logs.read_timed(self.uid, f"pod-{node}", container)]


@pytest.fixture(scope="session")
def refusal(tmp_path_factory: pytest.TempPathFactory) -> str:
    return why_unavailable(str(tmp_path_factory.mktemp("trial")))


@pytest.fixture(scope="module", params=list(Isolation), ids=lambda isolation: isolation.value)
def isolation(request: pytest.FixtureRequest, refusal: str) -> Isolation:
    kind: Isolation = request.param
    if kind is Isolation.PRIVATE_TMP and refusal:
        pytest.skip(f"the kernel refuses: {refusal}")
    return kind


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def shared_executor(
    tmp_path_factory: pytest.TempPathFactory, isolation: Isolation
) -> AsyncIterator[ProcessExecutor]:
    executor = ProcessExecutor(tmp_path_factory.mktemp("shared"), isolation=isolation, max_pods=20)
    yield executor
    await executor.close()


_numbers = itertools.count()


@pytest_asyncio.fixture(loop_scope="module")
async def bench(shared_executor: ProcessExecutor) -> AsyncIterator[Bench]:
    bench = Bench(shared_executor, f"uid-{next(_numbers)}")
    yield bench
    await bench.stop_all()


MakeBench = Callable[..., Bench]


@pytest_asyncio.fixture(loop_scope="module")
async def make_bench(tmp_path: Path, isolation: Isolation) -> AsyncIterator[MakeBench]:
    """For executors with options of their own, and for what happens when one is closed."""
    made: list[Bench] = []

    def make(**options: Any) -> Bench:
        made.append(Bench(ProcessExecutor(tmp_path / f"root-{len(made)}", isolation=isolation, **options)))
        return made[-1]

    yield make
    for bench in made:
        await bench.executor.close()
