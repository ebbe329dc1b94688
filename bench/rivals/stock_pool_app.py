"""FastAPI on psycopg_pool as its documentation shows it, with default settings of the pool."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI, HTTPException, Response
from psycopg_pool import AsyncConnectionPool

from bench.speed.reads import PAGE_ROWS
from mcapp_api import store
from mcapp_api.models import NewTask

_JSON = "application/json"
_INSERT = (
    "INSERT INTO tasks (title) VALUES (%(title)s)"
    " RETURNING id, version, json_build_object('id', id, 'title', title)::text"
)


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    async with AsyncConnectionPool(os.environ["DATABASE_URL"], open=False) as app.state.pool:
        yield


app = FastAPI(lifespan=_lifespan)


async def _fetch(query: str, parameters: dict[str, object]) -> list[tuple[int, int, str]]:
    async with app.state.pool.connection() as connection:
        cursor = await connection.execute(query, parameters)
        rows: list[tuple[int, int, str]] = await cursor.fetchall()
        return rows


@app.get("/api/tasks/{task_id}")
async def read_task(task_id: int) -> Response:
    """Read a task."""
    rows = await _fetch(store.GET, {"id": task_id})
    if not rows:
        raise HTTPException(404)
    return Response(rows[0][2], media_type=_JSON)


@app.get("/api/tasks")
async def list_tasks() -> Response:
    """Read the newest tasks."""
    rows = await _fetch(store.LIST, {"before": store.BIGGEST_ID, "limit": PAGE_ROWS})
    return Response(f'{{"items":[{",".join(row[2] for row in rows)}]}}', media_type=_JSON)


@app.post("/api/tasks", status_code=201)
async def create_task(body: NewTask) -> Response:
    """Create a task."""
    rows = await _fetch(_INSERT, {"title": body.title})
    return Response(rows[0][2], 201, media_type=_JSON)
