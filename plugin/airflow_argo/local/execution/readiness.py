"""Tells when a daemon is ready: its ``readinessProbe``, asked from this machine."""

from __future__ import annotations

import asyncio
import os
import ssl
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from airflow_argo.local.execution.environment import expand
from airflow_argo.local.execution.launcher import Launcher
from airflow_argo.local.execution.member import Member

PROBES = ("exec", "httpGet", "tcpSocket")

# Kubernetes asks each ten seconds where nothing else is said: too long for a machine that has nothing else to do.
_LONGEST_PERIOD = 1.0
_HERE = "127.0.0.1"


class Readiness:
    """Asks the containers of one pod that have a probe until each is ready.

    :param uid: the pod's.
    :param changed: called when one has become ready.
    """

    def __init__(self, members: Sequence[Member], uid: str, launcher: Launcher, changed: Callable[[], None]) -> None:
        self._members = members
        self._uid = uid
        self._launcher = launcher
        self._changed = changed
        self._ready: set[str] = set()
        self._asking: dict[str, asyncio.Task[None]] = {}

    def is_ready(self) -> bool:
        """Whether a main container runs, and all that have a probe are ready; asks those that run by now."""
        probed = [member for member in self._members if member.container.probe]
        for member in probed:
            name = member.container.name
            if member.is_running and name not in self._asking:
                self._asking[name] = asyncio.get_running_loop().create_task(self._ask(member))
        is_running = any(member.is_running and member.container.role == "main" for member in self._members)
        return is_running and all(member.container.name in self._ready for member in probed)

    def close(self) -> None:
        """Ask no more."""
        for task in self._asking.values():
            task.cancel()

    async def _ask(self, member: Member) -> None:
        probe = member.container.probe or {}
        await asyncio.sleep(float(probe.get("initialDelaySeconds") or 0))
        period = min(float(probe.get("periodSeconds") or _LONGEST_PERIOD), _LONGEST_PERIOD)
        wanted, found = int(probe.get("successThreshold") or 1), 0
        while found < wanted:
            found = found + 1 if await self._try(member, probe) else 0
            if found < wanted:
                await asyncio.sleep(period)
        self._ready.add(member.container.name)
        self._changed()

    async def _try(self, member: Member, probe: Mapping[str, Any]) -> bool:
        try:
            return await asyncio.wait_for(self._answers(member, probe), float(probe.get("timeoutSeconds") or 1))
        except (OSError, ValueError, asyncio.TimeoutError):
            return False

    async def _answers(self, member: Member, probe: Mapping[str, Any]) -> bool:
        ports = member.container.body.get("ports") or ()
        if probe.get("exec"):
            return await _Command(self._launcher, f"{member.uid}.probe").succeeds(member, probe["exec"])
        if probe.get("httpGet"):
            return await _http_get(probe["httpGet"], ports)
        if probe.get("tcpSocket"):
            (await _connect(probe["tcpSocket"], ports))[1].close()
        return True


class _Command:
    """A command that runs as the container does; hears of it from the launcher."""

    def __init__(self, launcher: Launcher, uid: str) -> None:
        self._launcher = launcher
        self._uid = uid
        self._outcome: asyncio.Future[bool] = asyncio.get_running_loop().create_future()

    async def succeeds(self, member: Member, action: Mapping[str, Any]) -> bool:
        spec = dict(member.prepared.spec)
        argv = [expand(str(part), spec["environment"]) for part in action.get("command") or ()]
        spec["argv"] = member.prepared.beside(argv)
        spec["environment"] = {**spec["environment"], "ARGO_POD_UID": self._uid}
        null = [os.open(os.devnull, os.O_WRONLY | os.O_CLOEXEC) for _ in range(2)]
        self._launcher.start(self._uid, spec, null[0], null[1], self)
        try:
            return await self._outcome
        finally:
            self._launcher.end(self._uid)

    def running(self, pid: int) -> None:
        pass

    def not_started(self, reason: str, exit_code: int | None) -> None:
        self._settle(succeeded=False)

    def exited(self, status: int, *, alone: bool) -> None:
        self._settle(succeeded=status == 0)

    def lost(self) -> None:
        self._settle(succeeded=False)

    def _settle(self, *, succeeded: bool) -> None:
        if not self._outcome.done():
            self._outcome.set_result(succeeded)


def port_of(action: Mapping[str, Any], ports: Sequence[Mapping[str, Any]]) -> int:
    """The port that a probe names by its number, or by a name of the container's ``ports``.

    :raises ValueError: if there is none of that name.
    """
    wanted = action.get("port")
    named = {port.get("name"): port.get("containerPort") for port in ports}
    return int(str(named.get(wanted, wanted)))


async def _connect(
    action: Mapping[str, Any], ports: Sequence[Mapping[str, Any]], context: ssl.SSLContext | None = None
) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    return await asyncio.open_connection(action.get("host") or _HERE, port_of(action, ports), ssl=context)


async def _http_get(action: Mapping[str, Any], ports: Sequence[Mapping[str, Any]]) -> bool:
    """Ask as Kubernetes does: anything from 200 to 399 is ready, and no certificate is looked at."""
    context = None
    if str(action.get("scheme") or "HTTP").upper() == "HTTPS":
        context = ssl.create_default_context()
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    reader, writer = await _connect(action, ports, context)
    try:
        path = str(action.get("path") or "/")
        headers = {"Host": action.get("host") or _HERE, "Connection": "close"}
        headers.update({header["name"]: header.get("value", "") for header in action.get("httpHeaders") or ()})
        lines = [f"GET {path if path.startswith('/') else f'/{path}'} HTTP/1.1"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        writer.write(("\r\n".join(lines) + "\r\n\r\n").encode())
        await writer.drain()
        words = (await reader.readline()).split()
    finally:
        writer.close()
    return len(words) > 1 and words[1].isdigit() and 200 <= int(words[1]) < 400
