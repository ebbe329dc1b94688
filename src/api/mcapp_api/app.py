"""The ASGI application, put together."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse
from starlette.routing import Match
from starlette.types import ASGIApp

from . import health_routes, metrics, openapi, problem_routes, store, task_routes, topology
from .database import Database, UnavailableError
from .edge import Edge
from .lifecycle import Lifecycle
from .problems import Kind, ProblemError, render
from .settings import Settings
from .shortcut import Shortcut
from .version import VERSION

_ROUTERS = (task_routes.router, topology.router, problem_routes.router, health_routes.router)
_BY_STATUS = {kind.status: kind for kind in (Kind.MALFORMED, Kind.NOT_FOUND, Kind.TOO_LARGE)}


def create_app(settings: Settings, lifecycle: Lifecycle) -> ASGIApp:
    """Build the application; it looks for the database from its start to its end."""
    database = Database(settings, housekeeping=store.FORGET_OLD_KEYS)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        database.start()
        yield
        await database.stop()

    app = FastAPI(
        title="mcapp api",
        version=VERSION,
        description="Tasks, and the way of a request through the tiers. Every error is an RFC 9457 problem.",
        lifespan=lifespan,
        redirect_slashes=False,
        # No Swagger UI, no ReDoc: they load from a CDN, and a classroom may have no internet.
        openapi_url=None,
    )
    app.state.settings = settings
    app.state.lifecycle = lifecycle
    app.state.database = database
    metrics.registry.register(metrics.DatabaseCollector(database))
    for router in _ROUTERS:
        app.include_router(router)

    @app.get("/api/openapi.json", include_in_schema=False)
    async def openapi_document() -> JSONResponse:
        return JSONResponse(openapi.document(app))

    for error, handler in _HANDLERS.items():
        app.add_exception_handler(error, handler)
    return Edge(Shortcut(app, database, _problem), lifecycle)


def _problem(request: Request, error: Exception) -> Response:
    problem = error if isinstance(error, ProblemError) else _translate(request, error)
    return render(problem, instance=request.url.path, request_id=request.state.request_id)


def _translate(request: Request, error: Exception) -> ProblemError:
    """Return the problem that `error` is to a client."""
    match error:
        case RequestValidationError():
            return _validation(error)
        case UnavailableError():
            if error.failure.code == "schema":
                return ProblemError(Kind.SCHEMA, f"{error.failure.reason}.")
            detail = f"The database cannot be used: {error.failure.reason}."
            members: dict[str, Any] = {"code": error.failure.code}
            if error.lost and request.method != "GET":
                detail += " The change may have been made all the same."
                members["maybe_done"] = True
            return ProblemError(Kind.DATABASE, detail, headers={"Retry-After": "1"}, **members)
        case store.NoSuchTaskError():
            return ProblemError(Kind.NOT_FOUND, f"There is no task {request.path_params['task_id']}.")
        case store.VersionMismatchError():
            return ProblemError(Kind.VERSION)
        case HTTPException(status_code=Kind.METHOD.status):
            return ProblemError(Kind.METHOD, headers={"Allow": ", ".join(_methods(request))})
        case HTTPException() if error.status_code in _BY_STATUS:
            return ProblemError(_BY_STATUS[error.status_code])
    return ProblemError(Kind.INTERNAL)


def _methods(request: Request) -> list[str]:
    """Return every method of the request's address; Starlette's own Allow names those of one route only."""
    return sorted(
        method
        for router in _ROUTERS
        for route in router.routes
        if isinstance(route, APIRoute) and route.matches(request.scope)[0] is not Match.NONE
        for method in route.methods or ()
    )


def _validation(error: RequestValidationError) -> ProblemError:
    found = error.errors()
    if any(one["type"] == "json_invalid" for one in found):
        return ProblemError(Kind.MALFORMED)
    errors = [_invalid_value(one["loc"], one["msg"]) for one in found]
    count = f"{len(errors)} values are" if len(errors) > 1 else "1 value is"
    return ProblemError(Kind.INVALID, f"{count} not valid.", errors=errors)


def _invalid_value(location: tuple[Any, ...], message: str) -> dict[str, str]:
    where, *path = location
    if where == "body":
        escaped = (str(part).replace("~", "~0").replace("/", "~1") for part in path)
        return {"pointer": "/".join(["#", *escaped]), "detail": message}
    return {"parameter": str(path[0]), "detail": message}


_HANDLERS: dict[type[Exception], Any] = dict.fromkeys(
    (
        ProblemError,
        RequestValidationError,
        UnavailableError,
        store.NoSuchTaskError,
        store.VersionMismatchError,
        HTTPException,
        Exception,
    ),
    _problem,
)
