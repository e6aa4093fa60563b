"""``docker-compose.yaml`` as Compose reads it, with the variables that ``make env`` writes."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session")
def make_env() -> Callable[..., dict[str, str]]:
    """Runs ``make env`` for a file, and gives what stands in it."""

    def make(file: Path, *profile: str) -> dict[str, str]:
        command = [sys.executable, ROOT / "tools/make_env.py", *profile, "--file", file]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        return dict(line.split("=", 1) for line in file.read_text(encoding="utf-8").splitlines())

    return make


@pytest.fixture(scope="session")
def variables(make_env: Callable[..., dict[str, str]], tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """What ``make env`` writes."""
    return make_env(tmp_path_factory.mktemp("env") / ".env")


@pytest.fixture(scope="session")
def compose(variables: dict[str, str]) -> Any:
    """The file with its variables filled in."""
    text = (ROOT / "docker-compose.yaml").read_text(encoding="utf-8")
    filled = re.sub(r"\$\{(\w+):\?[^}]+\}", lambda match: variables[match[1]], text)
    return yaml.safe_load(filled.replace("$$", "$"))
