"""What the embedded server remembers, in SQLite.

A workflow is kept in parts: its spec, which hardly ever changes, its header (metadata and status without nodes), and
one row for each node, so that saving a step costs what the step changed and not what the workflow holds.

A store belongs to the thread that made it.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Literal

from airflow_argo.argo.errors import ArgoError
from airflow_argo.argo.status import is_finished

Object = dict[str, Any]

_SCHEMA = """
CREATE TABLE IF NOT EXISTS workflows (
    uid TEXT PRIMARY KEY, namespace TEXT NOT NULL, name TEXT NOT NULL, created INTEGER NOT NULL,
    finished INTEGER NOT NULL, header TEXT NOT NULL, UNIQUE (namespace, name)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS specs (uid TEXT PRIMARY KEY, spec TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS workflows_by_creation ON workflows (created);
CREATE TABLE IF NOT EXISTS nodes (uid TEXT, id TEXT, node TEXT NOT NULL, PRIMARY KEY (uid, id));
CREATE TABLE IF NOT EXISTS archived_nodes (uid TEXT, id TEXT, node TEXT NOT NULL, PRIMARY KEY (uid, id));
CREATE TABLE IF NOT EXISTS objects (
    kind TEXT, namespace TEXT, name TEXT, object TEXT NOT NULL, PRIMARY KEY (kind, namespace, name)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS launched (uid TEXT, id TEXT, PRIMARY KEY (uid, id)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS counter (version INTEGER NOT NULL);
"""
_PARTS = "SELECT workflows.uid, header, spec FROM workflows JOIN specs ON specs.uid = workflows.uid"


class NameTakenError(Exception):
    """An object of this kind, namespace and name is there already."""


class Store:
    """Workflows, and objects of other kinds, by kind, namespace and name.

    :param path: the database's file; None keeps everything in memory.
    :param first_version: the ``resourceVersion`` before the first object of a new database.
    :param patience: seconds to wait for another process to let go of the file.
    :raises ArgoError: if another process uses the file, or it is no such database.
    """

    def __init__(self, path: Path | None = None, first_version: int = 0, patience: float = 2.0) -> None:
        self._db = sqlite3.connect(str(path) if path else ":memory:", timeout=patience, isolation_level=None)
        try:
            self._open(first_version)
        except sqlite3.DatabaseError as error:
            self._db.close()
            hint = "Does another embedded server use this directory? Give each its own."
            raise ArgoError(f"cannot open {path}: {error}", hint=hint) from error
        self.version: int = self._db.execute("SELECT version FROM counter").fetchone()[0]

    def _open(self, first_version: int) -> None:
        # The lock is what keeps a second server from running the same workflows.
        self._db.execute("PRAGMA locking_mode = EXCLUSIVE")
        self._db.execute("PRAGMA journal_mode = WAL")
        self._db.execute("PRAGMA synchronous = NORMAL")
        self._db.execute("BEGIN EXCLUSIVE")
        for statement in _SCHEMA.split(";"):
            self._db.execute(statement)
        if self._db.execute("SELECT version FROM counter").fetchone() is None:
            self._db.execute("INSERT INTO counter VALUES (?)", (first_version,))
        self._db.execute("COMMIT")

    def close(self) -> None:
        """Let go of the file."""
        self._db.close()

    # --- workflows

    def add_workflow(self, workflow: Object) -> None:
        """Store a new workflow and give it its ``resourceVersion``.

        :raises NameTakenError: its namespace has one of this name.
        """
        metadata = workflow["metadata"]
        with self._change(metadata):
            try:
                self._db.execute(
                    "INSERT INTO workflows VALUES (?, ?, ?, ?, ?, ?)",
                    (
                        metadata["uid"],
                        metadata["namespace"],
                        metadata["name"],
                        self.version,
                        is_finished(workflow),
                        _header(workflow),
                    ),
                )
            except sqlite3.IntegrityError as error:
                raise NameTakenError(metadata["name"]) from error
            self._db.execute("INSERT INTO specs VALUES (?, ?)", (metadata["uid"], _text(workflow.get("spec"))))
            self._save_nodes(workflow, _nodes(workflow))

    def save_workflow(self, workflow: Object, changed: Iterable[str] = (), *, spec: bool = False) -> None:
        """Store what an event changed, under a new ``resourceVersion``.

        :param changed: ids of the nodes that are new, different or gone.
        :param spec: whether the spec is different too.
        """
        uid = workflow["metadata"]["uid"]
        with self._change(workflow["metadata"]):
            self._db.execute(
                "UPDATE workflows SET finished = ?, header = ? WHERE uid = ?",
                (is_finished(workflow), _header(workflow), uid),
            )
            if spec:
                self._db.execute("UPDATE specs SET spec = ? WHERE uid = ?", (_text(workflow.get("spec")), uid))
            self._save_nodes(workflow, changed)

    def delete_workflow(self, metadata: Object) -> None:
        """Forget a workflow; its metadata gets the ``resourceVersion`` of the deletion."""
        with self._change(metadata):
            self._db.execute("DELETE FROM nodes WHERE uid = ?", (metadata["uid"],))
            self._db.execute("DELETE FROM launched WHERE uid = ?", (metadata["uid"],))
            self._db.execute("DELETE FROM specs WHERE uid = ?", (metadata["uid"],))
            self._db.execute("DELETE FROM workflows WHERE uid = ?", (metadata["uid"],))

    def workflow(self, namespace: str, name: str, *, nodes: bool = True) -> Object | None:
        """A workflow by name; without its nodes it costs little, however many there are."""
        return self._one("WHERE namespace = ? AND name = ?", (namespace, name), nodes)

    def workflow_by_uid(self, uid: str, *, nodes: bool = True) -> Object | None:
        """A workflow by uid."""
        return self._one("WHERE workflows.uid = ?", (uid,), nodes)

    def latest_name(self, namespace: str) -> str | None:
        """The name of the namespace's newest workflow."""
        query = "SELECT name FROM workflows WHERE namespace = ? ORDER BY created DESC LIMIT 1"
        row = self._db.execute(query, (namespace,)).fetchone()
        return row[0] if row else None

    def workflows(self, namespace: str = "") -> Iterator[Object]:
        """All workflows without their nodes, in the order of their creation.

        :param namespace: of this namespace alone, unless empty.
        """
        query = f"{_PARTS} WHERE ? IN ('', namespace) ORDER BY created"
        for _, header, spec in self._db.execute(query, (namespace,)).fetchall():
            yield _assembled(header, spec)

    def unfinished(self) -> list[Object]:
        """All workflows that have not ended, with their nodes."""
        rows = self._db.execute(f"{_PARTS} WHERE NOT finished ORDER BY created").fetchall()
        return [self._with_nodes(_assembled(header, spec)) for _, header, spec in rows]

    def _one(self, condition: str, values: tuple[str, ...], nodes: bool) -> Object | None:
        row = self._db.execute(f"{_PARTS} {condition}", values).fetchone()
        if row is None:
            return None
        workflow = _assembled(row[1], row[2])
        return self._with_nodes(workflow) if nodes else workflow

    def _with_nodes(self, workflow: Object) -> Object:
        nodes = self._nodes_of(workflow["metadata"]["uid"], "nodes")
        if nodes:
            workflow.setdefault("status", {})["nodes"] = nodes
        return workflow

    def _nodes_of(self, uid: str, table: Literal["nodes", "archived_nodes"]) -> Object:
        rows = self._db.execute(f"SELECT id, node FROM {table} WHERE uid = ? ORDER BY rowid", (uid,))  # noqa: S608
        return {node_id: json.loads(node) for node_id, node in rows}

    def _save_nodes(self, workflow: Object, changed: Iterable[str]) -> None:
        uid, nodes = workflow["metadata"]["uid"], _nodes(workflow)
        kept, gone = [], []
        for node_id in _in_order(nodes, set(changed)):
            if node_id in nodes:
                kept.append((uid, node_id, _text(nodes[node_id])))
            else:
                gone.append((uid, node_id))
        # Not INSERT OR REPLACE, which would move a node behind those that came after it.
        upsert = "INSERT INTO nodes VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET node = excluded.node"
        self._db.executemany(upsert, kept)
        self._db.executemany("DELETE FROM nodes WHERE uid = ? AND id = ?", gone)

    # --- archive

    def archive_nodes(self, uid: str) -> None:
        """Keep the nodes that a workflow has now, whatever becomes of it."""
        with self._change({}):
            self._db.execute("DELETE FROM archived_nodes WHERE uid = ?", (uid,))
            copied = "SELECT uid, id, node FROM nodes WHERE uid = ? ORDER BY rowid"
            self._db.execute(f"INSERT INTO archived_nodes {copied}", (uid,))

    def archived_nodes(self, uid: str) -> Object:
        """The nodes that were kept, by their ids."""
        return self._nodes_of(uid, "archived_nodes")

    def forget_archived_nodes(self, uid: str) -> None:
        """Keep them no more."""
        with self._change({}):
            self._db.execute("DELETE FROM archived_nodes WHERE uid = ?", (uid,))

    # --- pods

    def note_launch(self, uid: str, node_id: str) -> None:
        """Remember that a pod of an unfinished workflow is about to begin: a later server must not run it again."""
        self._db.execute("INSERT OR IGNORE INTO launched VALUES (?, ?)", (uid, node_id))

    def launched(self, uid: str) -> set[str]:
        """The ids of the nodes whose pods have begun."""
        return {row[0] for row in self._db.execute("SELECT id FROM launched WHERE uid = ?", (uid,))}

    def forget_launches(self, uid: str) -> None:
        """Forget them: the workflow has ended, or its nodes are to run again."""
        self._db.execute("DELETE FROM launched WHERE uid = ?", (uid,))

    # --- other kinds

    def add(self, kind: str, obj: Object) -> None:
        """Store a new object of any other kind and give it its ``resourceVersion``.

        :raises NameTakenError: there is one of this kind, namespace and name.
        """
        metadata = obj["metadata"]
        with self._change(metadata):
            try:
                self._db.execute("INSERT INTO objects VALUES (?, ?, ?, ?)", (*_key(kind, obj), _text(obj)))
            except sqlite3.IntegrityError as error:
                raise NameTakenError(metadata["name"]) from error

    def replace(self, kind: str, obj: Object) -> None:
        """Store another state of an object under a new ``resourceVersion``."""
        with self._change(obj["metadata"]):
            self._db.execute("INSERT OR REPLACE INTO objects VALUES (?, ?, ?, ?)", (*_key(kind, obj), _text(obj)))

    def get(self, kind: str, namespace: str, name: str) -> Object | None:
        """An object by name; cluster-scoped kinds have the namespace ``""``."""
        query = "SELECT object FROM objects WHERE kind = ? AND namespace = ? AND name = ?"
        row = self._db.execute(query, (kind, namespace, name)).fetchone()
        return json.loads(row[0]) if row else None

    def all(self, kind: str, namespace: str = "") -> list[Object]:
        """All objects of a kind by name, of one namespace unless it is empty."""
        query = "SELECT object FROM objects WHERE kind = ? AND ? IN ('', namespace) ORDER BY namespace, name"
        return [json.loads(text) for (text,) in self._db.execute(query, (kind, namespace))]

    def delete(self, kind: str, namespace: str, name: str) -> bool:
        """Forget an object; says whether there was one."""
        with self._change({}):
            query = "DELETE FROM objects WHERE kind = ? AND namespace = ? AND name = ?"
            return self._db.execute(query, (kind, namespace, name)).rowcount > 0

    # --- both

    def _change(self, metadata: Object) -> _Change:
        return _Change(self, self._db, metadata)


class _Change:
    """One transaction, which moves the resourceVersion on; taken back as a whole where it fails."""

    def __init__(self, store: Store, db: sqlite3.Connection, metadata: Object) -> None:
        self.store = store
        self.db = db
        self.metadata = metadata
        self.before = metadata.get("resourceVersion")

    def __enter__(self) -> None:
        self.db.execute("BEGIN")
        self.store.version += 1
        self.metadata["resourceVersion"] = str(self.store.version)

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is None:
            self.db.execute("UPDATE counter SET version = ?", (self.store.version,))
            self.db.execute("COMMIT")
            return
        self.db.execute("ROLLBACK")
        self.store.version -= 1
        self.metadata["resourceVersion"] = self.before
        if self.before is None:
            del self.metadata["resourceVersion"]


def _nodes(workflow: Object) -> dict[str, Any]:
    nodes: dict[str, Any] = (workflow.get("status") or {}).get("nodes") or {}
    return nodes


def _in_order(nodes: dict[str, Any], changed: set[str]) -> list[str]:
    """The changed ones, new ones last and as they came: they stand at the end, which is all that is looked at."""
    newest: list[str] = []
    for node_id in reversed(nodes):
        if node_id not in changed:
            break
        newest.append(node_id)
    newest.reverse()
    return [*(changed - set(newest)), *newest]


def _header(workflow: Object) -> str:
    status = {key: value for key, value in (workflow.get("status") or {}).items() if key != "nodes"}
    return _text({"metadata": workflow["metadata"], "status": status})


def _assembled(header: str, spec: str) -> Object:
    parts = json.loads(header)
    return {"metadata": parts["metadata"], "spec": json.loads(spec), "status": parts["status"]}


def _key(kind: str, obj: Object) -> tuple[str, str, str]:
    metadata = obj["metadata"]
    return kind, metadata.get("namespace", ""), metadata["name"]


def _text(value: object) -> str:
    return json.dumps(value, separators=(",", ":"))
