"""The executor: runs pods as local process groups."""

from __future__ import annotations

import asyncio
import os
import sys
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from airflow_argo.argo.errors import ArgoError
from airflow_argo.local.artifacts.store import ArtifactStore
from airflow_argo.local.execution import directories
from airflow_argo.local.execution.images import IMAGES, Entrypoint
from airflow_argo.local.execution.isolation import Isolation
from airflow_argo.local.execution.launcher import LIBRARY_PATHS, Launcher
from airflow_argo.local.execution.logs import MAX_LOG, Logs, safe_name
from airflow_argo.local.execution.object_values import ObjectSource
from airflow_argo.local.execution.pod import Pod, PodKey, Tell
from airflow_argo.local.execution.preparation import Surroundings
from airflow_argo.local.execution.programs import search_path, write_programs
from airflow_argo.local.execution.run import PodRun, Workshop
from airflow_argo.local.execution.volumes import claim_directory

# Loading and storing artifacts is mostly waiting for the disk, or for a server.
_ARTIFACT_THREADS = 4
_DEFAULT_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


class ProcessExecutor:
    """Runs the pods of container, script and container set templates; belongs to one event loop.

    :param root: for logs and artifacts (kept) and for what workers write (removed); made if it does not exist.
    :param isolation: None for the best that this machine allows.
    :param max_pods: how many run at once, daemons not counted; the others wait, first come, first served. By default
        four for each CPU.
    :param grace_seconds: from SIGTERM to SIGKILL when a pod is stopped; Argo's is 30.
    :param images: what images run that are named without a command; see ``images.ImageTable``.
    :param environment: variables that every worker gets; of the server's own it gets PATH, and what
        the server's interpreter needs to find its libraries.
    :param max_log_bytes: the limit of a pod's log.
    :param objects: where ConfigMaps and Secrets are; None if there are none.
    :param before_launch: told of each pod just before it begins.
    """

    def __init__(
        self,
        root: Path,
        *,
        isolation: Isolation | None = None,
        max_pods: int | None = None,
        grace_seconds: float = 30.0,
        images: Mapping[str, Entrypoint] = IMAGES,
        environment: Mapping[str, str] | None = None,
        max_log_bytes: int = MAX_LOG,
        objects: ObjectSource | None = None,
        before_launch: Callable[[PodKey], None] = lambda key: None,
    ) -> None:
        self._root = root
        self._before_launch = before_launch
        self._wanted = isolation
        self._max_pods = max_pods or 4 * (os.cpu_count() or 1)
        self._grace_seconds = grace_seconds
        self._images = images
        self._environment = dict(environment or {})
        self._objects = objects
        self._logs = Logs(root / "logs", max_log_bytes)
        self._artifacts = ArtifactStore(root / "artifacts")
        self._threads = ThreadPoolExecutor(_ARTIFACT_THREADS, thread_name_prefix="argo-artifacts")
        self._base: Path | None = None
        self._workshop: Workshop | None = None
        self._opening = asyncio.Lock()
        self._cleaner = ThreadPoolExecutor(max_workers=1, thread_name_prefix="argo-pod-cleaner")
        self._runs: dict[PodKey, PodRun] = {}
        # Also some that have ended meanwhile: those are not among the runs any more.
        self._waiting: deque[PodRun] = deque()
        self._active: set[PodRun] = set()
        self._ended = self._forget
        self._reopening: asyncio.Task[None] | None = None
        self._closed = False

    @property
    def logs(self) -> Logs:
        """The logs of all pods, of those that run too."""
        return self._logs

    @property
    def artifacts(self) -> ArtifactStore:
        """Where artifacts are kept."""
        return self._artifacts

    @property
    def isolation(self) -> Isolation | None:
        """How workers are isolated; None while no pod has been started."""
        if self._workshop is None:
            return None
        return Isolation.PRIVATE_TMP if self._workshop.surroundings.private_tmp else Isolation.REWRITING

    async def start(self, pod: Pod, tell: Tell) -> None:
        """Start a pod, or put it in the queue; return when it runs, has failed to start, or waits.

        :param tell: hears what happens to it, possibly before this returns; at the end exactly one PodFinished.
        :raises ValueError: if this pod runs already, or the executor is closed.
        :raises NotSupportedError: if this machine does not allow the isolation that was asked for.
        """
        if self._closed:
            raise ValueError(f"pod {pod.command.pod_name} cannot start: the executor is closed")
        if pod.key in self._runs:
            raise ValueError(f"pod {pod.command.pod_name} of workflow {pod.workflow_name} runs already")
        run = PodRun(pod, tell, self._ended)
        self._runs[pod.key] = run
        self._waiting.append(run)
        if not self._is_open:
            try:
                await self._open()
            except BaseException:
                self._drop(run)
                raise
        self._launch_waiting()
        if run.settled is not None:
            await asyncio.shield(run.settled)

    async def stop(self, key: PodKey) -> None:
        """Stop a pod, in the queue or running; a PodFinished follows. Nothing happens if it has ended."""
        if run := self._runs.get(key):
            run.stop()

    async def close(self) -> None:
        """Kill everything, tell nobody; what stays is the logs."""
        if self._closed:
            return
        self._closed = True
        if self._reopening is not None:
            self._reopening.cancel()
        for run in list(self._runs.values()):
            run.abandon()
        self._runs.clear()
        self._waiting.clear()
        self._active.clear()
        async with self._opening:
            if self._workshop is not None:
                await self._workshop.launcher.close()
        await asyncio.get_running_loop().run_in_executor(None, self._clean_up)

    def delete_claims(self, namespace: str, names: Iterable[str]) -> None:
        """Remove volume claims with what is in them."""
        for name in names:
            self._discard(claim_directory(self._root.resolve() / "claims" / safe_name(namespace), name))

    @property
    def _is_open(self) -> bool:
        return self._workshop is not None and self._workshop.launcher.alive

    async def _open(self) -> None:
        async with self._opening:
            if self._closed or self._is_open:
                return
            if self._workshop is not None:
                await self._workshop.launcher.close()
            if self._base is None:
                self._base = directories.make_base(self._root)
            self._workshop = await self._make_workshop(self._base)

    async def _make_workshop(self, base: Path) -> Workshop:
        programs = base / "programs"
        write_programs(programs)
        trial = base / "trial"
        trial.mkdir(exist_ok=True)
        launcher, isolation = await Launcher.open(self._wanted, trial)
        surroundings = Surroundings(
            base=base,
            spares=directories.Spares(trial),
            claims=self._root.resolve() / "claims",
            private_tmp=isolation is Isolation.PRIVATE_TMP,
            visible=directories.visible_below_tmp([sys.prefix, sys.base_prefix, *_working_directory()]),
            needed=[str(base), sys.prefix, sys.base_prefix],
            images=self._images,
            search_path=search_path(programs, os.environ.get("PATH") or _DEFAULT_PATH),
            objects=self._objects,
            environment={**_interpreter_environment(), **self._environment},
        )
        return Workshop(
            launcher=launcher,
            logs=self._logs,
            surroundings=surroundings,
            artifacts=self._artifacts,
            threads=self._threads,
            discard=self._discard_pod,
            grace_seconds=self._grace_seconds,
        )

    def _launch_waiting(self) -> None:
        if self._workshop is None or self._closed:
            return
        while self._waiting and len(self._active) < self._max_pods:
            if not self._workshop.launcher.alive:
                self._reopening = asyncio.get_running_loop().create_task(self._reopen())
                return
            run = self._waiting.popleft()
            if self._runs.get(run.pod.key) is not run:
                continue
            # A daemon runs as long as others need it: counted, it could keep them waiting for ever.
            if not run.pod.command.template.get("daemon"):
                self._active.add(run)
            self._before_launch(run.pod.key)
            run.launch(self._workshop)

    async def _reopen(self) -> None:
        try:
            await self._open()
        except (ArgoError, OSError):
            for run in list(self._waiting):
                run.lost()
        self._launch_waiting()

    def _forget(self, run: PodRun) -> None:
        self._drop(run)
        # In its own turn of the loop: the pods that wait must not start in the middle of another one's end.
        asyncio.get_running_loop().call_soon(self._launch_waiting)

    def _drop(self, run: PodRun) -> None:
        self._runs.pop(run.pod.key, None)
        self._active.discard(run)

    def _discard_pod(self, directory: Path, *, alone: bool) -> None:
        if not (alone and self._workshop and self._workshop.surroundings.spares.keep(directory)):
            self._discard(directory)

    def _discard(self, directory: Path) -> None:
        if not self._closed:  # Else all of them go at once.
            self._cleaner.submit(self._remove, directory)

    def _remove(self, directory: Path) -> None:
        directories.remove(directory)

    def _clean_up(self) -> None:
        self._threads.shutdown(wait=True, cancel_futures=True)
        self._cleaner.shutdown(wait=True)
        if self._base is not None:
            directories.remove(self._base)


def _working_directory() -> list[str]:
    try:
        return [str(Path.cwd())]
    except FileNotFoundError:  # It was removed while the server ran.
        return []


def _interpreter_environment() -> dict[str, str]:
    return {name: os.environ[name] for name in LIBRARY_PATHS if name in os.environ}
