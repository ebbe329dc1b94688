"""The way to PostgreSQL: a pool that exists only while the database answers, and a watcher that keeps it so.

A stock pool retries with a growing back-off, so a long outage is followed by a long wait. Here one
watcher connects every quarter of a second, and opens a fresh pool (a generation) as soon as it gets
through. A query that finds its connection broken wakes the watcher at once.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping, Sequence
from contextlib import suppress
from time import monotonic
from typing import Any, LiteralString, NamedTuple

import psycopg
from psycopg import AsyncConnection
from psycopg.rows import TupleRow
from psycopg_pool import AsyncConnectionPool, PoolClosed

from .gate import Gate
from .migrate import MigrationBusyError, SchemaMismatchError, migrate
from .patience import answer_within
from .reasons import Failure, explain
from .settings import Settings

logger = logging.getLogger(__name__)

Pool = AsyncConnectionPool[AsyncConnection[TupleRow]]
Parameters = Sequence[Any] | Mapping[str, Any]

RETRY_SECONDS = 0.25
WATCH_SECONDS = 0.5
CONNECT_SECONDS = 2.0
# A Service without endpoints refuses by ICMP, of which Linux sends about one a second; what comes between is
# met by silence, and the kernel knocks again only after a second. A new knock twice a second finds the door
# open sooner. A server farther away than this could not log anybody in within CONNECT_SECONDS either.
KNOCK_SECONDS = 0.5
KNOCKS = 3
CHECKOUT_SECONDS = 1.0
STATEMENT_SECONDS = 1.5
# Of one request, with its repeat: below the 3 s a client is promised.
ANSWER_SECONDS = 2.5
# A repeat needs at least this much of them.
REPEAT_SECONDS = 0.5
GENERATION_SECONDS = 3600.0


class Generation(NamedTuple):
    """One pool, the queue before it, and those of its connections that nobody uses just now.

    A connection that answered well is kept here and not put back: the pool's way there and back takes longer
    than all else around a query. The pool gets the others, closes them and opens new ones.
    """

    pool: Pool
    gate: Gate
    idle: list[AsyncConnection[TupleRow]]

    async def close(self) -> None:
        """Close every connection; those in use when they are put back."""
        self.gate.open_wide()
        while self.idle:
            await self.pool.putconn(self.idle.pop())
        await self.pool.close()


class UnavailableError(Exception):
    """The database did not do it. `lost`: the connection broke, so it may have been done all the same."""

    def __init__(self, failure: Failure, *, lost: bool = False) -> None:
        super().__init__(failure.reason)
        self.failure = failure
        self.lost = lost


class Database:
    """The database as the routes see it: `fetch` answers or raises within ANSWER_SECONDS."""

    def __init__(self, settings: Settings, *, housekeeping: LiteralString) -> None:
        self._settings = settings
        self._housekeeping = housekeeping
        self._generation: Generation | None = None
        self._failure = Failure("starting", "the api has not reached the database yet")
        self._wake = asyncio.Event()
        self._settled = asyncio.Event()
        self._stopping = False
        self._watcher: asyncio.Task[None] | None = None
        self._closing: set[asyncio.Task[None]] = set()
        self.connected_once = False

    @property
    def failure(self) -> Failure | None:
        """Why there is no database now, or None."""
        return None if self._generation else self._failure

    def pool_stats(self) -> dict[str, int]:
        """Return psycopg_pool's figures of the present generation, and who waits; empty without one."""
        if self._generation is None:
            return {}
        pool, gate, idle = self._generation
        stats = pool.get_stats()
        available = stats.get("pool_available", 0) + len(idle)
        return {**stats, "pool_available": available, "requests_waiting": gate.waiting}

    def start(self) -> None:
        """Begin to look for the database; returns at once."""
        self._watcher = asyncio.create_task(self._keep_connected())

    async def stop(self) -> None:
        """Close every connection."""
        self._stopping = True
        self._wake.set()
        if self._watcher:
            await self._watcher
        self._publish(None)
        if self._closing:
            await asyncio.wait(self._closing)

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
        with suppress(TimeoutError):
            async with asyncio.timeout(until - monotonic() - REPEAT_SECONDS):
                await self._settled.wait()
        try:
            return await self._fetch(query, parameters, until)
        except UnavailableError as error:
            # Whatever became of the second try: the first one may have been done.
            raise UnavailableError(error.failure, lost=True) from error

    async def _fetch(self, query: LiteralString, parameters: Parameters, until: float) -> list[TupleRow]:
        generation = self._generation
        if generation is None:
            raise UnavailableError(self._failure)
        pool, gate, idle = generation
        patience = min(CHECKOUT_SECONDS, until - monotonic())
        try:
            await gate.enter(patience)
        except psycopg.OperationalError as error:
            raise UnavailableError(explain(error, self._settings.database_address)) from error
        connection = None
        try:
            # Not pool.connection(): its transaction has nothing to commit in autocommit.
            connection = idle.pop() if idle else await pool.getconn(patience)
            with answer_within(connection, until - monotonic()):
                cursor = await connection.execute(query, parameters)
                rows = await cursor.fetchall()
        except (psycopg.OperationalError, psycopg.errors.ReadOnlySqlTransaction, TimeoutError) as error:
            lost = isinstance(error, PoolClosed) or bool(connection and connection.closed)
            if lost:
                self._suspect(generation)
            raise UnavailableError(explain(error, self._settings.database_address), lost=lost) from error
        else:
            if generation is self._generation:
                idle.append(connection)
                connection = None
            return rows
        finally:
            try:
                if connection:
                    await pool.putconn(connection)
            finally:
                gate.leave()

    def _suspect(self, generation: Generation) -> None:
        if generation is self._generation:
            self._settled.clear()
            self._wake.set()

    async def _keep_connected(self) -> None:
        while not self._stopping:
            try:
                await self._live_one_generation()
            except (psycopg.Error, OSError, TimeoutError, MigrationBusyError) as error:
                self._lose(explain(error, self._settings.database_address))
            except SchemaMismatchError as error:
                self._lose(Failure("schema", str(error)))
            except Exception:
                # Whatever it is, the api goes on looking for its database.
                logger.exception("the database watcher failed")
                self._lose(Failure("other", "a fault of the api; its log has more"))
            else:
                continue
            with suppress(TimeoutError):
                async with asyncio.timeout(RETRY_SECONDS):
                    await self._wake.wait()

    async def _live_one_generation(self) -> None:
        self._wake.clear()
        await self._knock()
        # The outer limit is for the host name: libpq's connect_timeout begins after it.
        async with asyncio.timeout(CONNECT_SECONDS + 0.5):
            connection = await AsyncConnection.connect(**self._parameters())
        try:
            await migrate(connection)
            with answer_within(connection, CONNECT_SECONDS):
                await connection.execute(self._housekeeping)
            self._publish(Generation(await self._open_pool(), Gate(self._settings.pool_size), []))
            await self._watch(connection)
        finally:
            await connection.close()

    async def _knock(self) -> None:
        """Return when somebody listens; raise OSError or TimeoutError when nobody does."""
        host, port = self._settings.database.get("host", ""), self._settings.database.get("port", 5432)
        if not host or host.startswith("/") or "," in host:
            return
        for _ in range(KNOCKS):
            with suppress(TimeoutError):
                async with asyncio.timeout(KNOCK_SECONDS):
                    _, writer = await asyncio.open_connection(host, int(port))
                    writer.close()
                    return
        raise TimeoutError("nobody opens")

    async def _open_pool(self) -> Pool:
        size = self._settings.pool_size
        pool: Pool = AsyncConnectionPool(
            kwargs=self._parameters(), min_size=size, max_size=size, open=False, reconnect_timeout=1
        )
        try:
            await pool.open(wait=True, timeout=CONNECT_SECONDS)
        except BaseException:
            await pool.close()
            raise
        return pool

    async def _watch(self, connection: AsyncConnection[TupleRow]) -> None:
        """Return when woken, cut off, or the generation is old; raise when the database stops answering."""
        until = monotonic() + GENERATION_SECONDS
        while monotonic() < until:
            with suppress(TimeoutError):
                async with asyncio.timeout(WATCH_SECONDS):
                    await self._wake.wait()
                    return
            try:
                with answer_within(connection, CONNECT_SECONDS):
                    await connection.execute("SELECT 1")
            except psycopg.OperationalError:
                # That this connection was cut says nothing of the server: a new one will tell.
                if self._generation:
                    self._suspect(self._generation)
                return

    def _lose(self, failure: Failure) -> None:
        if self._generation or failure != self._failure:
            logger.warning("database unavailable", extra={"fields": failure._asdict()})
        self._failure = failure
        self._publish(None)

    def _publish(self, generation: Generation | None) -> None:
        old, self._generation = self._generation, generation
        if generation:
            self.connected_once = True
            logger.info("database connected", extra={"fields": {"address": self._settings.database_address}})
        self._settled.set()
        if old:
            task = asyncio.create_task(old.close())
            self._closing.add(task)
            task.add_done_callback(self._closing.discard)

    def _parameters(self) -> dict[str, Any]:
        options = {"statement_timeout": f"{STATEMENT_SECONDS}s", "timezone": "UTC"}
        given = self._settings.database.get("options", "")
        return {
            **self._settings.database,
            "application_name": self._settings.pod,
            "connect_timeout": int(CONNECT_SECONDS),
            # A node that died sends no reset; without these the kernel waits for minutes.
            "tcp_user_timeout": int(ANSWER_SECONDS * 1000),
            "keepalives_idle": 5,
            "keepalives_interval": 1,
            "keepalives_count": 3,
            "options": " ".join([given, *(f"-c {name}={value}" for name, value in options.items())]).strip(),
            "autocommit": True,
            # Every statement of the api comes again: prepare it the first time.
            "prepare_threshold": 0,
        }
