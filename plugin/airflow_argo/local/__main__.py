"""``python -m airflow_argo.local``: the embedded Argo Server by itself."""

from __future__ import annotations

import sys

from airflow_argo.local.main import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
