"""uvicorn, stopped without the loss of a request."""

from __future__ import annotations

import logging
import signal
import socket
import time
from types import FrameType

import uvicorn
from starlette.types import ASGIApp

from .lifecycle import Lifecycle
from .protocol import JoinedHttp
from .settings import Settings

logger = logging.getLogger(__name__)

# More than the 60 s of nginx's keepalive_timeout for its upstreams: nginx reuses the connections, so it
# must be the side that closes them.
KEEP_ALIVE_SECONDS = 75
GRACEFUL_SECONDS = 20


class DrainingServer(uvicorn.Server):
    """After SIGTERM not ready, but serves for `drain_seconds`; each answer has `Connection: close`.

    Kubernetes goes on sending requests until every node knows that the pod stops. SIGINT, from a
    terminal, skips this. A second signal stops at once.
    """

    def __init__(self, config: uvicorn.Config, lifecycle: Lifecycle, drain_seconds: float) -> None:
        super().__init__(config)
        self._lifecycle = lifecycle
        self._drain_seconds = drain_seconds
        self._stop_at = float("inf")

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:  # noqa: ARG002
        """Handle a signal. uvicorn would raise it again at the end; here the exit code is 0."""
        if self._lifecycle.draining:
            self.should_exit = self.force_exit = True
            return
        self._lifecycle.draining = True
        self._stop_at = time.monotonic() + (self._drain_seconds if sig == signal.SIGTERM else 0)

    async def on_tick(self, counter: int) -> bool:
        """Return whether to stop; called ten times a second."""
        return await super().on_tick(counter) or time.monotonic() >= self._stop_at


def bind(port: int) -> list[socket.socket]:
    """Return a socket of each family that the kernel has, IPv4 and IPv6, bound to the port at every address.

    asyncio makes a socket for `::` an IPv6-only one, so that one address does not stand for both.
    Raises OSError if the port is not free.
    """
    bound = []
    # A pod is reached by its own addresses.
    for family, address in ((socket.AF_INET, "0.0.0.0"), (socket.AF_INET6, "::")):  # noqa: S104
        try:
            one = socket.socket(family)
        except OSError:
            continue
        bound.append(one)
        one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            one.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        one.bind((address, port))
    return bound


def build_server(app: ASGIApp, lifecycle: Lifecycle, settings: Settings) -> DrainingServer:
    """Return the server of `app`; its `run(sockets=bind(port))` returns when it has stopped."""
    config = uvicorn.Config(
        app,
        loop="uvloop",
        http=JoinedHttp,
        ws="none",
        lifespan="on",
        access_log=False,
        log_config=None,
        server_header=False,
        proxy_headers=False,
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=GRACEFUL_SECONDS,
    )
    return DrainingServer(config, lifecycle, settings.drain_seconds)
