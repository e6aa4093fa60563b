"""Pods of several containers: container sets, init containers, sidecars, daemons."""

from __future__ import annotations

import asyncio
import socket
from typing import Any

import pytest

from airflow_argo.local.engine.messages import ContainerChanged, ContainerReport, PodStarted

pytestmark = pytest.mark.asyncio(loop_scope="module")


def member(name: str, text: str, *dependencies: str, **more: Any) -> dict[str, Any]:
    command = ["sh", "-c", text.replace("$", "$$")]
    return {"name": name, "image": "alpine", "command": command, "dependencies": list(dependencies), **more}


def container_set(*members: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"name": "work", "containerSet": {"containers": list(members), **more}}


def pod(main: str, **more: Any) -> dict[str, Any]:
    return {"name": "work", "container": {"image": "alpine", "command": ["sh", "-c", main.replace("$", "$$")]}, **more}


def outcome(report: Any) -> dict[str, tuple[int, str]]:
    return {name: (each.exit_code, each.error) for name, each in report.containers.items()}


async def until_started(bench: Any) -> None:
    while PodStarted("one") not in bench.told:
        assert bench.report() is None
        await asyncio.sleep(0.005)


WORK = {"volumeMounts": [{"name": "work", "mountPath": "/workspace"}]}
WORK_VOLUME = [{"name": "work", "emptyDir": {}}]


class TestContainerSet:
    async def test_who_depends_on_others_runs_after_them(self, bench):
        template = container_set(
            member("c", "echo c >>/workspace/f; cat /workspace/f", "b"),
            member("b", "echo b >>/workspace/f", "a"),
            member("a", "sleep 0.1; echo a >>/workspace/f"),
            **WORK,
        )
        report = await bench.run(template, volumes=WORK_VOLUME)
        assert outcome(report) == {"a": (0, ""), "b": (0, ""), "c": (0, "")}
        assert bench.log(container="c") == ["a", "b", "c"]

    async def test_a_failure_is_handed_down_with_its_code(self, bench):
        report = await bench.run(container_set(member("a", "exit 3"), member("b", "", "a"), member("c", "", "b")))
        assert outcome(report) == {
            "a": (3, ""),
            "b": (64, 'dependency "a" exited with non-zero code: 3'),
            "c": (64, 'dependency "b" exited with non-zero code: 3'),
        }

    async def test_a_failure_stops_the_others_and_what_waits_for_them(self, bench):
        template = container_set(member("c", "exec sleep 30"), member("d", "", "c"), member("a", "exit 2"))
        report = await asyncio.wait_for(bench.run(template), 20)
        assert outcome(report) == {"a": (2, ""), "c": (143, ""), "d": (143, "")}

    async def test_one_that_does_not_listen_then_is_killed(self, make_bench):
        bench = make_bench(grace_seconds=0.1)
        deaf = "trap '' TERM; while :; do sleep 0.05; done"
        report = await asyncio.wait_for(bench.run(container_set(member("a", "exit 2"), member("c", deaf))), 20)
        assert outcome(report) == {"a": (2, ""), "c": (137, "")}

    async def test_outputs_and_result_are_those_of_main(self, bench):
        template = container_set(member("other", "echo no"), member("main", "echo yes; echo out >/workspace/o"), **WORK)
        template["outputs"] = {"parameters": [{"name": "o", "valueFrom": {"path": "/workspace/o"}}]}
        report = await bench.run(template, result=True, volumes=WORK_VOLUME)
        assert (report.exit_code, report.result, report.parameters) == (0, "yes", {"o": "out"})
        assert bench.log(container="other") == ["no"]

    async def test_without_main_there_is_no_exit_code(self, bench):
        report = await bench.run(container_set(member("a", "true")))
        assert report.exit_code is None
        assert outcome(report) == {"a": (0, "")}

    @pytest.mark.parametrize(("retries", "exit_code", "tries"), [(3, 0, 3), ("2", 1, 2), (1, 1, 1), (0, 0, 0)])
    async def test_retries_are_attempts_in_total(self, bench, retries, exit_code, tries):
        text = "echo try; echo x >>/workspace/n; test $(wc -l </workspace/n) -ge 3"
        strategy = {"retries": retries, "duration": "1ms"}
        report = await bench.run(container_set(member("a", text), retryStrategy=strategy, **WORK), volumes=WORK_VOLUME)
        assert outcome(report) == {"a": (exit_code, "")}
        assert bench.log(container="a") == ["try"] * tries

    async def test_each_start_and_end_is_told(self, bench):
        await bench.run(container_set(member("a", "true"), member("b", "true", "a")))
        told = [event for event in bench.told if isinstance(event, ContainerChanged)]
        assert told == [
            ContainerChanged("one", "a"),
            ContainerChanged("one", "a", ContainerReport(0)),
            ContainerChanged("one", "b"),
            ContainerChanged("one", "b", ContainerReport(0)),
        ]

    async def test_an_unknown_program(self, bench):
        report = await bench.run(container_set({"name": "a", "image": "alpine", "command": ["nope"]}))
        error = 'failed to find name in PATH: exec: "nope": executable file not found in $PATH'
        assert outcome(report) == {"a": (64, error)}
        assert PodStarted("one") not in bench.told

    async def test_stopping_ends_all_of_them(self, bench):
        started = await bench.start(container_set(member("a", "exec sleep 30"), member("b", "", "a")))
        await until_started(bench)
        await bench.executor.stop(started.key)
        assert outcome(await bench.finished()) == {"a": (143, ""), "b": (143, "")}


