"""The plain reads of tasks, answered without FastAPI: most of the traffic, at a fraction of the work."""

from __future__ import annotations

import re
from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import Request, Response
from fastapi.routing import APIRoute
from pydantic import TypeAdapter, ValidationError
from starlette.types import ASGIApp, Receive, Scope, Send

from .. import store
from ..database.client import Database, UnavailableError
from ..routes import tasks

_MANY_PATH = tasks.router.prefix
_ONE_PATH = re.compile(rf"{_MANY_PATH}/(\w+)", re.ASCII)
# Nothing is escaped in such a value.
_PLAIN = re.compile(rb"[\w.~-]*")
# The routes' own declarations decide what is valid.
_ID: TypeAdapter[int] = TypeAdapter(tasks.TaskId)
_QUERY: dict[bytes, TypeAdapter[Any]] = {
    b"cursor": TypeAdapter(tasks.Cursor),
    b"done": TypeAdapter(tasks.Done),
    b"limit": TypeAdapter(tasks.Limit),
}
# For the log and the metrics, which name the route of a request.
_ROUTES = {route.name: route for route in tasks.router.routes if isinstance(route, APIRoute)}


class Shortcut:
    """Answers a plain read of tasks itself and hands every other request on to `app`.

    A request takes the short way only if it is valid beyond doubt; it then ends in the function that its
    FastAPI route calls. Anything unusual, each invalid value included, goes to FastAPI, whose answer is the
    standard. `answer` builds the response to an error.
    """

    def __init__(
        self, app: ASGIApp, database: Database, answer: Callable[[Request, Exception], Response]
    ) -> None:
        self._app = app
        self._database = database
        self._answer = answer

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        reading = self._plain_read(scope) if scope.get("method") == "GET" else None
        if reading is None:
            await self._app(scope, receive, send)
            return
        fault = None
        try:
            response = await reading
        except Exception as error:
            response = self._answer(Request(scope), error)
            fault = None if isinstance(error, (store.NoSuchTaskError, UnavailableError)) else error
        await response(scope, receive, send)
        if fault:
            raise fault

    def _plain_read(self, scope: Scope) -> Coroutine[Any, Any, Response] | None:
        """Return the read that a GET asks for, None where FastAPI must look at it."""
        path: str = scope["path"]
        query: bytes = scope["query_string"]
        try:
            if path == _MANY_PATH:
                return self._many(scope, query)
            if not query and (match := _ONE_PATH.fullmatch(path)):
                return self._one(scope, match[1])
        except ValidationError:
            pass
        return None

    def _one(self, scope: Scope, text: str) -> Coroutine[Any, Any, Response]:
        task = _ID.validate_python(text)
        scope["route"], scope["path_params"] = _ROUTES["read_task"], {"task_id": text}
        return tasks.read(self._database, task)

    def _many(self, scope: Scope, query: bytes) -> Coroutine[Any, Any, Response] | None:
        given: dict[bytes, Any] = {}
        for pair in query.split(b"&") if query else ():
            name, _, value = pair.partition(b"=")
            if name in given or name not in _QUERY or not _PLAIN.fullmatch(value):
                return None
            given[name] = _QUERY[name].validate_python(value.decode())
        before = tasks.id_of_cursor(given[b"cursor"]) if b"cursor" in given else store.BIGGEST_ID
        if before is None:
            return None
        scope["route"] = _ROUTES["list_tasks"]
        limit = given.get(b"limit", tasks.USUAL_PAGE)
        return tasks.page(self._database, before=before, limit=limit, done=given.get(b"done"))
