"""The plain reads of tasks, answered without FastAPI: most of the traffic, at a fraction of the work."""

from __future__ import annotations

import re
from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import Request, Response
from fastapi.routing import APIRoute
from starlette.types import ASGIApp, Receive, Scope, Send

from .. import store
from ..database.client import Database, UnavailableError
from ..routes import tasks

_MANY_PATH = tasks.router.prefix
_ONE_PATH = re.compile(rf"{_MANY_PATH}/([1-9][0-9]{{0,17}})", re.ASCII)
_QUERY = {
    b"cursor": re.compile(rb"[\w-]{1,64}"),
    b"done": re.compile(rb"true|false"),
    b"limit": re.compile(rb"[1-9][0-9]?|%d" % tasks.BIGGEST_PAGE),
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
        if path == _MANY_PATH:
            return self._many(scope, query)
        if not query and (match := _ONE_PATH.fullmatch(path)):
            scope["route"], scope["path_params"] = _ROUTES["read_task"], {"task_id": match[1]}
            return tasks.read(self._database, int(match[1]))
        return None

    def _many(self, scope: Scope, query: bytes) -> Coroutine[Any, Any, Response] | None:
        given: dict[bytes, bytes] = {}
        for pair in query.split(b"&") if query else ():
            name, _, value = pair.partition(b"=")
            if name in given or name not in _QUERY or not _QUERY[name].fullmatch(value):
                return None
            given[name] = value
        before = store.BIGGEST_ID
        if b"cursor" in given:
            known = tasks.id_of_cursor(given[b"cursor"].decode())
            if known is None:
                return None
            before = known
        done = given[b"done"] == b"true" if b"done" in given else None
        scope["route"] = _ROUTES["list_tasks"]
        limit = int(given.get(b"limit", tasks.USUAL_PAGE))
        return tasks.page(self._database, before=before, limit=limit, done=done)
