"""The database as the routes use it: one statement, answered or refused in time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from time import monotonic
from typing import Any, LiteralString

import psycopg
from psycopg.rows import TupleRow
from psycopg_pool import PoolClosed

from ..settings import Settings
from .patience import (
    ANSWER_SECONDS,
    CHECKOUT_SECONDS,
    LOCK_KNOWN_SECONDS,
    REPEAT_SECONDS,
    answer_within,
)
from .reasons import Code, Failure, explain, is_known
from .watcher import Watcher

Parameters = Sequence[Any] | Mapping[str, Any]


class UnavailableError(Exception):
    """The database did not run the statement.

    `lost` is true where the connection broke: the statement may have been run all the same.
    """

    def __init__(self, failure: Failure, *, lost: bool = False) -> None:
        super().__init__(failure.reason)
        self.failure = failure
        self.lost = lost


class Database:
    """One database; `fetch` answers or raises within ANSWER_SECONDS.

    `housekeeping` is one statement, run at each new connection of the watcher, and hourly.
    """

    def __init__(self, settings: Settings, *, housekeeping: LiteralString) -> None:
        self._address = settings.database_address
        self._watcher = Watcher(settings, housekeeping)
        # The latest lock that a request waited for in vain, and until when it explains a queue.
        self._lock: tuple[Failure, float] | None = None

    @property
    def failure(self) -> Failure | None:
        """Why there is no database now, or None."""
        return None if self._watcher.generation else self._watcher.failure

    @property
    def connected_once(self) -> bool:
        """Whether this replica has ever reached the database."""
        return self._watcher.connected_once

    @property
    def certificate_end(self) -> float | None:
        """When the server's certificate ends, as a Unix time; None where none is checked."""
        return self._watcher.certificate_end

    def pool_stats(self) -> dict[str, int]:
        """Return psycopg_pool's figures, with the idle connections and the queue; {} without a database."""
        if self._watcher.generation is None:
            return {}
        pool, gate, idle = self._watcher.generation
        stats = pool.get_stats()
        available = stats.get("pool_available", 0) + len(idle)
        return {**stats, "pool_available": available, "requests_waiting": gate.waiting}

    def start(self) -> None:
        """Begin to connect; returns at once."""
        self._watcher.start()

    async def stop(self) -> None:
        """Close every connection."""
        await self._watcher.stop()

    async def fetch(
        self, query: LiteralString, parameters: Parameters = (), *, repeatable: bool = False
    ) -> list[TupleRow]:
        """Run one statement in autocommit and return its rows.

        `repeatable` allows a second try where the first one lost its connection.
        Raises UnavailableError, and psycopg.Error for a fault of the statement itself.
        """
        until = monotonic() + ANSWER_SECONDS
        try:
            return await self._fetch(query, parameters, until)
        except UnavailableError as error:
            if not (repeatable and error.lost) or until - monotonic() < REPEAT_SECONDS:
                raise
        await self._watcher.settle(until - monotonic() - REPEAT_SECONDS)
        try:
            return await self._fetch(query, parameters, until)
        except UnavailableError as error:
            # However the second try ended, the first one may have been done.
            raise UnavailableError(error.failure, lost=True) from error

    async def _fetch(self, query: LiteralString, parameters: Parameters, until: float) -> list[TupleRow]:
        generation = self._watcher.generation
        if generation is None:
            raise UnavailableError(self._watcher.failure)
        pool, gate, idle = generation
        patience = min(CHECKOUT_SECONDS, until - monotonic())
        try:
            await gate.enter(patience)
        except psycopg.OperationalError as error:
            raise UnavailableError(self._explain(error)) from error
        connection = None
        try:
            # Not pool.connection(): its transaction has nothing to commit in autocommit.
            cursor = idle.pop() if idle else (await pool.getconn(patience)).cursor()
            connection = cursor.connection
            with answer_within(connection, until - monotonic()):
                await cursor.execute(query, parameters)
                rows = await cursor.fetchall()
        except (psycopg.Error, TimeoutError) as error:
            lost = isinstance(error, PoolClosed) or bool(connection and connection.closed)
            if lost:
                self._watcher.suspect(generation)
            elif isinstance(error, psycopg.Error) and not is_known(error):
                raise
            raise UnavailableError(self._explain(error), lost=lost) from error
        else:
            if generation is self._watcher.generation:
                idle.append(cursor)
                connection = None
            return rows
        finally:
            try:
                if connection:
                    await pool.putconn(connection)
            finally:
                gate.leave()

    def _explain(self, error: BaseException) -> Failure:
        """Return the failure behind an error; behind a full queue, the lock for which the others wait."""
        failure, now = explain(error, self._address), monotonic()
        if failure.code is Code.DATABASE_LOCKED:
            self._lock = failure, now + LOCK_KNOWN_SECONDS
        elif failure.code is Code.BUSY and self._lock and now < self._lock[1]:
            return self._lock[0]
        return failure
