"""``make bench``, second part: what waiting, generating and collecting cost on Airflow's side.

Waiting is measured with the triggers that a triggerer runs, in one event loop, against an embedded Argo Server.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import json
import os
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import aclosing
from pathlib import Path
from typing import Any

import psutil
from bench import NAMESPACE, server
from rich.console import Console
from rich.table import Table

LABEL = "airflow-argo/dag_id"
ENDS = 5
LONG_POLL = 10.0


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tasks", type=int, default=2000, help="number of deferred tasks in one triggerer")
    options = parser.parse_args()
    os.environ.setdefault("AIRFLOW__LOGGING__LOGGING_LEVEL", "ERROR")
    table = Table("what", "figure")
    with server("--no-archive") as (url, _):
        host, _, port = url.rpartition(":")
        os.environ["AIRFLOW_CONN_ARGO_DEFAULT"] = json.dumps({"conn_type": "argo", "host": host, "port": int(port)})
        rows = [
            *asyncio.run(ends(url)),
            *asyncio.run(crowd(url, int(port), options.tasks)),
            *asyncio.run(poll_sizes(url)),
            *generation(),
            *collection(),
        ]
    for row in rows:
        table.add_row(*row)
    Console().print(table)
    return 0


def waiting_workflow() -> dict[str, Any]:
    """A workflow that ends when somebody resumes it, and costs no process."""
    return {
        "metadata": {"generateName": "bench-", "labels": {LABEL: "bench"}},
        "spec": {"entrypoint": "main", "templates": [{"name": "main", "suspend": {}}]},
    }


def trigger_for(metadata: dict[str, Any], poll_interval: float) -> Any:
    from airflow_argo.triggers.workflow import ArgoWorkflowTrigger

    named = {"name": metadata["name"], "uid": metadata["uid"], "namespace": NAMESPACE}
    return ArgoWorkflowTrigger(argo_conn_id="argo_default", poll_interval=poll_interval, **named)


async def fired(metadata: dict[str, Any], poll_interval: float = 5.0) -> float:
    """When the trigger has fired."""
    async for _ in trigger_for(metadata, poll_interval).run():
        break
    return time.perf_counter()


async def watched(client: Any, metadata: dict[str, Any]) -> float:
    """When a stream of one's own has told of the end, which is how ``argo wait`` waits."""
    from airflow_argo.argo import api
    from airflow_argo.argo.status import is_finished

    async with aclosing(client.stream(api.watch_workflows(NAMESPACE, label_selector=LABEL))) as events:
        async for event in events:
            if event["object"]["metadata"]["name"] == metadata["name"] and is_finished(event["object"]):
                break
    return time.perf_counter()


async def polled(client: Any, metadata: dict[str, Any]) -> float:
    """When a poll every ten seconds has seen the end, begun at a moment of its own."""
    from airflow_argo.argo import api
    from airflow_argo.argo.status import is_finished

    await asyncio.sleep(random.uniform(0, LONG_POLL))
    while True:
        if is_finished(await client.send(api.workflow_status(NAMESPACE, metadata["name"]))):
            return time.perf_counter()
        await asyncio.sleep(LONG_POLL)


async def ends(url: str) -> list[tuple[str, str]]:
    """The seconds from a workflow's end to whoever waits knowing it, of three ways to wait side by side."""
    from airflow_argo.argo import api
    from airflow_argo.argo.aio import AsyncArgoClient, ServerAddress

    late: dict[str, list[float]] = {"trigger": [], "watch": [], "poll": []}
    async with AsyncArgoClient(ServerAddress(url)) as client:

        async def one() -> None:
            metadata = (await client.send(api.create_workflow(NAMESPACE, waiting_workflow())))["metadata"]
            ways = {
                "trigger": fired(metadata),
                "watch": watched(client, metadata),
                "poll": polled(client, metadata),
            }
            waiting = {way: asyncio.create_task(each) for way, each in ways.items()}
            # The trigger looks for the first time after five seconds.
            await asyncio.sleep(8 + random.uniform(0, LONG_POLL))
            ended = time.perf_counter()
            await client.send(api.resume_workflow(NAMESPACE, metadata["name"]))
            for way, task in waiting.items():
                late[way].append(await task - ended)

        await asyncio.gather(*(one() for _ in range(ENDS * 4)))
    middle = {way: statistics.median(seconds) for way, seconds in late.items()}
    return [
        ("from the end to the task knowing it", f"{middle['trigger'] * 1000:.0f} ms"),
        ("… to a stream of its own, as argo wait has", f"{middle['watch'] * 1000:.0f} ms"),
        ("… to a poll every 10 s", f"{middle['poll'] * 1000:.0f} ms"),
        ("task against argo wait's way", f"{middle['trigger'] / middle['watch']:.2f} times"),
        ("task against polling", f"{middle['trigger'] / middle['poll']:.3f} times"),
    ]


