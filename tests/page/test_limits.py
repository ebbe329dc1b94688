"""What one address may do, where web.limits says so: more gets 429, and the kubelet's probes never do."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from dev.local import plain_http
from dev.local.nginx import Web
from dev.local.ports import free_port
from mcapp import wait
from mcapp.errors import FailedError

IDENTITY = {"POD_NAME": "web-1", "NODE_NAME": "lab-1", "NODE_ADDRESS": "192.168.1.100"}


def limited(**limits: str) -> Web:
    return Web(f"localhost:{free_port()}", **IDENTITY, **limits)


@pytest.fixture(scope="module")
def requests() -> Iterator[Web]:
    """At most one request a second, two at one moment."""
    with limited(LIMIT_REQUESTS="1") as web:
        yield web


@pytest.mark.parametrize("path", ["/api/tasks", "/api/topology"])
def test_too_many_requests_are_refused_and_later_ones_are_not(requests: Web, path: str) -> None:
    url = f"{requests.url}{path}"
    assert wait.until(lambda: plain_http.get(url).status_code != 429, 20, pause=1.2)
    refused = [answer for answer in (plain_http.get(url) for _ in range(12)) if answer.status_code == 429]
    assert refused
    assert refused[0].headers["content-type"].startswith("application/problem+json")
    assert json.loads(refused[0].text)["detail"].endswith("Try again in a moment.")
    assert wait.until(lambda: plain_http.get(url).status_code != 429, 20, pause=1.2)


def test_a_post_without_a_key_is_refused_as_well(requests: Web) -> None:
    codes = {plain_http.post(f"{requests.url}/api/tasks", json={"title": "a"}).status_code for _ in range(12)}
    assert 429 in codes


@pytest.mark.parametrize(("path", "status"), [("/healthz", 204), ("/", 200), ("/js/main.js", 200)])
def test_the_kubelets_probes_and_the_pages_files_are_never_refused(
    requests: Web, path: str, status: int
) -> None:
    assert {plain_http.get(f"{requests.url}{path}").status_code for _ in range(50)} == {status}


def test_connections_of_one_address() -> None:
    with limited(LIMIT_CONNECTIONS="2") as web, ExitStack() as stack:
        head = "POST /api/tasks HTTP/1.1\r\nHost: lab\r\nContent-Length: 9\r\nIdempotency-Key: a\r\n\r\n"
        for _ in range(2):
            # It counts from its header on, while its body is waited for.
            held = stack.enter_context(socket.create_connection(("127.0.0.1", web.port)))
            held.sendall(head.encode())
        assert wait.until(lambda: plain_http.get(web.url).status_code == 429, 10, pause=0.05)
        stack.close()
        assert wait.until(lambda: plain_http.get(web.url).status_code == 200, 10, pause=0.05)


def test_without_limits_nobody_is_refused() -> None:
    with limited() as web:
        assert {plain_http.get(web.url).status_code for _ in range(200)} == {200}


@pytest.mark.parametrize("wrong", ["ten", "-1", "1.5", "1; deny all", "1000000000"])
def test_a_limit_is_a_whole_number(wrong: str) -> None:
    with pytest.raises(FailedError, match="whole numbers only"), limited(LIMIT_REQUESTS=wrong):
        pass
