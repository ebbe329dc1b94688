"""The JSON of tasks: what a client sends and gets."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

# No control characters: PostgreSQL stores no NUL, and a page shows none of them.
Title = Annotated[
    str,
    StringConstraints(
        strip_whitespace=True, min_length=1, max_length=200, pattern=r"^[^\x00-\x1f\x7f-\x9f]+$", strict=True
    ),
    Field(
        description="1 to 200 characters after trimming, none of them a control character.",
        examples=["Buy milk"],
    ),
]
Done = Annotated[bool, Field(strict=True, examples=[True])]


class NewTask(BaseModel):
    """The body of a request that makes a task."""

    model_config = ConfigDict(extra="forbid")

    title: Title


class TaskChange(BaseModel):
    """The body of a request that changes a task: a member that is absent or null changes nothing."""

    model_config = ConfigDict(extra="forbid")

    title: Title | None = None
    done: Done | None = None


class Task(BaseModel):
    """A task."""

    id: int = Field(examples=[7])
    title: Title
    done: Done
    created_at: datetime
    updated_at: datetime


class TaskPage(BaseModel):
    """Some tasks, newest first; `next` is the cursor of the page after this one, null on the last."""

    items: list[Task]
    next: str | None = Field(examples=["Nw"])