async def crowd(url: str, port: int, count: int) -> list[tuple[str, str]]:
    """Many deferred tasks in one loop: their streams, memory, the loop's lag, and the time until all have fired."""
    from airflow_argo.argo import api
    from airflow_argo.argo.aio import AsyncArgoClient, ServerAddress

    process = psutil.Process()
    async with AsyncArgoClient(ServerAddress(url)) as client:
        made = [
            (await client.send(api.create_workflow(NAMESPACE, waiting_workflow())))["metadata"] for _ in range(count)
        ]
        gc.collect()
        before = process.memory_info().rss
        lags: list[float] = []
        measuring = asyncio.create_task(measure_lag(lags))
        tasks = [asyncio.create_task(fired(metadata)) for metadata in made]
        await asyncio.sleep(30)
        grown = process.memory_info().rss - before
        connections = [each for each in process.net_connections() if each.raddr and each.raddr.port == port]
        cpu = process.cpu_times().user
        await asyncio.sleep(30)
        cpu = process.cpu_times().user - cpu
        started = time.perf_counter()
        for metadata in made:
            await client.send(api.resume_workflow(NAMESPACE, metadata["name"]))
        resumed = time.perf_counter()
        await asyncio.gather(*tasks)
        measuring.cancel()
    quiet = f"{count:,} deferred tasks"
    return [
        (f"{quiet}: connections, the one stream among them", str(len(connections))),
        (f"{quiet}: memory for each", f"{grown / count / 1024:.1f} KiB"),
        (f"{quiet}: processor while nothing happens", f"{cpu / 30 * 100:.1f} %"),
        (f"{quiet}: the loop's lag, median", f"{statistics.median(lags) * 1000:.1f} ms"),
        (f"{quiet}: the loop's lag, largest", f"{max(lags) * 1000:.0f} ms"),
        (f"{quiet}: the last knows its end after", f"{time.perf_counter() - resumed:.2f} s"),
        (f"{quiet}: ending them took", f"{resumed - started:.1f} s"),
    ]


async def measure_lag(lags: list[float]) -> None:
    pause = 0.05
    while True:
        started = time.perf_counter()
        await asyncio.sleep(pause)
        lags.append(time.perf_counter() - started - pause)


async def poll_sizes(url: str) -> list[tuple[str, str]]:
    """The bytes of a poll and of the whole workflow, by number of nodes."""
    import aiohttp

    from airflow_argo.argo import api
    from airflow_argo.argo.aio import AsyncArgoClient, ServerAddress

    rows = []
    async with AsyncArgoClient(ServerAddress(url)) as client, aiohttp.ClientSession() as session:
        for count in (10, 1000, 10_000):
            # Argo keeps a status that comes with a manifest, so that no worker has to run for this.
            manifest = {**waiting_workflow(), "status": finished_status("bench", count)}
            created = await client.send(api.create_workflow(NAMESPACE, manifest))
            call = api.workflow_status(NAMESPACE, created["metadata"]["name"])
            async with session.get(client.address.url_of(call)) as answer:
                polled_bytes = len(await answer.read())
            call = api.get_workflow(NAMESPACE, created["metadata"]["name"])
            async with session.get(client.address.url_of(call)) as answer:
                whole = len(await answer.read())
            rows.append((f"a poll of {count:,} nodes", f"{polled_bytes} bytes of {whole:,}"))
    return rows


def finished_status(name: str, count: int) -> dict[str, Any]:
    """The status of a fan-out that has ended, in the form that Argo gives it."""
    nodes = {
        f"{name}-{index}": {
            "id": f"{name}-{index}",
            "name": f"{name}.worker({index}:{index})",
            "displayName": f"worker({index}:{index})",
            "type": "Pod",
            "templateName": "worker",
            "boundaryID": name,
            "phase": "Succeeded",
            "startedAt": "2026-01-01T00:00:00Z",
            "finishedAt": "2026-01-01T00:00:01Z",
            "inputs": {"parameters": [{"name": "item", "value": str(index)}]},
            "outputs": {"exitCode": "0", "parameters": [{"name": "result", "value": json.dumps({"rows": index})}]},
        }
        for index in range(count)
    }
    top = {"id": name, "name": name, "displayName": name, "type": "DAG", "phase": "Succeeded", "children": list(nodes)}
    return {"phase": "Succeeded", "progress": f"{count}/{count}", "nodes": {name: top, **nodes}}


def generation() -> list[tuple[str, str]]:
    """A manifest of 10,000 items, from the plan to the JSON that is sent, linted as the operator does."""
    from airflow_argo.argo import lint
    from airflow_argo.argo.fan_out import fan_out

    worker = {"container": {"image": "busybox", "command": ["sh", "-c", "true"]}}
    items = [{"offset": index * 100, "limit": 100} for index in range(10_000)]

    def once() -> None:
        made = fan_out(worker=worker, items=items)
        lint.require_clean(made)
        json.dumps({"workflow": made})

    return [("generate a manifest of 10,000 items", f"{milliseconds(once):.0f} ms")]


def collection() -> list[tuple[str, str]]:
    """10,000 results, from the workflow as it is read to the XComs."""
    from airflow_argo.argo import results

    workflow = {"metadata": {"name": "bench"}, "status": finished_status("bench", 10_000)}

    def once() -> None:
        found = results.workers(workflow, of_fan_out=True)
        results.results(found, json_only=True)
        [worker.row() for worker in found]

    return [("collect 10,000 results", f"{milliseconds(once):.0f} ms")]


def milliseconds(work: Callable[[], None], times: int = 5) -> float:
    def once() -> float:
        started = time.process_time()
        work()
        return (time.process_time() - started) * 1000

    return statistics.median(once() for _ in range(times))


if __name__ == "__main__":
    Path(os.environ.setdefault("AIRFLOW_HOME", tempfile.mkdtemp(prefix="airflow-bench-"))).mkdir(exist_ok=True)
    sys.exit(main())
