"""/api/tasks."""

from __future__ import annotations

import base64
import re
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Header, Path, Query, Request, Response

from .. import store
from ..database.client import Database
from ..models import NewTask, Task, TaskChange, TaskPage
from ..openapi import problems
from ..problems import Kind, ProblemError

USUAL_PAGE, BIGGEST_PAGE = 20, 100

_JSON = "application/json"
_ETAG = {"description": "The task's version, for If-Match.", "schema": {"type": "string"}, "example": '"1"'}
_WITH_ETAG = {"headers": {"ETag": _ETAG}}
_MADE = {"headers": {"ETag": _ETAG, "Location": {"schema": {"type": "string"}, "example": "/api/tasks/7"}}}


# What a read is asked by. The shortcut around FastAPI (middleware/shortcut.py) reads these declarations, too.
TaskId = Annotated[int, Path(ge=1, le=store.BIGGEST_ID, examples=[7])]
Limit = Annotated[int, Query(ge=1, le=BIGGEST_PAGE)]
Done = Annotated[bool | None, Query(description="Only done, or only open, tasks.")]
Cursor = Annotated[
    str | None, Query(description="`next` of the page before; absent for the first page.", max_length=64)
]


# Dependencies are coroutines: FastAPI runs a plain function in a thread, which takes longer than the query.


async def _database(request: Request) -> Database:
    db: Database = request.app.state.database
    return db


async def _json_only(request: Request) -> None:
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type != _JSON:
        raise ProblemError(Kind.MEDIA_TYPE)


async def _versions(
    if_match: Annotated[
        str | None,
        Header(description='An ETag such as "3", several, or *: change the task only if it matches.'),
    ] = None,
) -> list[int] | None:
    if if_match is None or if_match.strip() == "*":
        return None
    # A tag that this api never gave, such as a weak one, matches nothing: the list is empty.
    tags = re.findall(r'(?<!W/)"([1-9]\d{0,17})"', if_match, re.ASCII)
    return [int(tag) for tag in tags]


async def _before(cursor: Cursor = None) -> int:
    if cursor is None:
        return store.BIGGEST_ID
    before = id_of_cursor(cursor)
    if before is None:
        errors = [{"parameter": "cursor", "detail": "This is not the `next` of any page."}]
        raise ProblemError(Kind.INVALID, "1 value is not valid.", errors=errors)
    return before


def id_of_cursor(cursor: str) -> int | None:
    """Return the id below which a page begins; None where the cursor is not valid."""
    try:
        before = int(base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True))
    except ValueError:
        return None
    return before if 0 < before <= store.BIGGEST_ID else None


def _cursor(task_id: int) -> str:
    return base64.urlsafe_b64encode(str(task_id).encode()).decode().rstrip("=")


async def page(db: Database, *, before: int, limit: int, done: bool | None) -> Response:
    """Answer with up to `limit` tasks below the id `before`, newest first."""
    # One more row than `limit` tells whether there is a next page.
    rows = await store.page(db, before=before, limit=limit + 1, done=done)
    items = rows[:limit]
    following = f'"{_cursor(items[-1].id)}"' if len(rows) > limit else "null"
    return Response(
        f'{{"items":[{",".join(row.json for row in items)}],"next":{following}}}', media_type=_JSON
    )


async def read(db: Database, task_id: int) -> Response:
    """Answer with one task. Raises store.NoSuchTaskError."""
    return _answer(await store.get(db, task_id))


def _answer(row: store.Row, status: int = 200) -> Response:
    headers = {"ETag": f'"{row.version}"'}
    if status == 201:
        headers["Location"] = f"/api/tasks/{row.id}"
    return Response(row.json, status, headers, _JSON)


Db = Annotated[Database, Depends(_database)]
Versions = Annotated[list[int] | None, Depends(_versions)]
JsonOnly = Depends(_json_only)
_COMMON = (Kind.INVALID, Kind.INTERNAL, Kind.DATABASE, Kind.SCHEMA)
_WITH_BODY = (Kind.MALFORMED, Kind.TOO_LARGE, Kind.MEDIA_TYPE)
_CONDITIONAL = (Kind.ORIGIN, Kind.NOT_FOUND, Kind.VERSION)

router = APIRouter(prefix="/api/tasks", tags=["tasks"])


@router.post(
    "",
    status_code=201,
    dependencies=[JsonOnly],
    responses={
        201: {"model": Task, "description": "Made.", **_MADE},
        200: {"model": Task, "description": "Made before with this Idempotency-Key.", **_WITH_ETAG},
        **problems(Kind.ORIGIN, *_WITH_BODY, Kind.TASK_GONE, Kind.KEY_REUSED, *_COMMON),
    },
)
async def create_task(
    db: Db,
    body: NewTask,
    idempotency_key: Annotated[
        UUID | None, Header(description="Makes the request safe to repeat, for 24 hours.")
    ] = None,
) -> Response:
    """Make a task."""
    if idempotency_key is None:
        return _answer(await store.create(db, body.title), 201)
    try:
        row, new = await store.create_once(db, body.title, idempotency_key)
    except store.KeyReusedError as error:
        raise ProblemError(Kind.KEY_REUSED) from error
    except store.TaskGoneError as error:
        raise ProblemError(Kind.TASK_GONE) from error
    return _answer(row, 201 if new else 200)


@router.get("", response_model=TaskPage, responses=problems(*_COMMON))
async def list_tasks(
    db: Db,
    before: Annotated[int, Depends(_before)],
    limit: Limit = USUAL_PAGE,
    done: Done = None,
) -> Response:
    """Read a page of tasks, newest first."""
    return await page(db, before=before, limit=limit, done=done)


@router.get(
    "/{task_id}", responses={200: {"model": Task, **_WITH_ETAG}, **problems(Kind.NOT_FOUND, *_COMMON)}
)
async def read_task(db: Db, task_id: TaskId) -> Response:
    """Read a task."""
    return await read(db, task_id)


@router.patch(
    "/{task_id}",
    dependencies=[JsonOnly],
    responses={200: {"model": Task, **_WITH_ETAG}, **problems(*_WITH_BODY, *_CONDITIONAL, *_COMMON)},
)
async def change_task(db: Db, task_id: TaskId, versions: Versions, body: TaskChange) -> Response:
    """Change a task's title, or whether it is done."""
    return _answer(await store.change(db, task_id, title=body.title, done=body.done, versions=versions))


@router.post(
    "/{task_id}/complete",
    responses={200: {"model": Task, **_WITH_ETAG}, **problems(*_CONDITIONAL, *_COMMON)},
)
async def complete_task(db: Db, task_id: TaskId, versions: Versions) -> Response:
    """Mark a task as done. A second call changes nothing."""
    return _answer(await store.change(db, task_id, title=None, done=True, versions=versions))


@router.delete("/{task_id}", status_code=204, responses=problems(*_CONDITIONAL, *_COMMON))
async def delete_task(db: Db, task_id: TaskId, versions: Versions) -> Response:
    """Delete a task."""
    await store.delete(db, task_id, versions=versions)
    return Response(status_code=204)
