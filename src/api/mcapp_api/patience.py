"""How long to wait for a server that accepted a query and says nothing."""

from __future__ import annotations

import asyncio
import os
import socket
from types import TracebackType

import psycopg
from psycopg import AsyncConnection
from psycopg.rows import TupleRow


class answer_within:  # noqa: N801 - used as a function, like contextlib's
    """Raise TimeoutError if the block's queries on `connection` take longer; the connection is closed then.

    Cancelling the task instead would make psycopg ask the server to cancel the query, and wait for
    a server that does not answer. Shutting the socket down ends the wait on our side alone.
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
            with socket.socket(fileno=os.dup(self._connection.fileno())) as ours:
                ours.shutdown(socket.SHUT_RDWR)
