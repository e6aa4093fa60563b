"""Artifacts from one worker to the next, and how they are had from the server."""

import io
import tarfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from airflow_argo.local.artifacts.store import ArtifactStore
from airflow_argo.local.server.artifact_answers import content_of, listing

Sh = Callable[..., dict[str, Any]]


def artifact(name: str, path: str, **more: Any) -> dict[str, Any]:
    return {"name": name, "path": path, **more}


def nodes(workflow: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {node["displayName"]: node for node in workflow["status"]["nodes"].values()}


@pytest.fixture(scope="module")
def make() -> dict[str, Any]:
    return {
        "name": "make",
        "container": {
            "image": "alpine",
            "command": ["sh", "-c"],
            "args": [
                "mkdir -p /tmp/d/sub; echo hello >/tmp/f.txt; echo x >/tmp/d/x; echo y >'/tmp/d/sub/<y>'; echo said"
            ],
        },
        "outputs": {
            "artifacts": [
                artifact("packed", "/tmp/f.txt"),
                artifact("plain", "/tmp/f.txt", archive={"none": {}}),
                artifact("folder", "/tmp/d", archive={"none": {}}),
            ]
        },
        "archiveLocation": {"archiveLogs": True},
    }


@pytest.fixture
def made(api: Any, make: dict[str, Any]) -> Iterator[str]:
    """A finished workflow with artifacts: its one node has its name."""
    api.create("made", make)
    workflow = api.wait("made")
    assert workflow["status"]["phase"] == "Succeeded", workflow["status"]
    yield "made"
    api("DELETE", "/api/v1/workflows/argo/made")


def test_a_packed_file_is_sent_as_it_is_stored(api: Any, made: str) -> None:
    answer = api("GET", "/artifacts/argo/made/made/packed")
    assert answer.headers["content-disposition"] == 'filename="packed.tgz"'
    with tarfile.open(fileobj=io.BytesIO(answer.content)) as archive:
        assert archive.getnames() == ["f.txt"]


def test_a_plain_file_has_its_type_and_no_power_over_the_browser(api: Any, made: str) -> None:
    answer = api("GET", "/artifacts/argo/made/made/plain")
    assert answer.text == "hello\n"
    assert answer.headers["content-type"].startswith("text/plain")
    assert "sandbox" in answer.headers["content-security-policy"]


def test_the_log_of_a_worker_is_an_artifact(api: Any, made: str) -> None:
    assert api("GET", "/artifacts/argo/made/made/main-logs").text == "said\n"


def test_a_folder_is_a_page_of_links(api: Any, made: str) -> None:
    base = "/artifact-files/argo/workflows/made/made/outputs/folder"
    assert api("GET", "/artifacts/argo/made/made/folder").status_code == 501
    redirect = api("GET", base, allow_redirects=False)
    assert (redirect.status_code, redirect.headers["location"]) == (307, f"{base}/")
    page = api("GET", f"{base}/").text
    assert '<li><a href="./x">x</a></li>' in page
    assert '<li><a href="./sub/">sub/</a></li>' in page
    assert '<a href="./%3Cy%3E">&lt;y&gt;</a>' in api("GET", f"{base}/sub/").text
    assert api("GET", f"{base}/sub/%3Cy%3E").text == "y\n"


def test_by_uid(api: Any, made: str) -> None:
    uid = api("GET", "/api/v1/workflows/argo/made").json()["metadata"]["uid"]
    assert api("GET", f"/artifacts-by-uid/{uid}/made/plain").text == "hello\n"
    assert api("GET", f"/artifact-files/argo/archived-workflows/{uid}/made/outputs/plain").text == "hello\n"


@pytest.mark.parametrize(
    ("path", "status", "text"),
    [
        ("/artifacts/argo/made/made", 400, "Bad Request"),
        ("/artifacts/argo/nobody/made/plain", 404, "Not Found"),
        ("/artifacts/argo/made/nobody/plain", 500, "Internal Server Error"),
        ("/artifacts/argo/made/made/nothing", 500, "Internal Server Error"),
        ("/input-artifacts/argo/made/made/plain", 500, "Internal Server Error"),
        ("/artifacts-by-uid/nobody/made/plain", 404, "Not Found"),
        ("/artifacts-by-uid/nobody", 400, "Bad Request"),
        ("/artifact-files/argo/workflows/nobody/made/outputs/plain", 500, "Internal Server Error"),
        ("/artifact-files/argo/elsewhere/made/made/outputs/plain", 400, "Bad Request"),
        ("/artifact-files/argo/workflows/made/made/sideways/plain", 400, "Bad Request"),
        ("/artifact-files/argo/workflows/made/made/outputs", 400, "Bad Request"),
        ("/artifact-files/argo/workflows/made/made/outputs/folder/nothing", 404, "Not Found"),
        ("/artifact-files/argo/workflows/made/made/outputs/folder/..%2Fplain", 404, "Not Found"),
    ],
)
def test_what_is_not_there_is_a_plain_status(api: Any, made: str, path: str, status: int, text: str) -> None:
    answer = api("GET", path)
    assert (answer.status_code, answer.text) == (status, f"{text}\n")
    assert answer.headers["content-type"].startswith("text/plain")


def test_an_artifact_goes_from_one_worker_to_the_next(api: Any, make: dict[str, Any], sh: Sh) -> None:
    use = {
        **sh("cat {{inputs.artifacts.text.path}}; ls /tmp/in; cat /tmp/one", "use"),
        "inputs": {"artifacts": [artifact(name, f"/tmp/{name}") for name in ("text", "in", "one")]},
        "archiveLocation": {"archiveLogs": True},
    }
    arguments = [
        {"name": "text", "from": "{{steps.make.outputs.artifacts.packed}}"},
        {"name": "in", "from": "{{steps.make.outputs.artifacts.folder}}"},
        {"name": "one", "from": "{{steps.make.outputs.artifacts.folder}}", "subPath": "x"},
    ]
    steps = [
        [{"name": "make", "template": "make"}],
        [{"name": "use", "template": "use", "arguments": {"artifacts": arguments}}],
    ]
    api.create("passed", {"name": "main", "steps": steps}, make, use)
    found = nodes(api.wait("passed"))
    assert found["use"]["phase"] == "Succeeded", found["use"]
    answer = api("GET", f"/artifacts/argo/passed/{found['use']['id']}/main-logs")
    assert answer.text.splitlines() == ["hello", "sub", "x", "x"]
    assert api("GET", f"/input-artifacts/argo/passed/{found['use']['id']}/one").text == "x\n"


@pytest.mark.parametrize(
    ("name", "template", "message"),
    [
        (
            "no-input",
            {"inputs": {"artifacts": [artifact("a", "/tmp/a", s3={"key": "never/stored"})]}},
            "init: Error (exit code 64): artifact a failed to load: The specified key does not exist.",
        ),
        (
            "no-output",
            {"outputs": {"artifacts": [artifact("a", "/tmp/a")]}},
            "wait: Error (exit code 64): open /var/run/argo/outputs/artifacts/tmp/a.tgz: no such file or directory; ",
        ),
    ],
)
def test_what_is_missing_is_an_error_in_argos_words(
    api: Any, sh: Sh, name: str, template: dict[str, Any], message: str
) -> None:
    api.create(name, {**sh("true"), **template})
    node = nodes(api.wait(name))[name]
    assert (node["phase"], node["message"]) == ("Error", message)


def test_a_failed_worker_leaves_its_artifacts(api: Any, sh: Sh) -> None:
    api.create(
        "failed",
        {**sh("echo why >/tmp/a; exit 3"), "outputs": {"artifacts": [artifact("a", "/tmp/a", archive={"none": {}})]}},
    )
    assert nodes(api.wait("failed"))["failed"]["message"] == "main: Error (exit code 3)"
    assert api("GET", "/artifacts/argo/failed/failed/a").text == "why\n"


def test_what_is_given_up_is_gone_after_the_workflow(api: Any, sh: Sh) -> None:
    outputs = [artifact("gone", "/tmp/a"), artifact("kept", "/tmp/a", artifactGC={"strategy": "Never"})]
    template = {**sh("echo 1 >/tmp/a"), "outputs": {"artifacts": outputs}}
    api.create("given-up", template, artifactGC={"strategy": "OnWorkflowCompletion"})

    def deleted(workflow: dict[str, Any]) -> bool:
        rows = [
            row
            for node in (workflow["status"].get("nodes") or {}).values()
            for row in (node.get("outputs") or {}).get("artifacts") or ()
        ]
        return [row.get("deleted", False) for row in rows] == [True, False]

    api.wait("given-up", deleted)
    assert api("GET", "/artifacts/argo/given-up/given-up/gone").status_code == 404
    assert api("GET", "/artifacts/argo/given-up/given-up/kept").status_code == 200


def test_a_store_of_somebody_else_is_refused_by_name(api: Any, sh: Sh) -> None:
    elsewhere = artifact("a", "/tmp/a", s3={"endpoint": "s3.amazonaws.com", "bucket": "b", "key": "k"})
    answer = api.create("elsewhere", {**sh("true"), "inputs": {"artifacts": [elsewhere]}})
    assert answer.status_code == 400
    assert (
        "templates.main.inputs.artifacts.a.s3: the embedded Argo Server has an artifact store"
        in answer.json()["message"]
    )


@pytest.mark.parametrize("name", ['a"b\r\nSet-Cookie: x', "ü世\x00", "\ud800", ""])
def test_no_name_breaks_a_header(tmp_path: Path, name: str) -> None:
    (tmp_path / "f").write_text("")
    with (tmp_path / "f").open("rb") as file:
        value = content_of(file, f"d/{name}").headers["content-disposition"]
    assert value.startswith('filename="')
    assert value.endswith('"')
    assert not any(ord(char) < 32 for char in value)


def test_a_list_names_each_directory_once(tmp_path: Path) -> None:
    (tmp_path / "d" / "s").mkdir(parents=True)
    for name in ("a", "s/b", "s/c"):
        (tmp_path / "d" / name).write_text("")
    store = ArtifactStore(tmp_path / "store")
    store.put_tree(tmp_path / "d", "k")
    assert listing(store.keys_below("k"), "k").count("<li>") == 3
