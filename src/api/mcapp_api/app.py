"""The ASGI application, put together."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI
from starlette.middleware import Middleware
from starlette.responses import JSONResponse
from starlette.types import ASGIApp

from . import errors, metrics, openapi, store
from .database.client import Database
from .lifecycle import Lifecycle
from .middleware.edge import Edge
from .middleware.shortcut import Shortcut
from .pace import Pace
from .routes import ROUTERS
from .settings import Settings
from .version import VERSION


def create_app(settings: Settings, lifecycle: Lifecycle) -> ASGIApp:
    """Build the application; it is connected to the database from its start to its end."""
    database = Database(settings, housekeeping=store.FORGET_OLD_KEYS)
    metrics.registry.register(metrics.DatabaseCollector(database))
    app: ASGIApp = _fastapi(settings, lifecycle, database)
    # Each wraps the ones below it. Not add_middleware: Starlette would put its own error handling around
    # Edge, and a 500 would have no request id.
    middleware = (
        Middleware(Edge, lifecycle),
        Middleware(Shortcut, database, errors.answer),
    )
    for one, arguments, options in reversed(middleware):
        app = one(app, *arguments, **options)
    return app


def _fastapi(settings: Settings, lifecycle: Lifecycle, database: Database) -> FastAPI:
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
    app.state.pace = Pace()
    for router in ROUTERS:
        app.include_router(router)

    @app.get("/api/openapi.json", include_in_schema=False)
    async def openapi_document() -> JSONResponse:
        return JSONResponse(openapi.document(app))

    for error in errors.HANDLED:
        app.add_exception_handler(error, errors.answer)
    return app
