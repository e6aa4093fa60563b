"""``deploy/`` grants what the guide says, and nothing else."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
DEPLOY = ROOT / "deploy"
MANIFESTS = sorted(DEPLOY.rglob("*.yaml"))
AIRFLOW = {
    ("argoproj.io", "workflows"): {"create", "get", "list", "watch", "patch", "update"},
    ("", "pods"): {"get", "list", "watch", "delete"},
    ("", "pods/log"): {"get"},
}
PODS = {("argoproj.io", "workflowtaskresults"): {"create", "patch"}}


def documents(path: Path) -> list[Any]:
    return list(yaml.safe_load_all(path.read_text(encoding="utf-8")))


def roles() -> dict[str, Any]:
    found = [document for path in MANIFESTS for document in documents(path)]
    return {role["metadata"]["name"]: role for role in found if role["kind"] == "Role"}


def permissions(role: Any) -> dict[tuple[str, str], set[str]]:
    return {
        (group, resource): set(rule["verbs"])
        for rule in role["rules"]
        for group in rule["apiGroups"]
        for resource in rule["resources"]
    }


@pytest.mark.parametrize("path", MANIFESTS, ids=lambda path: str(path.relative_to(DEPLOY)))
def test_a_manifest_says_what_it_is(path: Path) -> None:
    for document in documents(path):
        assert {"apiVersion", "kind"} <= document.keys()


def test_the_roles_allow_what_is_needed_and_nothing_else() -> None:
    found = {name: permissions(role) for name, role in roles().items()}
    assert found == {"airflow": AIRFLOW, "workflow-pods": PODS}


def test_the_guide_shows_the_same_role() -> None:
    pages = [page.read_text(encoding="utf-8") for page in (ROOT / "docs").rglob("*.md")]
    blocks = [block for page in pages for block in re.findall(r"^```yaml\n(.*?)^```$", page, re.DOTALL | re.MULTILINE)]
    shown = [role for role in map(yaml.safe_load, blocks) if isinstance(role, dict) and role.get("kind") == "Role"]
    assert [permissions(role) for role in shown if role["metadata"]["name"] == "airflow"] == [AIRFLOW]


def test_nothing_is_granted_for_a_whole_cluster_or_by_a_wildcard() -> None:
    for path in MANIFESTS:
        for document in documents(path):
            assert not document["kind"].startswith("Cluster")
            assert "*" not in str(document.get("rules", ""))


def test_each_binding_gives_a_role_that_is_there_to_an_account_that_is_there() -> None:
    found = [document for path in sorted((DEPLOY / "rbac").glob("*.yaml")) for document in documents(path)]
    names = {(document["kind"], document["metadata"]["name"]) for document in found if "metadata" in document}
    bindings = [document for document in found if document["kind"] == "RoleBinding"]
    assert len(bindings) == 2
    for binding in bindings:
        assert ("Role", binding["roleRef"]["name"]) in names
        assert {(subject["kind"], subject["name"]) for subject in binding["subjects"]} <= names


def test_kustomizations_name_files_that_are_there() -> None:
    for path in DEPLOY.rglob("kustomization.yaml"):
        (kustomization,) = documents(path)
        local = [name for name in kustomization["resources"] if "://" not in name]
        for name in [*local, *(patch["path"] for patch in kustomization.get("patches", []))]:
            assert (path.parent / name).exists(), f"{path}: {name}"


def test_pods_in_k3s_get_the_account_and_the_volume_of_compose(compose: Any) -> None:
    (config,) = documents(DEPLOY / "k3s/workflow-defaults.yaml")
    spec = yaml.safe_load(config["data"]["workflowDefaults"])["spec"]
    patch = yaml.safe_load(spec["podSpecPatch"])
    assert spec["serviceAccountName"] == "workflow-pods"
    (volume,), (container,) = patch["volumes"], patch["containers"]
    assert container["volumeMounts"] == [{"name": volume["name"], "mountPath": volume["hostPath"]["path"]}]
    mounted = {volume.split(":")[1] for volume in compose["services"]["k3s"]["volumes"]}
    assert volume["hostPath"]["path"] in mounted
    assert compose["services"]["airflow-scheduler"]["environment"]["STORAGE_DIR"] == volume["hostPath"]["path"]


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("kubectl") is None, reason="kubectl is not there")
def test_kubectl_reads_the_roles() -> None:
    done = subprocess.run(["kubectl", "kustomize", DEPLOY / "rbac"], capture_output=True, text=True, check=True)
    found = list(yaml.safe_load_all(done.stdout))
    assert {document["metadata"]["namespace"] for document in found} == {"argo"}
    # Kubernetes refuses a subject without a namespace; kustomize fills it in, `kubectl -n` does not.
    subjects = [subject for document in found for subject in document.get("subjects", [])]
    assert [subject["namespace"] for subject in subjects] == ["argo", "argo"]
    kinds = sorted(document["kind"] for document in found)
    assert kinds == ["Role", "Role", "RoleBinding", "RoleBinding", "Secret", "ServiceAccount", "ServiceAccount"]
