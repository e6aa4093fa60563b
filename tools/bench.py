"""``make bench``: what the embedded Argo Server costs, beside what it may cost.

Seconds depend on the machine and on who else uses it. What is compared are ratios within one run, and processor time.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

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


@dataclass(frozen=True, slots=True)
class Figure:
    """One line of the table.

    :param limit: what it may be at most; None for what is shown only.
    """

    what: str
    value: float
    unit: str
    limit: float | None = None

    @property
    def is_good(self) -> bool:
        return self.limit is None or self.value <= self.limit


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--largest", type=int, default=10_000, help="workers of the largest workflow (%(default)s)")
    parser.add_argument("--repeat", type=int, default=3, help="runs of 1,000 workers (%(default)s)")
    parser.add_argument("--check", action="store_true", help="exit with status 1 if a figure is above its target")
    options = parser.parse_args()
    with server() as (url, process), ArgoClient(ServerAddress(url)) as client:
        bench = Bench(client, psutil.Process(process.pid))
        figures = [*bench.against_xargs(options.repeat), *bench.growth(options.largest), bench.idle()]
    figures.append(Figure("import of the operator after airflow.sdk", median(5, import_milliseconds), "ms"))
    show(figures)
    return int(options.check and not all(figure.is_good for figure in figures))


def show(figures: list[Figure]) -> None:
    table = Table("what", "figure", "target", "", title="Medians; smaller is better")
    for figure in figures:
        target = "" if figure.limit is None else f"≤ {figure.limit:g} {figure.unit}"
        verdict = "" if figure.limit is None else ("✓" if figure.is_good else "above")
        table.add_row(figure.what, f"{figure.value:.2f} {figure.unit}", target, verdict)
    Console().print(table)


class Bench:
    """One server, measured from outside."""

    def __init__(self, client: ArgoClient, process: psutil.Process) -> None:
        self.client = client
        self.process = process
        self.costs: dict[int, float] = {}

    def against_xargs(self, repeat: int) -> list[Figure]:
        """A thousand workers, beside the same by ``xargs``, in turns."""
        self.run(10)  # The first workers wait for the launcher.
        small = self.processor_time()
        for _ in range(5):
            self.run(100)
        self.costs[100] = (self.processor_time() - small) / 500
        bare, ours = [], []
        before = self.processor_time()
        for _ in range(repeat):
            bare.append(xargs(1000))
            ours.append(self.run(1000))
        self.costs[1000] = (self.processor_time() - before) / 1000 / repeat
        ratio = statistics.median(mine / theirs for mine, theirs in zip(ours, bare, strict=True))
        return [
            Figure("1,000 × sh -c true by xargs -P", statistics.median(bare), "s"),
            Figure("1,000 workers, create to Succeeded", statistics.median(ours), "s"),
            Figure("1,000 workers against xargs", ratio, "times", 3),
        ]

    def growth(self, largest: int) -> list[Figure]:
        """A workflow of very many nodes, while it runs and afterwards."""
        time.sleep(1)
        memory, before, started = self.process.memory_info().rss, self.processor_time(), time.perf_counter()
        name = self.create(largest)
        watch = Watch(self, name)
        watch.until_finished()
        seconds = time.perf_counter() - started
        self.costs[largest] = (self.processor_time() - before) / largest
        answers = sorted(watch.answers)
        before = self.processor_time()
        finished = median(100, lambda: self.status_seconds(name))
        of_polls = (self.processor_time() - before) / 100
        costs = [
            Figure(f"processor time for one of {size:,} workers", cost * 1000, "ms")
            for size, cost in self.costs.items()
        ]
        return [
            *costs,
            Figure("dearest of these against the cheapest", ratio(self.costs), "times", 1.2),
            Figure(f"{largest:,} workers, create to Succeeded", seconds, "s"),
            Figure(f"status poll while {largest:,} workers run", statistics.median(watch.polls) * 1000, "ms", 20),
            Figure(f"status poll of {largest:,} finished nodes", finished * 1000, "ms", 20),
            Figure("what a poll each second takes of the processor", of_polls * 100, "%", 5),
            Figure("99 of 100 answers meanwhile, within", answers[len(answers) * 99 // 100] * 1000, "ms", 100),
            Figure("the slowest answer meanwhile", answers[-1] * 1000, "ms"),
            Figure("memory for each node, at the most", (watch.memory - memory) / largest / 1024, "KiB", 5),
        ]

    def idle(self) -> Figure:
        """What the server does when there is nothing to do."""
        time.sleep(1)
        before = self.processor_time()
        time.sleep(3)
        return Figure("idle server", (self.processor_time() - before) / 3 * 100, "% of a processor", 1)

    def create(self, count: int) -> str:
        made = self.client.send(api.create_workflow(NAMESPACE, fan_out(worker=WORKER, items=list(range(count)))))
        return str(made["metadata"]["name"])

    def run(self, count: int) -> float:
        started = time.perf_counter()
        name = self.create(count)
        while not self.has_finished(name):
            time.sleep(0.02)
        return time.perf_counter() - started

    def has_finished(self, name: str) -> bool:
        status = self.client.send(api.workflow_status(NAMESPACE, name))
        if is_finished(status) and phase(status) != SUCCEEDED:
            sys.exit(f"{name} has ended as {phase(status)}")
        return is_finished(status)

    def status_seconds(self, name: str) -> float:
        started = time.perf_counter()
        self.client.send(api.workflow_status(NAMESPACE, name))
        return time.perf_counter() - started

    def processor_time(self) -> float:
        """Of the server and the process that starts its workers, without the workers; in seconds."""
        launchers = [child for child in self.process.children() if "launcher_main" in " ".join(child.cmdline())]
        times = [each.cpu_times() for each in (self.process, *launchers)]
        return float(sum(each.user + each.system for each in times))


@dataclass
class Watch:
    """Looks at a workflow while it runs: its status each second, whether the server answers at all twenty times."""

    bench: Bench
    name: str
    polls: list[float] = field(default_factory=list)
    answers: list[float] = field(default_factory=list)
    memory: int = 0
    _over: threading.Event = field(default_factory=threading.Event)

    def until_finished(self) -> None:
        asking = threading.Thread(target=self._ask)
        asking.start()
        try:
            while not self.bench.has_finished(self.name):
                self.polls.append(self.bench.status_seconds(self.name))
                self.memory = max(self.memory, self.bench.process.memory_info().rss)
                time.sleep(1)
        finally:
            self._over.set()
            asking.join()

    def _ask(self) -> None:
        with ArgoClient(self.bench.client.address) as client:
            while not self._over.wait(0.05):
                started = time.perf_counter()
                client.send(api.version())
                self.answers.append(time.perf_counter() - started)


def median(times: int, measure: Callable[[], float]) -> float:
    return statistics.median(measure() for _ in range(times))


def ratio(costs: dict[int, float]) -> float:
    return max(costs.values()) / min(costs.values())


def xargs(count: int) -> float:
    command = f"seq {count} | xargs -P {psutil.cpu_count() or 2} -n 1 sh -c true"
    started = time.perf_counter()
    subprocess.run(["sh", "-c", command], check=True)
    return time.perf_counter() - started


@contextmanager
def server(*options: str) -> Iterator[tuple[str, subprocess.Popen[str]]]:
    """An embedded server of its own: its URL and its process."""
    with tempfile.TemporaryDirectory(prefix="argo-bench-", dir="/var/tmp") as directory:
        command = [sys.executable, "-m", "airflow_argo.cli", "local", "--port", "0"]
        command += ["--dir", str(Path(directory, "argo")), *options]
        # Elsewhere than in a directory below /tmp, which each worker would have to be shown.
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=directory) as running:
            try:
                assert running.stdout
                yield running.stdout.readline().strip(), running
            finally:
                running.terminate()


def import_milliseconds() -> float:
    done = subprocess.run([sys.executable, "-W", "ignore", "-c", IMPORT], check=True, capture_output=True, text=True)
    return float(done.stdout.split()[-1])


if __name__ == "__main__":
    sys.exit(main())
