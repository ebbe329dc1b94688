"""Tasks in PostgreSQL: one statement for each request. PostgreSQL itself writes the JSON of a task."""

# Each statement consists of literals of this file only.
# ruff: noqa: S608

from __future__ import annotations

from typing import LiteralString, NamedTuple
from uuid import UUID

from .database.client import Database, UnavailableError

_JSON: LiteralString = (
    "json_build_object('id', id, 'title', title, 'done', done,"
    " 'created_at', created_at, 'updated_at', updated_at)::text"
)
_COLUMNS: LiteralString = f"id, version, {_JSON}"

_INSERT: LiteralString = f"INSERT INTO tasks (title) VALUES (%(title)s) RETURNING {_COLUMNS}"
# A second request with the same key waits in ON CONFLICT for the first one, and then inserts nothing.
_INSERT_ONCE: LiteralString = f"""
WITH claim AS (
  INSERT INTO idempotency_keys (key, title) VALUES (%(key)s, %(title)s)
  ON CONFLICT (key) DO NOTHING RETURNING task_id
)
INSERT INTO tasks (id, title) SELECT task_id, %(title)s FROM claim RETURNING {_COLUMNS}
"""
_REPLAY: LiteralString = f"""
SELECT claim.title = %(title)s, task.*
FROM idempotency_keys claim LEFT JOIN (SELECT {_COLUMNS} FROM tasks) task ON task.id = claim.task_id
WHERE claim.key = %(key)s
"""
GET: LiteralString = f"SELECT {_COLUMNS} FROM tasks WHERE id = %(id)s"
LIST: LiteralString = f"SELECT {_COLUMNS} FROM tasks WHERE id < %(before)s ORDER BY id DESC LIMIT %(limit)s"
_LIST_BY_DONE: LiteralString = (
    f"SELECT {_COLUMNS} FROM tasks WHERE done = %(done)s AND id < %(before)s ORDER BY id DESC LIMIT %(limit)s"
)
_UPDATE: LiteralString = (
    "UPDATE tasks SET title = coalesce(%(title)s::text, title), done = coalesce(%(done)s::boolean, done)"
    " WHERE id = %(id)s"
)
_DELETE: LiteralString = "DELETE FROM tasks WHERE id = %(id)s"
_IF_VERSION: LiteralString = " AND version = ANY(%(versions)s::bigint[])"
_RETURNING: LiteralString = f" RETURNING {_COLUMNS}"
_EXISTS: LiteralString = "SELECT FROM tasks WHERE id = %(id)s"

# Whether there is a task does not matter: it fails where none could be read. It reads one row at most.
ANY: LiteralString = "SELECT EXISTS (SELECT id, title, done, version, created_at, updated_at FROM tasks)"

# Each replica runs it when it connects, and once an hour.
FORGET_OLD_KEYS: LiteralString = "DELETE FROM idempotency_keys WHERE created_at < now() - interval '24 hours'"

BIGGEST_ID = 2**63 - 1


class Row(NamedTuple):
    """A task: its id, its version, its JSON."""

    id: int
    version: int
    json: str


class NoSuchTaskError(Exception):
    """There is no task with this id."""


class VersionMismatchError(Exception):
    """The task exists, but in none of the wanted versions."""


class KeyReusedError(Exception):
    """The key belongs to a request with another title."""


class TaskGoneError(Exception):
    """The key belongs to a task that was deleted."""


async def create(db: Database, title: str) -> Row:
    """Make a task."""
    return Row(*(await db.fetch(_INSERT, {"title": title}))[0])


async def create_once(db: Database, title: str, key: UUID) -> tuple[Row, bool]:
    """Make a task, or return the one that `key` has made; the flag tells whether it is new.

    Raises KeyReusedError, TaskGoneError.
    """
    parameters = {"title": title, "key": key}
    if made := await db.fetch(_INSERT_ONCE, parameters, repeatable=True):
        return Row(*made[0]), True
    try:
        same_title, *row = (await db.fetch(_REPLAY, parameters, repeatable=True))[0]
    except UnavailableError as error:
        # The key is taken, perhaps by the first of two tries of this same request.
        raise UnavailableError(error.failure, lost=True) from error
    if not same_title:
        raise KeyReusedError
    if row[0] is None:
        raise TaskGoneError
    return Row(*row), False


async def get(db: Database, task_id: int) -> Row:
    """Return a task. Raises NoSuchTaskError."""
    rows = await db.fetch(GET, {"id": task_id}, repeatable=True)
    if not rows:
        raise NoSuchTaskError
    return Row(*rows[0])


async def page(db: Database, *, before: int, limit: int, done: bool | None) -> list[Row]:
    """Return up to `limit` tasks with ids below `before`, newest first; `done` None means all of them."""
    parameters = {"before": before, "limit": limit, "done": done}
    rows = await db.fetch(LIST if done is None else _LIST_BY_DONE, parameters, repeatable=True)
    return [Row(*row) for row in rows]


async def change(
    db: Database, task_id: int, *, title: str | None, done: bool | None, versions: list[int] | None
) -> Row:
    """Set each value that is not None, if the task has one of `versions` (None: any version).

    Raises NoSuchTaskError, VersionMismatchError.
    """
    return await _modify(db, _UPDATE, {"id": task_id, "title": title, "done": done}, versions)


async def delete(db: Database, task_id: int, *, versions: list[int] | None) -> None:
    """Delete a task, if it has one of `versions` (None: any version).

    Raises NoSuchTaskError, VersionMismatchError.
    """
    await _modify(db, _DELETE, {"id": task_id}, versions)


async def _modify(
    db: Database, statement: LiteralString, parameters: dict[str, object], versions: list[int] | None
) -> Row:
    if versions is not None:
        statement += _IF_VERSION
    # An unconditional change may run twice. A second conditional change, or a second delete, matches nothing.
    repeatable = versions is None and statement is _UPDATE
    rows = await db.fetch(statement + _RETURNING, {**parameters, "versions": versions}, repeatable=repeatable)
    if rows:
        return Row(*rows[0])
    if versions is not None and await db.fetch(_EXISTS, parameters, repeatable=True):
        raise VersionMismatchError
    raise NoSuchTaskError
