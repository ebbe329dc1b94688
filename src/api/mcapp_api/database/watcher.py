"""Keeps the api connected: a pool exists only while the database answers.

A stock pool retries with a growing back-off, so a long outage is followed by a long wait. This watcher
connects every quarter of a second, and opens a new pool (a generation) as soon as that succeeds. A query
whose connection breaks wakes the watcher at once.
"""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress
from time import monotonic
from typing import LiteralString

import psycopg
from psycopg import AsyncConnection
from psycopg.rows import TupleRow

from ..settings import Settings
from . import certificate
from .migrate import MigrationBusyError, SchemaMismatchError, migrate
from .patience import (
    CERTIFICATE_SECONDS,
    CONNECT_SECONDS,
    GENERATION_SECONDS,
    PROBE_SECONDS,
    PROBES,
    RETRY_SECONDS,
    WATCH_SECONDS,
    answer_within,
)
from .pool import Generation, open_generation, parameters
from .reasons import Code, Failure, explain, is_known

logger = logging.getLogger(__name__)


class Watcher:
    """Owns the present generation; `failure` tells why there is none.

    `housekeeping` is one statement, run at the start of each generation.
    """

    def __init__(self, settings: Settings, housekeeping: LiteralString) -> None:
        self._settings = settings
        self._housekeeping = housekeeping
        self.generation: Generation | None = None
        self.failure = Failure(Code.STARTING, "the api has not reached the database yet")
        self.connected_once = False
        # As a Unix time; None where none is checked.
        self.certificate_end: float | None = None
        self._wake = asyncio.Event()
        self._settled = asyncio.Event()
        self._stopping = False
        self._task: asyncio.Task[None] | None = None
        self._closing: set[asyncio.Task[None]] = set()

    def start(self) -> None:
        """Begin to connect; returns at once."""
        self._task = asyncio.create_task(self._keep_connected())

    async def stop(self) -> None:
        """Close every connection."""
        self._stopping = True
        self._wake.set()
        if self._task:
            await self._task
        self._publish(None)
        if self._closing:
            await asyncio.wait(self._closing)

    def suspect(self, generation: Generation) -> None:
        """Look at the database at once: a connection of `generation` broke."""
        if generation is self.generation:
            self._settled.clear()
            self._wake.set()

    async def settle(self, seconds: float) -> None:
        """Wait until the watcher knows whether the database answers, for `seconds` at most."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._settled.wait()

    async def _keep_connected(self) -> None:
        while not self._stopping:
            try:
                await self._run_generation()
            except (psycopg.Error, OSError, TimeoutError, MigrationBusyError) as error:
                self._fail(await self._explain(error))
            except SchemaMismatchError as error:
                self._fail(Failure(Code.SCHEMA, str(error)))
            except Exception:
                # Whatever it is, the api goes on looking for its database.
                logger.exception("the database watcher failed")
                self._fail(Failure(Code.OTHER, "a fault of the api; its log has more"))
            else:
                continue
            with suppress(TimeoutError):
                async with asyncio.timeout(RETRY_SECONDS):
                    await self._wake.wait()

    async def _run_generation(self) -> None:
        """Connect, bring the schema up to date, open the pool, and watch the database until it is gone."""
        self._wake.clear()
        await self._probe()
        # The outer limit is for the host name: libpq's connect_timeout begins after it.
        async with asyncio.timeout(CONNECT_SECONDS + 0.5):
            connection = await AsyncConnection.connect(**parameters(self._settings))
        try:
            await migrate(connection)
            await self._keep_house(connection)
            self._publish(await open_generation(self._settings))
            look = asyncio.create_task(self._look_at_certificate())
            try:
                await self._watch(connection)
            finally:
                look.cancel()
        finally:
            await connection.close()

    async def _look_at_certificate(self) -> None:
        # A renewed one is served without a new connection of the pool.
        while True:
            # What was seen last stays known: also after its end, when no handshake succeeds.
            self.certificate_end = await certificate.end(self._settings) or self.certificate_end
            await asyncio.sleep(CERTIFICATE_SECONDS)

    async def _explain(self, error: BaseException) -> Failure:
        failure = explain(error, self._settings.database_address)
        if failure.code is Code.TLS:
            return await certificate.problem(self._settings) or failure
        return failure

    async def _keep_house(self, connection: AsyncConnection[TupleRow]) -> None:
        """Run the housekeeping; a database that only reads, or a lock, is no reason to do without reads."""
        try:
            with answer_within(connection, CONNECT_SECONDS):
                await connection.execute(self._housekeeping)
        except psycopg.Error as error:
            if connection.closed or not is_known(error):
                raise
            failure = explain(error, self._settings.database_address)
            logger.warning("housekeeping left out", extra={"fields": failure._asdict()})

    async def _probe(self) -> None:
        """Return when the server's port accepts a connection. Raises OSError, TimeoutError."""
        host, port = self._settings.database.get("host", ""), self._settings.database.get("port", 5432)
        if not host or host.startswith("/") or "," in host:
            return
        for _ in range(PROBES):
            with suppress(TimeoutError):
                async with asyncio.timeout(PROBE_SECONDS):
                    _, writer = await asyncio.open_connection(host, int(port))
                    writer.close()
                    return
        raise TimeoutError("the port accepts no connection")

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
                # That this connection was cut says nothing about the server: a new one will tell.
                if self.generation:
                    self.suspect(self.generation)
                return

    def _fail(self, failure: Failure) -> None:
        if self.generation or failure != self.failure:
            logger.warning("database unavailable", extra={"fields": failure._asdict()})
        self.failure = failure
        self._publish(None)

    def _publish(self, generation: Generation | None) -> None:
        old, self.generation = self.generation, generation
        if generation:
            self.connected_once = True
            if not self._stopping:
                # What was suspected until now was the old one: a second look would cost a good pool.
                self._wake.clear()
            logger.info("database connected", extra={"fields": {"address": self._settings.database_address}})
        self._settled.set()
        if old:
            task = asyncio.create_task(old.close())
            self._closing.add(task)
            task.add_done_callback(self._closing.discard)
