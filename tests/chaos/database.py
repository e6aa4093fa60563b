"""Airflow's database: PostgreSQL where the machine has it, else SQLite.

A stopped process that holds SQLite's one lock stops all others, which a fault of this suite may well do.
"""

from __future__ import annotations

import getpass
import os
import shutil
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

_POSTGRES = Path("/usr/lib/postgresql")


class Sqlite:
    """A file."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "airflow.db"
        self.url = f"sqlite:///{self.path}"

    def start(self) -> None:
        with closing(sqlite3.connect(self.path)) as connection:
            connection.execute("PRAGMA journal_mode=WAL")

    def stop(self) -> None:
        pass

    def rows(self) -> Iterator[tuple[str, str]]:
        """Every row of every table, as the table's name and a text."""
        with closing(sqlite3.connect(self.path)) as connection:
            tables = [name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
            for table in tables:
                for row in connection.execute(f'SELECT * FROM "{table}"'):
                    yield table, repr(row)


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


Database = Sqlite | Postgres


def database(folder: Path, sqlite_only: bool = False) -> Database:
    """The best that there is."""
    found = [] if sqlite_only else sorted(_POSTGRES.glob("*/bin/initdb"))
    try:
        import psycopg  # noqa: F401
    except ImportError:
        found = []
    return Postgres(folder, found[-1].parent) if found else Sqlite(folder)
