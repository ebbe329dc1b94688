"""What each exception is to a client: its problem."""

from __future__ import annotations

from typing import Any

from fastapi import Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException
from starlette.routing import Match

from . import store
from .database.client import UnavailableError
from .database.reasons import Code
from .problems import Kind, ProblemError, render
from .routes import ROUTERS

# What FastAPI must hand to `answer`; anything else would end in its own words.
HANDLED = (
    ProblemError,
    RequestValidationError,
    UnavailableError,
    store.NoSuchTaskError,
    store.VersionMismatchError,
    HTTPException,
    Exception,
)
_BY_STATUS = {kind.status: kind for kind in (Kind.MALFORMED, Kind.NOT_FOUND, Kind.TOO_LARGE)}


def answer(request: Request, error: Exception) -> Response:
    """Build the response that tells a client of `error`."""
    problem = error if isinstance(error, ProblemError) else _problem(request, error)
    return render(problem, instance=request.url.path, request_id=request.state.request_id)


def _problem(request: Request, error: Exception) -> ProblemError:
    match error:
        case RequestValidationError():
            return _invalid_input(error)
        case UnavailableError():
            return _unavailable(request.method, error)
        case store.NoSuchTaskError():
            return ProblemError(Kind.NOT_FOUND, f"There is no task {request.path_params['task_id']}.")
        case store.VersionMismatchError():
            return ProblemError(Kind.VERSION)
        case HTTPException(status_code=Kind.METHOD.status):
            return ProblemError(Kind.METHOD, headers={"Allow": ", ".join(_methods(request))})
        case HTTPException() if error.status_code in _BY_STATUS:
            return ProblemError(_BY_STATUS[error.status_code])
    return ProblemError(Kind.INTERNAL)


def _unavailable(method: str, error: UnavailableError) -> ProblemError:
    if error.failure.code is Code.SCHEMA:
        return ProblemError(Kind.SCHEMA, f"{error.failure.reason}.")
    detail = f"The database cannot be used: {error.failure.reason}."
    members: dict[str, Any] = {"code": error.failure.code}
    if error.lost and method != "GET":
        detail += " The change may have been made all the same."
        members["maybe_done"] = True
    return ProblemError(Kind.DATABASE, detail, headers={"Retry-After": "1"}, **members)


def _methods(request: Request) -> list[str]:
    """Return every method of the request's address; Starlette's own Allow names those of one route only."""
    return sorted(
        method
        for router in ROUTERS
        for route in router.routes
        if isinstance(route, APIRoute) and route.matches(request.scope)[0] is not Match.NONE
        for method in route.methods or ()
    )


def _invalid_input(error: RequestValidationError) -> ProblemError:
    broken = error.errors()
    if any(one["type"] == "json_invalid" for one in broken):
        return ProblemError(Kind.MALFORMED)
    errors = [_invalid_value(one["loc"], one["msg"]) for one in broken]
    count = f"{len(errors)} values are" if len(errors) > 1 else "1 value is"
    return ProblemError(Kind.INVALID, f"{count} not valid.", errors=errors)


def _invalid_value(location: tuple[Any, ...], message: str) -> dict[str, str]:
    where, *path = location
    if where == "body":
        escaped = (str(part).replace("~", "~0").replace("/", "~1") for part in path)
        return {"pointer": "/".join(["#", *escaped]), "detail": message}
    return {"parameter": str(path[0]), "detail": message}
