"""Schema migrations: files applied in order, once, whichever replica comes first."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import NamedTuple

from psycopg import AsyncConnection
from psycopg.rows import TupleRow

from .patience import answer_within

logger = logging.getLogger(__name__)

_FOLDER = Path(__file__).parent / "migrations"
# Any constant will do: every replica takes the same one.
LOCK = 7_203_154_001
_LOOK_SECONDS = 2.0
_APPLY_SECONDS = 60.0


APPLIED = """
SELECT version, checksum FROM schema_migrations ORDER BY version
"""


class SchemaMismatchError(Exception):
    """The database holds a migration this api does not know, or knows with other content."""


class MigrationBusyError(Exception):
    """Another replica is migrating; try again shortly."""


class Migration(NamedTuple):
    """One file: `0001_tasks.sql` has version 1."""

    version: int
    name: str
    checksum: str
    sql: bytes


@cache
def known() -> tuple[Migration, ...]:
    """Return this api's migrations, in order."""
    return tuple(
        Migration(
            int(file.name[:4]), file.name, hashlib.sha256(file.read_bytes()).hexdigest(), file.read_bytes()
        )
        for file in sorted(_FOLDER.glob("[0-9][0-9][0-9][0-9]_*.sql"))
    )


def pending(applied: Iterable[TupleRow]) -> list[Migration]:
    """Return what is still to apply; `applied` are (version, checksum) rows. Raises SchemaMismatchError."""
    ours = {migration.version: migration for migration in known()}
    done: dict[int, str] = dict(applied)
    for version, checksum in done.items():
        if version not in ours:
            raise SchemaMismatchError(
                f"the database has migration {version}, this api only knows up to {max(ours)}: it is too old"
            )
        if ours[version].checksum != checksum:
            raise SchemaMismatchError(f"migration {ours[version].name} was changed after it was applied")
    return [migration for migration in known() if migration.version not in done]


async def migrate(connection: AsyncConnection[TupleRow]) -> None:
    """Bring the schema up to date; `connection` is in autocommit.

    Raises SchemaMismatchError, MigrationBusyError.
    """
    while waiting := pending(await _applied(connection)):
        with answer_within(connection, _APPLY_SECONDS):
            async with connection.transaction():
                await _apply(connection, waiting[0])


async def _applied(connection: AsyncConnection[TupleRow]) -> list[TupleRow]:
    with answer_within(connection, _LOOK_SECONDS):
        cursor = await connection.execute("SELECT to_regclass('schema_migrations') IS NOT NULL")
        if not (await cursor.fetchall())[0][0]:
            return []
        return await (await connection.execute(APPLIED)).fetchall()


async def _apply(connection: AsyncConnection[TupleRow], migration: Migration) -> None:
    # Trying, not waiting: a replica that waits for another's migration cannot say so in /readyz.
    cursor = await connection.execute("SELECT pg_try_advisory_xact_lock(%s)", [LOCK])
    if not (await cursor.fetchall())[0][0]:
        raise MigrationBusyError("another replica is migrating the schema")
    await connection.execute(f"SET LOCAL statement_timeout = '{_APPLY_SECONDS}s'")
    await connection.execute(
        "CREATE TABLE IF NOT EXISTS schema_migrations ("
        " version integer PRIMARY KEY, name text NOT NULL, checksum text NOT NULL,"
        " applied_at timestamptz NOT NULL DEFAULT now())"
    )
    # Between the look and the lock another replica may have done it.
    if migration not in pending(await (await connection.execute(APPLIED)).fetchall()):
        return
    # Several statements in one file cannot be a prepared statement.
    await connection.execute(migration.sql, prepare=False)
    await connection.execute(
        "INSERT INTO schema_migrations (version, name, checksum) VALUES (%s, %s, %s)", migration[:3]
    )
    logger.info("migration applied", extra={"fields": {"migration": migration.name}})
