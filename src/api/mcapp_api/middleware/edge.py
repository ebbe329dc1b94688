"""Around every request: id, limit of the body, log line, metrics, and `Connection: close` while draining."""

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

logger = logging.getLogger(__name__)

BODY_LIMIT = 64 * 1024
_REQUEST_ID = re.compile(rb"[A-Za-z0-9-]{1,64}")
# Asked every few seconds by machines: they would bury the rest of the log.
_QUIET = frozenset({"/healthz", "/readyz", "/metrics"})
# What nginx writes where the client went away before the answer.
_CLIENT_GONE = 499


class Edge:
    """The outermost ASGI application."""

    def __init__(self, app: ASGIApp, lifecycle: Lifecycle) -> None:
        self._app = app
        self._lifecycle = lifecycle

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request; other ASGI events pass through."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began = time.perf_counter()
        # As bytes, and appended to below: Starlette's mappings would search and decode every one of them.
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
                # What is left of a refused body is not worth reading.
                if self._lifecycle.draining or status == Kind.TOO_LARGE.status:
                    message["headers"].append((b"connection", b"close"))
            await send(message)

        try:
            if _declared_length(headers) > BODY_LIMIT:
                answer = render(ProblemError(Kind.TOO_LARGE), instance=scope["path"], request_id=request_id)
                await answer(scope, receive, send_on)
            else:
                await self._app(scope, _limited(receive), send_on)
        except Exception:
            # The client has its problem by now; the log has the traceback under the same id.
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


def _declared_length(headers: Mapping[bytes, bytes]) -> int:
    text = headers.get(b"content-length", b"")
    return int(text) if text.isdigit() else 0


def _limited(receive: Receive) -> Receive:
    """Count a body that came without a length."""
    size = 0

    async def counted() -> Message:
        nonlocal size
        message = await receive()
        size += len(message.get("body", b""))
        if size > BODY_LIMIT:
            # FastAPI lets only this class through while it reads a body.
            raise HTTPException(Kind.TOO_LARGE.status)
        return message

    return counted
