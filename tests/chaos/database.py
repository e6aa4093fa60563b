"""Airflow's database: a PostgreSQL of our own.

SQLite does not do: with forty tasks at once Airflow's API server answers 500, for the database is locked.
"""

from __future__ import annotations

import getpass
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

_POSTGRES = Path("/usr/lib/postgresql")


class Postgres:
    """A server of our own, which listens on a socket in a folder alone."""

    def __init__(self, folder: Path, binaries: Path) -> None:
        self.folder = folder / "postgres"
        self.binaries = binaries
        # A socket's path must be short.
        self.socket = Path(f"/var/tmp/chaos-pg-{os.getpid()}")
        self.url = f"postgresql+psycopg://airflow@/airflow?host={self.socket}"

    def start(self) -> None:
        for folder in (self.folder, self.socket):
            folder.mkdir()
            if getpass.getuser() == "root":
                shutil.chown(folder, "postgres")
        data = str(self.folder / "data")
        self._run("initdb", "-D", data, "-U", "airflow", "--auth=trust", "--no-sync")
        options = f"-c listen_addresses='' -k {self.socket} -c fsync=off -c max_connections=500"
        self._run("pg_ctl", "-D", data, "-w", "-l", str(self.folder / "log"), "-o", options, "start")
        self._run("createdb", "-h", str(self.socket), "-U", "airflow", "airflow")

    def stop(self) -> None:
        self._run("pg_ctl", "-D", str(self.folder / "data"), "-m", "immediate", "stop")
        shutil.rmtree(self.socket, ignore_errors=True)

    def rows(self) -> Iterator[tuple[str, str]]:
        """Every row of every table, as the table's name and a text."""
        import psycopg
        from psycopg import sql

        with psycopg.connect(host=str(self.socket), user="airflow", dbname="airflow") as connection:
            found = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall()
            for (table,) in found:
                for (row,) in connection.execute(
                    sql.SQL("SELECT t::text FROM {} t").format(sql.Identifier(str(table)))
                ):
                    # Bytes are printed in hexadecimal.
                    yield str(table), str(row)

    def _run(self, program: str, *arguments: str) -> None:
        as_other = ["runuser", "-u", "postgres", "--"] if getpass.getuser() == "root" else []
        subprocess.run(
            [*as_other, str(self.binaries / program), *arguments],
            check=True,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            cwd="/",
        )


def database(folder: Path) -> Postgres:
    """One for this run.

    :raises RuntimeError: where PostgreSQL is not installed.
    """
    found = sorted(_POSTGRES.glob("*/bin/initdb"))
    if not found:
        raise RuntimeError(f"PostgreSQL is needed, and there is no {_POSTGRES}/*/bin/initdb: install 'postgresql'")
    return Postgres(folder, found[-1].parent)
