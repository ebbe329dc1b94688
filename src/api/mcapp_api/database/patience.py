"""How long the api waits: the limits of time, and what enforces one on a query."""

from __future__ import annotations

import asyncio
import os
import socket
from types import TracebackType

import psycopg
from psycopg import AsyncConnection
from psycopg.rows import TupleRow

RETRY_SECONDS = 0.25
WATCH_SECONDS = 0.5
CONNECT_SECONDS = 2.0
# A Service without endpoints refuses a connection by ICMP, which Linux sends about once a second.
# The other attempts get no answer, and the kernel repeats a SYN only after a second. A new attempt twice a
# second reaches the port sooner. A server that needs more than this for a TCP handshake is too far away to
# complete a login within CONNECT_SECONDS.
PROBE_SECONDS = 0.5
PROBES = 3
# A crowd that asks at one moment waits rather than being refused. The rest of ANSWER_SECONDS is for the
# statement.
CHECKOUT_SECONDS = 1.5
STATEMENT_SECONDS = 1.5
# Less than STATEMENT_SECONDS, so that PostgreSQL names the lock; less than CHECKOUT_SECONDS, so that a
# request which waits for a connection still gets one while others wait for the lock.
LOCK_SECONDS = 0.75
# For so long, a request that gets no connection is told of the lock that keeps the connections busy.
LOCK_KNOWN_SECONDS = 2.0
# For one request, its repeat included: less than the 3 s that a client is promised.
ANSWER_SECONDS = 2.5
# A repeat needs at least this much of ANSWER_SECONDS.
REPEAT_SECONDS = 0.5
GENERATION_SECONDS = 3600.0
CERTIFICATE_SECONDS = 60.0


class answer_within:  # noqa: N801 - used as a function, like contextlib's
    """Raise TimeoutError and close `connection` when the block's queries on it take longer than `seconds`.

    A cancelled task would make psycopg ask the server to cancel the query, and wait for a server that
    does not answer. To shut the socket down ends the wait on this side alone.
    """

    __slots__ = ("_connection", "_late", "_seconds", "_timer")

    def __init__(self, connection: AsyncConnection[TupleRow], seconds: float) -> None:
        self._connection = connection
        self._seconds = seconds
        self._late = False

    def __enter__(self) -> None:
        self._timer = asyncio.get_running_loop().call_later(self._seconds, self._give_up)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._timer.cancel()
        if self._late and isinstance(error, psycopg.OperationalError):
            raise TimeoutError(f"no answer within {self._seconds:.1f} s") from error

    def _give_up(self) -> None:
        self._late = True
        if not self._connection.closed:
            with socket.socket(fileno=os.dup(self._connection.fileno())) as copy:
                copy.shutdown(socket.SHUT_RDWR)
