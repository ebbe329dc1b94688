"""A proxy before web: whose word about the client is believed."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from dev.local import plain_http
from dev.local.nginx import Web
from mcapp import wait
from tests.page.backend import Backend

# What a browser at 203.0.113.7 gives the proxy at 127.0.0.1, and what that passes on.
FORGED = {"X-Forwarded-For": "6.6.6.6, 203.0.113.7", "X-Forwarded-Proto": "https"}


@pytest.fixture(scope="module")
def backend() -> Iterator[Backend]:
    with Backend() as server:
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        yield server
        server.shutdown()


def passed_on(backend: Backend, trusted: str) -> tuple[str, str, str]:
    """Return X-Forwarded-For and -Proto as the api gets them, and web's log."""
    with Web(backend.address, TRUSTED_PROXIES=trusted) as web:
        plain_http.get(f"{web.url}/api/x", headers=FORGED)
        _, _, headers = backend.requests[-1]
        # The line is written after the answer.
        assert wait.until(lambda: '"uri":"/api/x"' in web.log, 10)
        return headers["x-forwarded-for"], headers["x-forwarded-proto"], web.log


@pytest.mark.parametrize("trusted", ["127.0.0.1", "10.0.0.0/8 127.0.0.0/8 2001:db8::/32"])
def test_a_trusted_proxy_names_the_client(backend: Backend, trusted: str) -> None:
    client, scheme, log = passed_on(backend, trusted)
    # The last one that is not trusted: all before it is the client's own word.
    assert (client, scheme) == ("203.0.113.7", "https")
    assert '"client":"203.0.113.7"' in log


@pytest.mark.parametrize("trusted", ["", "10.0.0.0/8"])
def test_nobody_else_does(backend: Backend, trusted: str) -> None:
    client, scheme, log = passed_on(backend, trusted)
    assert (client, scheme) == ("127.0.0.1", "http")
    assert "203.0.113.7" not in log


@pytest.mark.parametrize(("trusted", "kept"), [("", None), ("10.0.0.0/8", "timeout=3660")])
def test_behind_a_proxy_idle_connections_stay_open_for_longer_than_the_proxy_keeps_them(
    backend: Backend, trusted: str, kept: str | None
) -> None:
    # Envoy closes its own after an hour; nginx' word about it is what shows without waiting so long.
    with Web(backend.address, TRUSTED_PROXIES=trusted) as web:
        assert plain_http.get(f"{web.url}/healthz").headers.get("keep-alive") == kept


def test_what_is_no_address_ends_the_start(backend: Backend) -> None:
    web = Web(backend.address, TRUSTED_PROXIES="10.0.0.0/8; include /etc/passwd")
    try:
        process = web.launch()
        assert process.wait(10) == 64
        assert "addresses and ranges only" in web.log
    finally:
        web.close()
