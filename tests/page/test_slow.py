"""Requests that come in drops hold their connections for seconds only, and keep nobody out."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from dev.local import plain_http
from dev.local.nginx import Web
from dev.local.ports import free_port

# As many as a test may open; each is two of its files.
CROWD, PATIENCE_SECONDS = 400, 20
POST = (
    "POST /api/tasks HTTP/1.1\r\nHost: lab\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n"
)


@pytest.fixture(scope="module")
def web() -> Iterator[Web]:
    """nginx with no api behind it."""
    identity = {"POD_NAME": "web-1", "NODE_NAME": "lab-1", "NODE_ADDRESS": "192.168.1.100"}
    with Web(f"localhost:{free_port()}", **identity) as web:
        yield web


# Eleven seconds: nginx' patience.
@pytest.mark.parametrize("sent", ["GET / HTTP/1.1\r\nHost: lab\r\n", f"{POST}half"], ids=["header", "body"])
def test_requests_that_come_in_drops_keep_nobody_out(web: Web, sent: str) -> None:
    with ExitStack() as stack:
        slow = [stack.enter_context(socket.create_connection(("127.0.0.1", web.port))) for _ in range(CROWD)]
        for one in slow:
            one.settimeout(PATIENCE_SECONDS)
            one.sendall(sent.encode())
        assert plain_http.get(web.url).status_code == 200
        # Each is told that it was too slow, or only closed.
        ends = [one.recv(1000)[:12] for one in slow]
        assert set(ends) <= {b"", b"HTTP/1.1 408"}
        assert plain_http.get(web.url).status_code == 200
