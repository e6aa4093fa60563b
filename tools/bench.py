"""``make bench``: what the bridge and its embedded Argo Server cost, as ratios within one run.

Absolute seconds depend on the machine and on who else uses it; the ratios are what to compare.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import psutil
from rich.console import Console
from rich.table import Table

from airflow_argo.argo import api
from airflow_argo.argo.client import ArgoClient, ServerAddress
from airflow_argo.argo.fan_out import fan_out
from airflow_argo.argo.status import SUCCEEDED, is_finished, phase

NAMESPACE = "argo"
WORKER = {"container": {"image": "busybox", "command": ["sh", "-c", "true"]}}
IMPORT = """
import time
import airflow.sdk
started = time.perf_counter()
from airflow_argo.operators import ArgoFanOutOperator
print((time.perf_counter() - started) * 1000)
"""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", type=int, nargs="+", default=[100, 1000, 10_000], help="numbers of workers")
    parser.add_argument("--repeat", type=int, default=3, help="runs of which the median counts")
    options = parser.parse_args()
    table = Table("what", "figure", title="Medians; smaller is better")

    bare = median(options.repeat, lambda: xargs(1000))
    with server() as (client, process):
        idle = idle_cpu(process)
        costs = {
            size: median(options.repeat if size < 10_000 else 1, partial(run, client, size)) for size in options.sizes
        }
        largest = max(options.sizes)
        memory_before = process.memory_info().rss
        polls, name = polled_run(client, largest)
        grown = process.memory_info().rss - memory_before
        table.add_row("1,000 × sh -c true by xargs -P", f"{bare:.2f} s")
        for size, seconds in costs.items():
            table.add_row(
                f"{size:,} workers, create to Succeeded", f"{seconds:.2f} s, {seconds / size * 1000:.2f} ms each"
            )
        if 1000 in costs:
            table.add_row("1,000 workers against xargs", f"{costs[1000] / bare:.1f} times")
        table.add_row("dearest worker against the cheapest", f"{ratio(costs):.2f} times")
        table.add_row(f"status poll while {largest:,} workers run", f"{statistics.median(polls) * 1000:.1f} ms")
        table.add_row(f"status poll of {largest:,} finished nodes", f"{poll_seconds(client, name) * 1000:.1f} ms")
        table.add_row("memory for each node of a further run", f"{grown / largest / 1024:.1f} KiB")
        table.add_row("idle server", f"{idle:.1f} % of a processor")
    table.add_row("import of the operator after airflow.sdk", f"{median(5, import_milliseconds):.0f} ms")
    Console().print(table)
    return 0


def median(times: int, measure: Any) -> float:
    return statistics.median(measure() for _ in range(times))


def ratio(costs: dict[int, float]) -> float:
    each = [seconds / size for size, seconds in costs.items()]
    return max(each) / min(each)


def xargs(count: int) -> float:
    command = f"seq {count} | xargs -P {psutil.cpu_count() or 2} -n 1 sh -c true"
    started = time.perf_counter()
    subprocess.run(["sh", "-c", command], check=True)
    return time.perf_counter() - started


@contextmanager
def server() -> Iterator[tuple[ArgoClient, psutil.Process]]:
    with tempfile.TemporaryDirectory(prefix="argo-bench-", dir="/var/tmp") as directory:
        command = [
            sys.executable,
            "-m",
            "airflow_argo.cli",
            "local",
            "--port",
            "0",
            "--dir",
            str(Path(directory, "argo")),
        ]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as running:
            assert running.stdout
            with ArgoClient(ServerAddress(running.stdout.readline().strip())) as client:
                yield client, psutil.Process(running.pid)
            running.terminate()


def create(client: ArgoClient, count: int) -> str:
    made = client.send(api.create_workflow(NAMESPACE, fan_out(worker=WORKER, items=list(range(count)))))
    return str(made["metadata"]["name"])


def run(client: ArgoClient, count: int) -> float:
    started = time.perf_counter()
    name = create(client, count)
    wait(client, name)
    return time.perf_counter() - started


def wait(client: ArgoClient, name: str, pause: float = 0.02) -> None:
    while not is_finished(status := client.send(api.workflow_status(NAMESPACE, name))):
        time.sleep(pause)
    if phase(status) != SUCCEEDED:
        sys.exit(f"{name} has ended as {phase(status)}")


def polled_run(client: ArgoClient, count: int) -> tuple[list[float], str]:
    """A run during which the status is asked for every second."""
    name, polls, ended = create(client, count), [], False
    while not ended:
        started = time.perf_counter()
        ended = is_finished(client.send(api.workflow_status(NAMESPACE, name)))
        polls.append(time.perf_counter() - started)
        time.sleep(1)
    return polls, name


def poll_seconds(client: ArgoClient, name: str) -> float:
    def once() -> float:
        started = time.perf_counter()
        client.send(api.workflow_status(NAMESPACE, name))
        return time.perf_counter() - started

    return median(20, once)


def idle_cpu(process: psutil.Process) -> float:
    before = process.cpu_times()
    time.sleep(3)
    after = process.cpu_times()
    return (after.user + after.system - before.user - before.system) / 3 * 100


def import_milliseconds() -> float:
    done = subprocess.run([sys.executable, "-W", "ignore", "-c", IMPORT], check=True, capture_output=True, text=True)
    return float(done.stdout.split()[-1])


if __name__ == "__main__":
    sys.exit(main())
