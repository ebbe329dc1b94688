"""How long to wait for a server that accepted a query and says nothing."""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from psycopg import AsyncConnection
from psycopg.rows import TupleRow


@contextmanager
def answer_within(connection: AsyncConnection[TupleRow], seconds: float) -> Iterator[None]:
    """Raise TimeoutError if the block's queries on `connection` take longer; the connection is closed then.

    Cancelling the task instead would make psycopg ask the server to cancel the query, and wait for
    a server that does not answer. Shutting the socket down ends the wait on our side alone.
    """
    late = False

    def give_up() -> None:
        nonlocal late
        late = True
        if not connection.closed:
            with socket.socket(fileno=os.dup(connection.fileno())) as ours:
                ours.shutdown(socket.SHUT_RDWR)

    timer = asyncio.get_running_loop().call_later(seconds, give_up)
    try:
        yield
    except psycopg.OperationalError as error:
        if late:
            raise TimeoutError(f"no answer within {seconds:.1f} s") from error
        raise
    finally:
        timer.cancel()
