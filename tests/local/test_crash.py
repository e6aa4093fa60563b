"""``kill -9`` at any moment: nothing is lost, nothing runs twice, nothing is left behind."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import requests

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="looks for processes in /proc")

_ITEMS = 4
_WAIT_SECONDS = 60


class Server:
    """A server of its own process on a directory."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._session = requests.Session()
        self._session.trust_env = False

    def start(self) -> None:
        command = [sys.executable, "-m", "airflow_argo.local", "--port", "0", "--dir", str(self._directory)]
        self._process = subprocess.Popen(
            [*command, "--workers", "3"], stdout=subprocess.PIPE, text=True, start_new_session=True
        )
        assert self._process.stdout is not None
        self.url = self._process.stdout.readline().strip()
        assert self.url, "the server did not start"

    def kill(self) -> None:
        self._process.kill()
        self._end()

    def stop(self) -> None:
        self._process.send_signal(signal.SIGTERM)
        self._end()

    def _end(self) -> None:
        self._process.wait(_WAIT_SECONDS)
        assert self._process.stdout is not None
        self._process.stdout.close()

    def create(self, name: str, ledger: Path) -> bool:
        """Create a fan-out whose workers note that they ran; says whether it was answered."""
        script = f'echo "{name} $ITEM" >> {ledger}; sleep 0.0$((RANDOM_PART)); echo done'
        worker = {
            "name": "work",
            "inputs": {"parameters": [{"name": "item"}]},
            "container": {
                "image": "alpine",
                "command": ["sh", "-c", script],
                "env": [
                    {"name": "ITEM", "value": "{{inputs.parameters.item}}"},
                    {"name": "RANDOM_PART", "value": str(random.randint(1, 9))},
                ],
            },
        }
        arguments = {"parameters": [{"name": "item", "value": "{{item}}"}]}
        steps = [[{"name": "w", "template": "work", "arguments": arguments, "withItems": list(range(_ITEMS))}]]
        spec = {"entrypoint": "main", "templates": [{"name": "main", "steps": steps}, worker]}
        body = {"workflow": {"metadata": {"name": name}, "spec": spec}}
        try:
            answer = self._session.post(f"{self.url}/api/v1/workflows/argo", json=body, timeout=10)
        except requests.RequestException:
            return False
        assert answer.ok, answer.text
        return True

    def workflows(self) -> dict[str, dict[str, Any]]:
        """All, without their nodes: lists take what is finished from the archive."""
        answer = self._session.get(f"{self.url}/api/v1/workflows/argo", timeout=10)
        return {each["metadata"]["name"]: each for each in answer.json()["items"] or []}

    def get(self, name: str) -> dict[str, Any]:
        answer = self._session.get(f"{self.url}/api/v1/workflows/argo/{name}", timeout=10)
        assert answer.ok, answer.text
        workflow: dict[str, Any] = answer.json()
        return workflow

    def settled(self) -> dict[str, dict[str, Any]]:
        """All workflows, when all have ended."""
        deadline = time.monotonic() + _WAIT_SECONDS
        while time.monotonic() < deadline:
            found = self.workflows()
            if all(each["status"].get("finishedAt") for each in found.values()):
                return found
            time.sleep(0.05)
        raise AssertionError(f"not all workflows ended: {json.dumps(found)[:3000]}")

    def close(self) -> None:
        self._session.close()


@dataclass
class Tally:
    """What went wrong, by round."""

    lost: list[str] = field(default_factory=list)
    doubled: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    orphans: list[str] = field(default_factory=list)
    left: list[str] = field(default_factory=list)


def kill_rounds(directory: Path, rounds: int, tally: Tally) -> Counter[str]:
    ledger = directory / "ledger"
    ledger.touch()
    server = Server(directory / "server")
    ends: Counter[str] = Counter()
    answered: set[str] = set()
    server.start()
    try:
        for number in range(rounds):
            names = [f"crash-{number}-{at}" for at in range(2)]
            answered.update(name for name in names if server.create(name, ledger))
            time.sleep(random.uniform(0, 0.35))
            server.kill()
            server.start()
            found = server.settled()
            tally.lost += sorted(answered - set(found))
            tally.wrong += [name for name in names if name in found and not is_right(server.get(name), ledger)]
            ends.update(found[name]["status"]["phase"] for name in names if name in found)
    finally:
        server.stop()
        server.close()
    runs = Counter(ledger.read_text(encoding="utf-8").splitlines())
    tally.doubled += [line for line, count in runs.items() if count > 1]
    tally.orphans += processes_with(str(ledger))
    tally.left += left_behind(directory / "server")
    return ends


def is_right(workflow: dict[str, Any], ledger: Path) -> bool:
    """Every worker has succeeded and run, or was lost; and the workflow ended as its workers did."""
    pods = [node for node in workflow["status"]["nodes"].values() if node["type"] == "Pod"]
    ran = ledger.read_text(encoding="utf-8").splitlines()
    for pod in pods:
        item = pod["inputs"]["parameters"][0]["value"]
        succeeded = pod["phase"] == "Succeeded" and f"{workflow['metadata']['name']} {item}" in ran
        if not succeeded and (pod["phase"], pod.get("message")) != ("Error", "pod deleted"):
            return False
    phases = {pod["phase"] for pod in pods}
    return len(pods) == _ITEMS and (workflow["status"]["phase"] == "Succeeded") == (phases == {"Succeeded"})


def processes_with(text: str) -> list[str]:
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            command = path.read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            continue
        if text in command and int(path.parent.name) != os.getpid():
            found.append(command)
    return found


def left_behind(directory: Path) -> list[str]:
    """What is there besides the database and the logs, and the pods' directories of killed servers."""
    own = [str(path) for path in directory.iterdir() if not path.name.startswith(("argo.db", "logs", "pods"))]
    own += [str(path) for path in directory.glob("pods/*")]
    return own + [str(path) for path in Path("/var/tmp").glob("argo-pods-*") if _is_of_the_dead(path)]


def _is_of_the_dead(path: Path) -> bool:
    return not Path(f"/proc/{path.name.split('-')[2]}").exists()


@pytest.mark.parametrize("rounds", [3, pytest.param(200, marks=pytest.mark.slow)])
def test_kill_at_any_moment(rounds: int) -> None:
    tally = Tally()

    # Not below /tmp, which is another one for workers.
    with tempfile.TemporaryDirectory(dir="/var/tmp") as directory:
        ends = kill_rounds(Path(directory), rounds, tally)

    print(f"{rounds} rounds: {dict(ends)} {tally}")
    assert tally == Tally()
