"""uvicorn without an application; its bodies are as large as the api's."""

from __future__ import annotations

from typing import Any

_TASK = b"." * 150
_PAGE = b"." * 150 * 20


async def app(scope: dict[str, Any], receive: Any, send: Any) -> None:
    """Answer with as many bytes as the api would."""
    if scope["type"] == "lifespan":
        await _live(receive, send)
        return
    body = _PAGE if scope["path"] == "/api/tasks" else _TASK
    headers = [(b"content-length", str(len(body)).encode()), (b"content-type", b"application/json")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})


async def _live(receive: Any, send: Any) -> None:
    while True:
        kind = (await receive())["type"]
        await send({"type": f"{kind}.complete"})
        if kind == "lifespan.shutdown":
            return
