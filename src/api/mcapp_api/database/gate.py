"""The queue before the pool: as many requests pass as the pool has connections.

The pool's own queue makes a task, a condition and a lock for each request that waits in it. That is a fifth
of all the time of a busy api (docs/api-speed.md). Here a request waits for one future. The queue is limited:
a request that would get its connection too late is refused at once.
"""

from __future__ import annotations

import asyncio

from psycopg_pool import PoolTimeout, TooManyRequests

# For each connection. A query takes less than 1 ms, so the last request in the queue waits for about 50 ms.
WAITING_PER_CONNECTION = 64


class Gate:
    """Lets `size` requests pass at a time; the others wait in the order of their arrival."""

    def __init__(self, size: int) -> None:
        self._places = asyncio.Semaphore(size)
        self._most_waiting = size * WAITING_PER_CONNECTION
        self.waiting = 0

    async def enter(self, seconds: float) -> None:
        """Take a place. Raises PoolTimeout after `seconds`, TooManyRequests where the queue is full."""
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
        """Let every waiting request pass: the pool is closing, and refuses each one."""
        for _ in range(self.waiting):
            self._places.release()

    def leave(self) -> None:
        """Give a place back."""
        self._places.release()