class TestInitContainers:
    async def test_they_run_in_order_before_main(self, bench):
        mounts = [{"name": "work", "mountPath": "/workspace"}]
        template = pod(
            "cat /workspace/f",
            initContainers=[
                member("one", "sleep 0.1; echo 1 >>/workspace/f", volumeMounts=mounts),
                member("two", "echo 2 >>/workspace/f", mirrorVolumeMounts=True),
            ],
        )
        template["container"]["volumeMounts"] = mounts
        report = await bench.run(template, volumes=WORK_VOLUME)
        assert report.exit_code == 0
        assert bench.log() == ["1", "2"]

    async def test_one_that_fails_is_the_last(self, bench):
        report = await bench.run(pod("echo main", initContainers=[member("one", "exit 4"), member("two", "echo two")]))
        assert report.exit_code is None
        assert outcome(report) == {"one": (4, "")}
        assert bench.log() == []


class TestSidecars:
    async def test_they_end_with_main(self, bench):
        helper = member("helper", "trap 'echo bye; exit 0' TERM; echo hi; sleep 30 & wait")
        report = await bench.run(pod("sleep 0.3; echo main", sidecars=[helper]))
        assert report.exit_code == 0
        assert outcome(report) == {"main": (0, ""), "helper": (0, "")}
        assert bench.log(container="helper") == ["hi", "bye"]

    async def test_one_that_does_not_listen_is_killed(self, make_bench):
        bench = make_bench(grace_seconds=0.1)
        helper = member("helper", "trap '' TERM; while :; do sleep 0.05; done")
        report = await bench.run(pod("sleep 0.2", sidecars=[helper]))
        assert outcome(report) == {"main": (0, ""), "helper": (137, "")}

    async def test_one_that_fails_does_not_stop_main(self, bench):
        report = await bench.run(pod("sleep 0.2; echo main", sidecars=[member("bad", "exit 4")]))
        assert outcome(report) == {"main": (0, ""), "bad": (4, "")}
        assert bench.log() == ["main"]


class TestReadiness:
    """A daemon's pod is told to have started when it is ready."""

    async def _start_when(self, bench: Any, text: str, probe: dict[str, Any]) -> None:
        template = pod(text, daemon=True)
        template["container"]["readinessProbe"] = {"periodSeconds": 1, **probe}
        started = await bench.start(template)
        await until_started(bench)
        await bench.executor.stop(started.key)
        await bench.finished()

    async def test_by_a_command(self, bench):
        await self._start_when(bench, "exec sleep 30", {"exec": {"command": ["sh", "-c", "test -n $HOME"]}})

    @pytest.mark.parametrize("kind", ["tcpSocket", "httpGet"])
    async def test_by_a_port(self, bench, kind):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        await self._start_when(bench, f"exec python -m http.server {port} --bind 127.0.0.1", {kind: {"port": port}})

    async def test_it_takes_no_place_of_those_that_need_it(self, make_bench):
        bench = make_bench(max_pods=1)
        daemon = await bench.start(pod("exec sleep 30", daemon=True), "daemon")
        assert (await asyncio.wait_for(bench.run(pod("true"), "client"), 20)).exit_code == 0
        assert bench.report("daemon") is None
        await bench.executor.stop(daemon.key)
        await bench.finished("daemon")

    async def test_one_that_ends_before_is_never_told_to_have_started(self, bench):
        template = pod("exit 3", daemon=True)
        template["container"]["readinessProbe"] = {"tcpSocket": {"port": 1}}
        assert (await bench.run(template)).exit_code == 3
        assert PodStarted("one") not in bench.told
