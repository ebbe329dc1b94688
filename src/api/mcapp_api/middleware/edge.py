"""What every request gets: an id, a limit for its body, a look at its origin, a log line and metrics."""

from __future__ import annotations

import logging
import random
import re
import time
from collections.abc import Mapping

from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from .. import logs, metrics
from ..lifecycle import Lifecycle
from ..problems import Kind, ProblemError, render
from .origin import is_foreign

logger = logging.getLogger(__name__)

BODY_LIMIT = 64 * 1024
_REQUEST_ID = re.compile(rb"[A-Za-z0-9-]{1,64}")
# Machines request these every few seconds; the rest of the log would be hard to see.
_QUIET = frozenset({"/healthz", "/readyz", "/metrics"})
# Refused before the body is read.
_UNREAD = frozenset({Kind.TOO_LARGE.status, Kind.ORIGIN.status})
# nginx logs this status where the client closed the connection before the answer.
_CLIENT_GONE = 499


class Edge:
    """The outermost ASGI application. While the replica drains, each answer has `Connection: close`."""

    def __init__(self, app: ASGIApp, lifecycle: Lifecycle) -> None:
        self._app = app
        self._lifecycle = lifecycle

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request; other ASGI events pass through."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began = time.perf_counter()
        # Bytes, and a plain list below: Starlette's mappings search and decode all headers.
        headers = dict(reversed(scope["headers"]))
        given = headers.get(b"x-request-id", b"")
        request_id = given.decode() if _REQUEST_ID.fullmatch(given) else f"{random.getrandbits(128):032x}"
        scope.setdefault("state", {})["request_id"] = request_id
        status = _CLIENT_GONE

        async def send_on(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] += (b"x-request-id", request_id.encode()), (b"cache-control", b"no-store")
                # The rest of a refused body is not read.
                if self._lifecycle.draining or status in _UNREAD:
                    message["headers"].append((b"connection", b"close"))
            await send(message)

        try:
            if kind := _refused(scope["method"], headers):
                answer = render(ProblemError(kind), instance=scope["path"], request_id=request_id)
                await answer(scope, receive, send_on)
            else:
                await self._app(scope, _with_limit(receive), send_on)
        except Exception:
            # The client has got its problem; the log has the traceback under the same id.
            logger.exception("request failed", extra={"fields": {"request_id": request_id}})
        finally:
            seconds = time.perf_counter() - began
            route = getattr(scope.get("route"), "path", None)
            metrics.observe(scope["method"], route, status, seconds)
            logs.request(
                level=logging.DEBUG if route in _QUIET else logging.INFO,
                request_id=request_id,
                method=scope["method"],
                route=route,
                status=status,
                seconds=seconds,
            )


def _refused(method: str, headers: Mapping[bytes, bytes]) -> Kind | None:
    if _declared_length(headers) > BODY_LIMIT:
        return Kind.TOO_LARGE
    return Kind.ORIGIN if is_foreign(method, headers) else None


def _declared_length(headers: Mapping[bytes, bytes]) -> int:
    text = headers.get(b"content-length", b"")
    return int(text) if text.isdigit() else 0


def _with_limit(receive: Receive) -> Receive:
    """Refuse a body that turns out to be too large; it may have declared no length."""
    size = 0

    async def receive_on() -> Message:
        nonlocal size
        message = await receive()
        size += len(message.get("body", b""))
        if size > BODY_LIMIT:
            # While FastAPI reads a body, it passes on an exception of this class only.
            raise HTTPException(Kind.TOO_LARGE.status)
        return message

    return receive_on
