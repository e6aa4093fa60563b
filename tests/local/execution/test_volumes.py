from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from airflow_argo.argo.errors import ManifestError
from airflow_argo.local.execution.isolation import Isolation
from airflow_argo.local.execution.paths import Layout
from airflow_argo.local.execution.volumes import Mount, VolumePlaces, mounts_of, native_paths

PLACES = VolumePlaces(Path("/pod"), Path("/claims"))
EMPTY = {"name": "work", "emptyDir": {}}
CLAIM = {"name": "work", "persistentVolumeClaim": {"claimName": "wf-work"}}


def mounted(mount: dict[str, Any], volume: dict[str, Any] = EMPTY) -> Mount:
    return mounts_of([{"name": "work", "mountPath": "/work", **mount}], [volume], PLACES)[0]


@pytest.mark.parametrize(
    ("mount", "volume", "found"),
    [
        ({}, EMPTY, Mount("/pod/volumes/work", "/work", False, True)),
        ({"readOnly": True, "mountPath": "/a/../b/"}, EMPTY, Mount("/pod/volumes/work", "/b", True, True)),
        ({"subPath": "x/y"}, EMPTY, Mount("/pod/volumes/work/x/y", "/work", False, True)),
        ({}, CLAIM, Mount("/claims/wf-work", "/work", False, True)),
        ({}, {"name": "work", "hostPath": {"path": "/srv/data"}}, Mount("/srv/data", "/work", False, False)),
    ],
)
def test_a_mount_is_a_directory_of_this_machine(mount, volume, found):
    assert mounted(mount, volume) == found


@pytest.mark.parametrize(
    ("mount", "volume", "named"),
    [
        ({}, {"name": "work", "nfs": {"server": "x"}}, "nfs volumes"),
        ({}, {"name": "other", "emptyDir": {}}, "volumeMounts work"),
        ({"subPath": "../x"}, EMPTY, "subPath"),
        ({"subPathExpr": "$(A)"}, EMPTY, "subPathExpr"),
    ],
)
def test_what_cannot_be_mounted_is_refused_by_name(mount, volume, named):
    with pytest.raises(ManifestError, match=named):
        mounted(mount, volume)


def test_what_would_hide_what_workers_need_is_not_mounted():
    mounts = [mounted({"mountPath": path}) for path in ("/work", "/opt", "/opt/python/lib")]
    assert native_paths(mounts, ["/opt/python", "/workspace/x"]) == {"/work", "/opt/python/lib"}


@pytest.mark.parametrize(
    ("path", "worker", "host"),
    [
        ("/data/a", "/data/a", "/v/1/a"),
        ("/data/in/b", "/data/in/b", "/v/2/b"),
        ("/moved/c", "/v/3/c", "/v/3/c"),
        ("/database", "/pod/root/database", "/pod/root/database"),
        ("/tmp/x", "/tmp/x", "/pod/tmp/x"),
        ("/", "/", "/pod/root"),
    ],
)
def test_the_server_finds_what_is_in_a_volume(path, worker, host):
    volumes = {"/data": "/v/1", "/data/in": "/v/2", "/moved": "/v/3"}
    layout = Layout("/pod/root", "/pod/tmp", True, volumes, frozenset({"/data", "/data/in"}))
    assert layout.for_worker(path) == worker
    assert layout.on_host(path) == host
    assert layout.seen_by_server(worker) == host


def exists(path: Path) -> bool:
    return path.exists()


def shell(text: str, *mounts: dict[str, Any], outputs: dict[str, str] | None = None, **more: Any) -> dict[str, Any]:
    body = {"image": "alpine", "command": ["sh", "-c", text.replace("$", "$$")], "volumeMounts": list(mounts), **more}
    parameters = [{"name": name, "valueFrom": {"path": path}} for name, path in (outputs or {}).items()]
    return {"name": "work", "container": body, "outputs": {"parameters": parameters}}


def mount(path: str, **more: Any) -> dict[str, Any]:
    return {"name": "work", "mountPath": path, **more}


@pytest.mark.asyncio(loop_scope="module")
class TestMounted:
    async def test_outputs_are_read_from_a_volume(self, bench):
        template = shell("echo 1 >/new/x; echo 2 >/mnt/deep/y; echo 3 >/tmp/t/z", mount("/new"), mount("/mnt/deep"),
                         mount("/tmp/t"), outputs={"x": "/new/x", "y": "/mnt/deep/y", "z": "/tmp/t/z"})  # fmt: skip
        report = await bench.run(template, volumes=[EMPTY])
        assert (report.exit_code, report.parameters) == (0, {"x": "1", "y": "2", "z": "3"})

    async def test_it_is_the_working_directory(self, bench):
        template = shell("echo 1 >x", mount("/new/place"), workingDir="/new/place", outputs={"x": "/new/place/x"})
        report = await bench.run(template, volumes=[EMPTY])
        assert report.parameters == {"x": "1"}

    async def test_an_empty_directory_is_each_pods_own(self, bench):
        for node in ("one", "two"):
            assert (await bench.run(shell("mkdir /new/once", mount("/new")), node, volumes=[EMPTY])).exit_code == 0

    async def test_a_claim_lasts_until_it_is_deleted(self, make_bench, tmp_path):
        bench, claims = make_bench(), tmp_path / "root-0/claims/argo"
        assert not exists(claims / "wf-work")
        await bench.run(shell("echo kept >/new/x", mount("/new", subPath="in")), "one", volumes=[CLAIM])
        report = await bench.run(shell("cat /new/in/x", mount("/new")), "two", result=True, volumes=[CLAIM])
        assert report.result == "kept"
        bench.executor.delete_claims("argo", ["wf-work"])
        await bench.executor.close()
        assert exists(claims)
        assert not exists(claims / "wf-work")

    async def test_a_file_of_a_claim_can_be_mounted_alone(self, bench):
        await bench.run(shell("echo kept >/new/x", mount("/new")), "one", volumes=[CLAIM])
        report = await bench.run(shell("cat /alone", mount("/alone", subPath="x")), "two", result=True, volumes=[CLAIM])
        assert report.result == "kept"

    async def test_the_worker_sees_real_mounts_and_its_own_root(self, bench, isolation):
        if isolation is not Isolation.PRIVATE_TMP:
            pytest.skip("only with a private /tmp")
        text = 'cut -d" " -f2 /proc/mounts | grep -x /mnt/deep; cd /mnt/deep; pwd; touch x || echo ro; ls -d /usr'
        template = shell(f"{text}; echo 7 >/top", mount("/mnt/deep", readOnly=True), outputs={"top": "/top"})
        report = await bench.run(template, result=True, volumes=[EMPTY])
        assert report.result == "/mnt/deep\n/mnt/deep\nro\n/usr"
        assert report.parameters == {"top": "7"}
        assert not exists(Path("/top"))
