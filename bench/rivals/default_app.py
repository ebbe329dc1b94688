"""The usual style: an ORM session for each request, models made of rows, default settings otherwise."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from datetime import datetime
from typing import Annotated

from fastapi import Depends, FastAPI, HTTPException
from pydantic import BaseModel, ConfigDict
from sqlalchemy import make_url, select
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

_URL = make_url(os.environ["DATABASE_URL"]).set(
    drivername="postgresql+asyncpg", username=os.environ["PGUSER"], password=os.environ["PGPASSWORD"]
)
_sessions = async_sessionmaker(create_async_engine(_URL), expire_on_commit=False)


class _Base(DeclarativeBase):
    pass


class Task(_Base):
    """A row of the table."""

    __tablename__ = "tasks"
    id: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str]
    done: Mapped[bool]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]


class TaskOut(BaseModel):
    """A task in an answer."""

    model_config = ConfigDict(from_attributes=True)
    id: int
    title: str
    done: bool
    created_at: datetime
    updated_at: datetime


class TaskList(BaseModel):
    """A page of tasks in an answer."""

    items: list[TaskOut]


async def _session() -> AsyncIterator[AsyncSession]:
    async with _sessions() as session:
        yield session


Session = Annotated[AsyncSession, Depends(_session)]
app = FastAPI()


@app.get("/api/tasks/{task_id}", response_model=TaskOut)
async def read_task(task_id: int, session: Session) -> Task:
    """Read a task."""
    task = await session.get(Task, task_id)
    if task is None:
        raise HTTPException(404)
    return task


@app.get("/api/tasks", response_model=TaskList)
async def list_tasks(session: Session, limit: int = 20) -> dict[str, object]:
    """Read the newest tasks."""
    found = await session.scalars(select(Task).order_by(Task.id.desc()).limit(limit))
    return {"items": found.all()}
