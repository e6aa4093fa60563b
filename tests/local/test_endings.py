from __future__ import annotations

import pytest

from airflow_argo.local.endings import keeps_claims


@pytest.mark.parametrize(
    ("phase", "strategy", "kept"),
    [
        ("Succeeded", None, False),
        ("Failed", None, True),
        ("Error", "OnWorkflowSuccess", True),
        ("Failed", "OnWorkflowCompletion", False),
        ("Succeeded", "OnWorkflowCompletion", False),
    ],
)
@pytest.mark.parametrize("is_stored", [False, True])
def test_a_failed_workflow_keeps_its_volumes_to_be_retried(phase, strategy, kept, is_stored):
    spec = {"volumeClaimGC": {"strategy": strategy}} if strategy else {}
    status = {"phase": phase, **({"storedWorkflowTemplateSpec": spec} if is_stored else {})}
    assert keeps_claims({"spec": {} if is_stored else spec, "status": status}) is kept
