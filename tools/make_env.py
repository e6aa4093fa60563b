"""Write ``.env``: the passwords and keys of ``docker-compose.yaml``, new for each checkout.

    python3 tools/make_env.py [embedded|kubernetes]

It needs nothing but Python. What a file that is there sets already stays, for the databases keep their passwords; only
the profile changes. For new passwords delete it, and the volumes: docker compose down --volumes.
"""

from __future__ import annotations

import argparse
import base64
import os
import secrets
from pathlib import Path

PASSWORDS = ("POSTGRES_PASSWORD", "AIRFLOW_DB_PASSWORD", "DEMO_DB_PASSWORD", "AIRFLOW_ADMIN_PASSWORD")
KEYS = ("AIRFLOW_JWT_SECRET", "AIRFLOW_SECRET_KEY")


def variables(profile: str) -> dict[str, str]:
    """What ``.env`` sets."""
    return {
        "COMPOSE_PROFILES": profile,
        # Hexadecimal digits need no quoting in an address.
        **{name: secrets.token_hex(16) for name in PASSWORDS},
        **{name: secrets.token_hex(32) for name in KEYS},
        "AIRFLOW_FERNET_KEY": base64.urlsafe_b64encode(os.urandom(32)).decode(),
    }


def main() -> int:
    """Write the file; the exit status."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("profile", nargs="?", default="embedded", choices=("embedded", "kubernetes"))
    parser.add_argument("--file", type=Path, default=Path(".env"))
    options = parser.parse_args()
    values = {**variables(options.profile), **existing(options.file), "COMPOSE_PROFILES": options.profile}
    options.file.touch(mode=0o600)
    options.file.write_text("".join(f"{name}={value}\n" for name, value in values.items()), encoding="utf-8")
    print(f"{options.file}: the Argo Server is the {options.profile} one.")
    print("Airflow's user is 'admin', the password is AIRFLOW_ADMIN_PASSWORD there.")
    return 0


def existing(file: Path) -> dict[str, str]:
    """What the file sets already."""
    lines = file.read_text(encoding="utf-8").splitlines() if file.exists() else []
    return {name: value for name, equals, value in (line.partition("=") for line in lines) if equals}


if __name__ == "__main__":
    raise SystemExit(main())
