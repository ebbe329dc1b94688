"""A bare loop without HTTP: a coroutine for each connection repeats the api's SQL.

    python -m bench.rivals.psycopg_loop READ SECONDS WARM_UP_SECONDS

prints the statements per second and the CPU time of each in microseconds. The pool has the size and the
settings of the api's.
"""

from __future__ import annotations

import asyncio
import os
import random
import sys
from time import monotonic, process_time

import uvloop
from psycopg_pool import AsyncConnectionPool

from bench.speed.reads import READS, TASKS
from mcapp_api.settings import Settings


async def _run(name: str, seconds: float, warm_up: float) -> tuple[float, float]:
    read = READS[name]
    settings = Settings.from_environment(os.environ)
    size = settings.pool_size
    # psycopg takes user and password from the environment, as the api does.
    parameters = {**settings.database, "autocommit": True, "prepare_threshold": 0}
    async with AsyncConnectionPool(kwargs=parameters, min_size=size, max_size=size, open=False) as pool:
        await pool.wait()
        start = monotonic() + warm_up
        end = start + seconds

        used = 0.0

        async def worker() -> int:
            count = 0
            nonlocal used
            while (now := monotonic()) < end:
                connection = await pool.getconn()
                try:
                    values = read.values(random.randint(1, TASKS))  # noqa: S311
                    cursor = await connection.execute(read.sql.encode(), values)
                    await cursor.fetchall()
                finally:
                    await pool.putconn(connection)
                if now >= start:
                    used = used or process_time()
                    count += 1
            return count

        count = sum(await asyncio.gather(*(worker() for _ in range(size))))
        return count / seconds, (process_time() - used) / count * 1e6


if __name__ == "__main__":
    _, name, seconds, warm_up = sys.argv
    print(*uvloop.run(_run(name, float(seconds), float(warm_up))))
