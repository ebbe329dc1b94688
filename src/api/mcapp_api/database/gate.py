"""The queue before the pool: as many requests go in as it has connections.

The pool has a queue of its own, but makes a task, a condition and a lock for each request that waits in it:
a fifth of all the time of a busy api (docs/api-speed.md). Here a request waits for a future, and only so many
wait: who would get a connection too late to be answered hears so at once, and takes nobody else's time.
"""

from __future__ import annotations

import asyncio

from psycopg_pool import PoolTimeout, TooManyRequests

# For each connection. A query takes less than a millisecond: the last one in the queue waits for some 50.
WAITING_PER_CONNECTION = 64


class Gate:
    """Places for `size` requests; the others queue, first come, first served."""

    def __init__(self, size: int) -> None:
        self._places = asyncio.Semaphore(size)
        self._most_waiting = size * WAITING_PER_CONNECTION
        self.waiting = 0

    async def enter(self, seconds: float) -> None:
        """Take a place. Raises PoolTimeout after `seconds`, TooManyRequests where too many wait already."""
        if not self._places.locked():
            await self._places.acquire()
            return
        if self.waiting >= self._most_waiting:
            raise TooManyRequests(f"{self.waiting} requests wait for a connection")
        self.waiting += 1
        try:
            async with asyncio.timeout(seconds):
                await self._places.acquire()
        except TimeoutError:
            raise PoolTimeout(f"couldn't get a connection within {seconds:.1f} s") from None
        finally:
            self.waiting -= 1

    def admit_all(self) -> None:
        """Let everybody in who waits: the pool is closing, and tells them so."""
        for _ in range(self.waiting):
            self._places.release()

    def leave(self) -> None:
        """Give a place back."""
        self._places.release()
