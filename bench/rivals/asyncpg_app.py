"""The minimum on FastAPI and asyncpg: the api's SQL, and its JSON passed on unchanged.

It has no log line, no metrics, no request id, no time limit, and no way to outlive a lost database.
"""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg
from fastapi import FastAPI, HTTPException, Response

from bench.speed.reads import LIST, ONE
from mcapp_api.settings import Settings
from mcapp_api.store import BIGGEST_ID

_ONE = ONE.placeholders("${n}")
_LIST = LIST.placeholders("${n}")
_JSON = "application/json"


class _Connection(asyncpg.Connection):  # type: ignore[misc]
    def get_reset_query(self) -> str:
        """Save the round trip that asyncpg's pool adds to each request."""
        return ""


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    size = Settings.from_environment(os.environ).pool_size
    async with asyncpg.create_pool(
        os.environ["DATABASE_URL"], min_size=size, max_size=size, connection_class=_Connection
    ) as app.state.pool:
        yield


app = FastAPI(lifespan=_lifespan)


@app.get("/api/tasks/{task_id}")
async def read_task(task_id: int) -> Response:
    """Read a task."""
    row = await app.state.pool.fetchrow(_ONE, task_id)
    if row is None:
        raise HTTPException(404)
    return Response(row[2], media_type=_JSON)


@app.get("/api/tasks")
async def list_tasks(limit: int = 20) -> Response:
    """Read the newest tasks."""
    rows = await app.state.pool.fetch(_LIST, BIGGEST_ID, limit + 1)
    return Response(f'{{"items":[{",".join(row[2] for row in rows[:limit])}]}}', media_type=_JSON)
