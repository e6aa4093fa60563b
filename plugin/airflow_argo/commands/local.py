"""``airflow-argo local``."""

from __future__ import annotations

import argparse

from airflow_argo.local.main import options_of
from airflow_argo.local.serving import run_server


def run(arguments: argparse.Namespace) -> int:
    """Run the embedded Argo Server until it is stopped; the exit status."""
    return run_server(options_of(arguments))
