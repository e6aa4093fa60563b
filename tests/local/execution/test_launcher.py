"""However the server ends, no worker survives it; and a server survives its launcher."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from airflow_argo.local.engine.messages import PodReport

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="looks at processes through /proc")

SERVER = """
import asyncio, sys
from pathlib import Path
from airflow_argo.local.engine.messages import StartPod
from airflow_argo.local.execution import ProcessExecutor
from airflow_argo.local.execution.pod import Pod

async def main():
    executor = ProcessExecutor(Path(sys.argv[1]))
    script = "trap '' TERM; setsid sleep 60 & sleep 60 & echo ready; wait"
    template = {"name": "t", "container": {"image": "x", "command": ["sh", "-c", script]}}
    pod = Pod("uid", "wf", "argo", StartPod("n", "p", template, None, False))
    await executor.start(pod, lambda event: None)
    async for line in executor.logs.follow_timed("uid", "p"):
        break
    print("ready", flush=True)
    await asyncio.Event().wait()

asyncio.run(main())
"""


def children(pid: int) -> set[int]:
    """All processes below this one."""
    found = {int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()}
    return found.union(*(children(child) for child in found))


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in ("Z", "X")
    except FileNotFoundError:
        return False


def until(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < end, "it did not come true"
        time.sleep(0.005)


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_no_worker_survives_a_killed_server(tmp_path, number):
    with subprocess.Popen(
        [sys.executable, "-c", SERVER, str(tmp_path)], stdout=subprocess.PIPE, text=True, stderr=subprocess.DEVNULL
    ) as server:
        assert server.stdout is not None
        assert server.stdout.readline() == "ready\n"
        below = children(server.pid)
        assert len(below) >= 4
        server.send_signal(number)
    until(lambda: not any(alive(pid) for pid in below))


@pytest.mark.asyncio(loop_scope="module")
async def test_pods_end_with_an_error_when_the_launcher_dies_and_the_next_ones_run(make_bench):
    bench = make_bench(max_pods=1)
    before = children(os.getpid())
    template = {"name": "t", "container": {"image": "x", "command": ["sh", "-c", "sleep 60 & echo ready; wait"]}}
    await bench.start(template, "first")
    await bench.logged("ready", "first")
    await bench.start({"name": "t", "container": {"image": "x", "command": ["true"]}}, "second")
    below = children(os.getpid()) - before
    launcher = next(pid for pid in below if below - {pid} <= children(pid))
    os.kill(launcher, signal.SIGKILL)
    first = await bench.finished("first")
    assert first.exit_code is None
    assert "died" in first.error
    assert await bench.finished("second") == PodReport(exit_code=0)
    until(lambda: not any(alive(pid) for pid in below))
