"""The queue before the pool: as many requests pass as the pool has connections.

The pool's own queue makes a task, a condition and a lock for each request that waits in it. That is a fifth
of all the time of a busy api (docs/api-speed.md). Here a request waits for one future. The queue is limited:
a request that would get its connection too late is refused at once.
"""

from __future__ import annotations

import asyncio
from collections import deque

from psycopg_pool import PoolTimeout, TooManyRequests

# For each connection. A replica answers about 800 requests a second, so the last of a queue of four times
# this is answered in 1.3 s, before its patience ends. It is a hall of a thousand that opens the page at once.
WAITING_PER_CONNECTION = 256


class Gate:
    """Lets `size` requests pass at a time; the others wait in the order of their arrival."""

    def __init__(self, size: int) -> None:
        self._free = size
        self._most_waiting = size * WAITING_PER_CONNECTION
        self._queue: deque[asyncio.Future[bool]] = deque()

    @property
    def waiting(self) -> int:
        """How many requests wait."""
        return len(self._queue)

    async def enter(self, seconds: float) -> None:
        """Take a place. Raises PoolTimeout after `seconds`, TooManyRequests where the queue is full."""
        if self._free:
            self._free -= 1
            return
        if self.waiting >= self._most_waiting:
            raise TooManyRequests(f"{self.waiting} requests wait for a connection")
        loop = asyncio.get_running_loop()
        turn: asyncio.Future[bool] = loop.create_future()
        self._queue.append(turn)
        timer = loop.call_later(seconds, self._give_up, turn)
        try:
            if not await turn:
                raise PoolTimeout(f"couldn't get a connection within {seconds:.1f} s")
        except asyncio.CancelledError:
            # The place may have been given in the same moment.
            if not turn.cancelled() and turn.result():
                self.leave()
            raise
        finally:
            timer.cancel()

    def admit_all(self) -> None:
        """Let every waiting request pass: the pool is closing, and refuses each one."""
        for _ in range(self.waiting):
            self.leave()

    def leave(self) -> None:
        """Give a place back: to the request that waits for the longest time, if one does."""
        while self._queue:
            turn = self._queue.popleft()
            # It may have been cancelled.
            if not turn.done():
                turn.set_result(True)
                return
        self._free += 1

    def _give_up(self, turn: asyncio.Future[bool]) -> None:
        if not turn.done():
            self._queue.remove(turn)
            turn.set_result(False)
