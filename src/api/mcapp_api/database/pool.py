"""The connections to PostgreSQL, as long as one pool lasts."""

from __future__ import annotations

from contextlib import AsyncExitStack
from typing import Any, NamedTuple

from psycopg import AsyncConnection, AsyncCursor
from psycopg.rows import TupleRow
from psycopg_pool import AsyncConnectionPool, PoolTimeout

from ..settings import Settings
from .gate import Gate
from .patience import ANSWER_SECONDS, CONNECT_SECONDS, LOCK_SECONDS, STATEMENT_SECONDS

Pool = AsyncConnectionPool[AsyncConnection[TupleRow]]


class Generation(NamedTuple):
    """One pool, the queue before it, and its idle connections, each with the one cursor that it has.

    A connection that answered well goes to `idle` and not back to the pool: the pool's own way out and
    in takes longer than all else around a query. The pool gets the broken ones, closes them and opens
    new ones.
    """

    pool: Pool
    gate: Gate
    idle: list[AsyncCursor[TupleRow]]

    async def close(self) -> None:
        """Close every idle connection now, and each one in use when it is returned."""
        self.gate.admit_all()
        while self.idle:
            await self.pool.putconn(self.idle.pop().connection)
        await self.pool.close()


async def open_generation(settings: Settings) -> Generation:
    """Connect `settings.pool_size` times. Raises psycopg.OperationalError after CONNECT_SECONDS."""
    size = settings.pool_size
    pool: Pool = AsyncConnectionPool(
        kwargs=parameters(settings), min_size=size, max_size=size, open=False, reconnect_timeout=1
    )
    try:
        await pool.open(wait=True, timeout=CONNECT_SECONDS)
    except BaseException as error:
        await pool.close()
        if isinstance(error, PoolTimeout):
            await _raise_reason(settings)
        raise
    return Generation(pool, Gate(size), [])


async def _raise_reason(settings: Settings) -> None:
    """Connect as often as the pool does, and raise why one is refused: the pool tells only of its time."""
    async with AsyncExitStack() as stack:
        for _ in range(settings.pool_size):
            connection = await AsyncConnection.connect(**parameters(settings))
            stack.push_async_callback(connection.close)


def parameters(settings: Settings) -> dict[str, Any]:
    """Return the arguments of psycopg's `connect`."""
    limits = {"statement_timeout": STATEMENT_SECONDS, "lock_timeout": LOCK_SECONDS}
    options = {**{name: f"{seconds}s" for name, seconds in limits.items()}, "timezone": "UTC"}
    given = settings.database.get("options", "")
    return {
        **settings.database,
        "application_name": settings.pod,
        # Whatever is set for the role: a title may be in any language.
        "client_encoding": "utf8",
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
