"""/healthz, /readyz, /metrics: for the kubelet and for Prometheus."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Query, Request, Response
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from pydantic import BaseModel

from .. import store
from ..database.client import Database
from ..database.migrate import APPLIED, SchemaMismatchError, pending
from ..metrics import registry
from ..openapi import problems
from ..problems import Kind, ProblemError

router = APIRouter(tags=["health"])


class Status(BaseModel):
    """The check passed."""

    status: Literal["ok"] = "ok"


@router.get("/healthz")
async def healthz() -> Status:
    """Tell that the process answers. Never asks the database: its outage is no reason to restart the api."""
    return Status()


@router.get("/readyz", responses=problems(Kind.INVALID, Kind.DATABASE, Kind.SCHEMA, Kind.DRAINING))
async def readyz(
    request: Request,
    exclude: Annotated[
        Literal["db"] | None,
        Query(description="`db`: ready once the database was reached; a later outage does not count."),
    ] = None,
) -> Status:
    """Tell whether this replica should get requests: it does not stop, and can read a task of its schema."""
    if request.app.state.lifecycle.draining:
        raise ProblemError(Kind.DRAINING)
    db: Database = request.app.state.database
    if exclude == "db" and db.connected_once:
        return Status()
    try:
        waiting = pending(await db.fetch(APPLIED, repeatable=True))
    except SchemaMismatchError as error:
        raise ProblemError(Kind.SCHEMA, f"{error}.") from error
    if waiting:
        raise ProblemError(Kind.SCHEMA, f"Migration {waiting[0].name} is missing.")
    await db.fetch(store.ANY, repeatable=True)
    return Status()


@router.get("/metrics", response_class=Response, responses={200: {"content": {"text/plain": {}}}})
async def metrics() -> Response:
    """Return Prometheus metrics."""
    return Response(generate_latest(registry), media_type=CONTENT_TYPE_LATEST)
