"""Schema migrations: the first replica to connect applies each file once, in order."""

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
# The key of the advisory lock; any number, the same in every replica.
LOCK = 7_203_154_001
_READ_SECONDS = 2.0
_APPLY_SECONDS = 60.0


APPLIED = """
SELECT version, checksum FROM schema_migrations ORDER BY version
"""


class SchemaMismatchError(Exception):
    """The database has a migration that this api does not have, or has with other content."""


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
    """Return the missing migrations. Raises SchemaMismatchError.

    `applied` has rows of (version, checksum).
    """
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
    with answer_within(connection, _READ_SECONDS):
        cursor = await connection.execute("SELECT to_regclass('schema_migrations') IS NOT NULL")
        if not (await cursor.fetchall())[0][0]:
            return []
        return await (await connection.execute(APPLIED)).fetchall()


async def _apply(connection: AsyncConnection[TupleRow], migration: Migration) -> None:
    # Try the lock and do not wait for it: a waiting replica could not report the migration in /readyz.
    cursor = await connection.execute("SELECT pg_try_advisory_xact_lock(%s)", [LOCK])
    if not (await cursor.fetchall())[0][0]:
        raise MigrationBusyError("another replica is migrating the schema")
    for limit in ("statement_timeout", "lock_timeout"):
        await connection.execute(f"SET LOCAL {limit} = '{_APPLY_SECONDS}s'")
    await connection.execute(
        "CREATE TABLE IF NOT EXISTS schema_migrations ("
        " version integer PRIMARY KEY, name text NOT NULL, checksum text NOT NULL,"
        " applied_at timestamptz NOT NULL DEFAULT now())"
    )
    # Another replica may have applied it before this one got the lock.
    if migration not in pending(await (await connection.execute(APPLIED)).fetchall()):
        return
    # A file has several statements, which cannot be prepared as one.
    await connection.execute(migration.sql, prepare=False)
    await connection.execute(
        "INSERT INTO schema_migrations (version, name, checksum) VALUES (%s, %s, %s)", migration[:3]
    )
    logger.info("migration applied", extra={"fields": {"migration": migration.name}})
