"""``docker-compose.yaml`` holds what its first lines promise."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
TEXT = (ROOT / "docker-compose.yaml").read_text(encoding="utf-8")
PROFILES = ("embedded", "kubernetes")
JOBS = {"airflow-init", "k3s-argo"}


@pytest.fixture(scope="module")
def compose_command() -> list[str]:
    """Docker Compose 2, or the older one that Debian has; no daemon is needed to read a file."""
    for command in (["docker", "compose"], ["docker-compose"]):
        found = shutil.which(command[0])
        if found is None:
            continue
        if subprocess.run([found, *command[1:], "version"], capture_output=True, check=False).returncode == 0:
            return [found, *command[1:]]
    pytest.skip("neither 'docker compose' nor 'docker-compose' is there")


def active(compose: Any, profile: str) -> dict[str, Any]:
    return {
        name: service for name, service in compose["services"].items() if profile in service.get("profiles", [profile])
    }


def test_a_service_has_a_health_check_and_starts_again(compose: Any) -> None:
    for name, service in compose["services"].items():
        assert ("healthcheck" in service) == (name not in JOBS)
        assert service["restart"] == ("on-failure" if name in JOBS else "unless-stopped")


@pytest.mark.parametrize("profile", PROFILES)
def test_one_argo_server_answers_to_the_name_that_the_connection_has(compose: Any, profile: str) -> None:
    servers = [
        name
        for name, service in active(compose, profile).items()
        if "argo-server" in service.get("networks", {}).get("default", {}).get("aliases", [])
    ]
    assert servers == [{"embedded": "argo-embedded", "kubernetes": "k3s"}[profile]]


@pytest.mark.parametrize("profile", PROFILES)
def test_a_service_waits_only_for_services_of_its_profile(compose: Any, profile: str) -> None:
    services = active(compose, profile)
    for service in services.values():
        for name, how in service.get("depends_on", {}).items():
            expected = "service_completed_successfully" if name in JOBS else "service_healthy"
            assert how == {"condition": expected}
            assert name in services


def test_images_are_pinned_by_version(compose: Any) -> None:
    dockerfile = (ROOT / "deploy/compose/Dockerfile").read_text(encoding="utf-8")
    images = {service["image"] for service in compose["services"].values()}
    for image in images | set(re.findall(r"^FROM (\S+)", dockerfile, re.MULTILINE)):
        assert re.search(r":v?\d+\.\d+", image), image


def test_every_variable_is_required_and_written_by_make_env(variables: dict[str, str]) -> None:
    used = re.findall(r"\$\{([^}]+)\}", TEXT)
    assert used
    for text in used:
        name, hint = text.split(":?")
        assert "make env" in hint
        assert len(variables[name]) >= 32


def test_data_live_in_named_volumes(compose: Any) -> None:
    for name, service in compose["services"].items():
        for volume in service.get("volumes", []):
            source, _, mode = volume.partition(":")
            assert source in compose["volumes"] or (source.startswith("./") and mode.endswith(":ro")), (
                f"{name}: {volume}"
            )
            if source.startswith("./"):
                assert (ROOT / source).exists()


def test_only_this_machine_reaches_the_ports(compose: Any) -> None:
    for service in compose["services"].values():
        assert all(port.startswith("127.0.0.1:") for port in service.get("ports", []))


def test_pods_find_the_database_where_compose_puts_it(compose: Any) -> None:
    address = compose["services"]["postgres"]["networks"]["default"]["ipv4_address"]
    documents = yaml.safe_load_all((ROOT / "deploy/k3s/postgres.yaml").read_text(encoding="utf-8"))
    (slices,) = [document["endpoints"] for document in documents if document["kind"] == "EndpointSlice"]
    assert slices == [{"addresses": [address]}]


def test_argo_and_its_workers_are_given_no_secret_of_airflow(compose: Any) -> None:
    server = compose["services"]["argo-embedded"]
    assert "environment" not in server
    assert not [volume for volume in server["volumes"] if volume.startswith("airflow-")]


def test_make_env_keeps_what_is_there_but_the_profile(make_env: Callable[..., dict[str, str]], tmp_path: Path) -> None:
    file = tmp_path / ".env"
    first, second = make_env(file, "embedded"), make_env(file, "kubernetes")
    assert second == {**first, "COMPOSE_PROFILES": "kubernetes"}
    assert file.stat().st_mode & 0o077 == 0
    secrets = [value for name, value in first.items() if name != "COMPOSE_PROFILES"]
    assert len(set(secrets)) == len(secrets)


@pytest.mark.slow
@pytest.mark.parametrize("profile", PROFILES)
def test_compose_accepts_the_file(
    compose_command: list[str], profile: str, variables: dict[str, str], tmp_path: Path
) -> None:
    environment = {"PATH": "/usr/local/bin:/usr/bin:/bin", "HOME": str(tmp_path), **variables}
    environment["COMPOSE_PROFILES"] = profile
    done = subprocess.run(
        [*compose_command, "-f", ROOT / "docker-compose.yaml", "config"],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "airflow-triggerer" in yaml.safe_load(done.stdout)["services"]


@pytest.mark.slow
def test_compose_says_what_to_do_without_secrets(compose_command: list[str], tmp_path: Path) -> None:
    done = subprocess.run(
        [*compose_command, "--project-directory", tmp_path, "-f", ROOT / "docker-compose.yaml", "config"],
        env={"PATH": "/usr/local/bin:/usr/bin:/bin", "HOME": str(tmp_path)},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode != 0
    assert "make env writes it into .env" in done.stderr
