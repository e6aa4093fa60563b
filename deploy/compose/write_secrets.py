"""Write what the services share: the password of Airflow's UI, Argo's token, and the demo's Secret.

It runs in the service ``airflow-init``, every time; the token stays what it was.
"""

from __future__ import annotations

import json
import os
import secrets
from pathlib import Path

AIRFLOW = Path("/opt/airflow")


def main() -> None:
    """Write the files below /opt/airflow."""
    passwords = {"admin": os.environ["AIRFLOW_ADMIN_PASSWORD"]}
    write(AIRFLOW / "secrets/passwords.json", json.dumps(passwords))
    token = AIRFLOW / "argo/token"
    if not token.exists():
        write(token, secrets.token_urlsafe(32))
    secret = {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": "database"},
        "stringData": {"url": os.environ["DEMO_DATABASE_URL"]},
    }
    write(AIRFLOW / "argo/objects/database.yaml", json.dumps(secret))


def write(path: Path, text: str) -> None:
    """Replace a file in one go, readable for Airflow's user and group alone."""
    path.parent.mkdir(exist_ok=True)
    new = path.with_name(path.name + ".new")
    new.touch(mode=0o660)
    new.write_text(text + "\n", encoding="utf-8")
    new.replace(path)


if __name__ == "__main__":
    main()
