"""The plain reads of tasks, answered without FastAPI: most of the traffic, at a fraction of the work.

Only a request that is right beyond doubt takes this way, and it ends in what its FastAPI route would have
called. All that is unusual, every wrong value among it, goes to FastAPI, whose answers are the standard.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import Request, Response
from fastapi.routing import APIRoute
from starlette.types import ASGIApp, Receive, Scope, Send

from . import store, task_routes
from .database import Database, UnavailableError

_MANY_PATH = task_routes.router.prefix
_ONE_PATH = re.compile(rf"{_MANY_PATH}/([1-9][0-9]{{0,17}})", re.ASCII)
_QUERY = {
    b"cursor": re.compile(rb"[\w-]{1,64}"),
    b"done": re.compile(rb"true|false"),
    b"limit": re.compile(rb"[1-9][0-9]?|%d" % task_routes.BIGGEST_PAGE),
}
# For the log and the metrics, which name the route of a request.
_ROUTES = {route.name: route for route in task_routes.router.routes if isinstance(route, APIRoute)}


class Shortcut:
    """The ASGI application before FastAPI's; `explain` makes an error the answer that it is there."""

    def __init__(
        self, app: ASGIApp, database: Database, explain: Callable[[Request, Exception], Response]
    ) -> None:
        self._app = app
        self._database = database
        self._explain = explain

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request; whatever is no plain read passes through."""
        reading = self._plain_read(scope) if scope.get("method") == "GET" else None
        if reading is None:
            await self._app(scope, receive, send)
            return
        fault = None
        try:
            response = await reading
        except Exception as error:
            response = self._explain(Request(scope), error)
            fault = None if isinstance(error, (store.NoSuchTaskError, UnavailableError)) else error
        await response(scope, receive, send)
        if fault:
            raise fault

    def _plain_read(self, scope: Scope) -> Coroutine[Any, Any, Response] | None:
        path: str = scope["path"]
        query: bytes = scope["query_string"]
        if path == _MANY_PATH:
            return self._many(scope, query)
        if not query and (found := _ONE_PATH.fullmatch(path)):
            scope["route"], scope["path_params"] = _ROUTES["read_task"], {"task_id": found[1]}
            return task_routes.read(self._database, int(found[1]))
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
            known = task_routes.id_of_cursor(given[b"cursor"].decode())
            if known is None:
                return None
            before = known
        done = given[b"done"] == b"true" if b"done" in given else None
        scope["route"] = _ROUTES["list_tasks"]
        limit = int(given.get(b"limit", task_routes.USUAL_PAGE))
        return task_routes.page(self._database, before=before, limit=limit, done=done)
