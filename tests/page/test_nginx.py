"""The web tier alone, over HTTP: what it serves, what it passes on, and its answers without an api."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Iterator

import pytest

from dev.local import plain_http
from dev.local.nginx import Web
from dev.local.ports import free_port
from mcapp import wait
from tests.page.backend import Backend
from tests.page.dns import dns

IDENTITY = {"POD_NAME": "web-1", "NODE_NAME": "lab-1", "NODE_ADDRESS": "192.168.1.100"}
KEY = {"Idempotency-Key": "0b0e7a52-6b57-4d2b-9b3c-2f6f7d8f4a11"}


@pytest.fixture
def backend() -> Iterator[Backend]:
    with Backend() as server:
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        yield server
        server.shutdown()


@pytest.fixture
def web(backend: Backend) -> Iterator[Web]:
    with Web(backend.address, **IDENTITY) as web:
        yield web


@pytest.fixture(scope="module")
def lonely() -> Iterator[Web]:
    """nginx with no api behind it."""
    with Web(f"localhost:{free_port()}", **IDENTITY) as web:
        yield web


def test_page_has_the_security_headers_and_is_revalidated(lonely: Web) -> None:
    answer = plain_http.get(lonely.url)
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert answer.headers["content-security-policy"] == (
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:;"
        " base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert answer.headers["server"] == "nginx"
    assert answer.headers["cache-control"] == "no-cache"
    again = plain_http.get(lonely.url, headers={"If-None-Match": answer.headers["etag"]})
    assert again.status_code == 304
    script = plain_http.get(f"{lonely.url}/js/main.js")
    assert script.headers["content-type"] == "text/javascript; charset=utf-8"
    assert script.headers["content-encoding"] == "gzip"


@pytest.mark.parametrize(
    "path", ["/metrics", "/readyz", "/docs", "/openapi.json", "/api", "/js/../../nginx.conf"]
)
def test_only_the_api_is_passed_on(web: Web, backend: Backend, path: str) -> None:
    with socket.create_connection(("127.0.0.1", web.port)) as raw:
        raw.sendall(f"GET {path} HTTP/1.0\r\n\r\n".encode())
        status = int(raw.makefile("rb").readline().split()[1])
    assert status in (301, 400, 404)
    assert backend.requests == []


def test_healthz_is_its_own_and_not_logged(lonely: Web) -> None:
    assert plain_http.get(f"{lonely.url}/healthz").status_code == 204
    assert "/healthz" not in lonely.log


@pytest.mark.parametrize("path", ["/api/tasks", "/api/topology", "/api/tasks/1"])
def test_no_api_is_a_problem_in_words(lonely: Web, path: str) -> None:
    answer = plain_http.get(lonely.url + path)
    assert answer.status_code == 502
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["x-content-type-options"] == "nosniff"
    problem = answer.json()
    assert problem["status"] == 502
    assert problem["detail"] == "The web tier runs, but no api pod answered it."
    assert problem["web"] == {"pod": "web-1", "node": "lab-1", "node_address": "192.168.1.100"}


def test_post_without_api_is_a_problem_too(lonely: Web) -> None:
    for headers in ({}, KEY):
        answer = plain_http.post(f"{lonely.url}/api/tasks", json={"title": "x"}, headers=headers)
        assert (answer.status_code, answer.json()["status"]) == (502, 502)


def test_slow_api_is_a_problem(web: Web, backend: Backend) -> None:
    backend.delay = 5
    answer = plain_http.get(f"{web.url}/api/topology", timeout=10)
    assert answer.status_code == 504
    assert answer.json()["detail"] == "The web tier runs, but the api took too long to answer it."
    assert len(backend.requests) == 1


def test_too_large_a_body_is_a_problem(web: Web, backend: Backend) -> None:
    answer = plain_http.post(f"{web.url}/api/tasks", content=b"x" * (64 * 1024 + 1))
    assert answer.status_code == 413
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["detail"] == "A request may hold 64 KiB at most."
    assert backend.requests == []
    assert plain_http.post(f"{web.url}/api/tasks", content=b"x" * (64 * 1024)).status_code == 200


def test_problems_of_the_api_pass_untouched(web: Web) -> None:
    assert plain_http.get(f"{web.url}/api/sad").json() == {"status": 503, "title": "mine"}


def test_api_learns_who_passed_the_request_on(web: Web, backend: Backend) -> None:
    answer = plain_http.get(
        f"{web.url}/api/topology",
        headers={"X-Web-Pod": "forged", "X-Web-Node-Address": "6.6.6.6", "X-Forwarded-For": "6.6.6.6"},
    )
    ((_, _, headers),) = backend.requests
    assert headers["x-web-pod"] == "web-1"
    assert headers["x-web-node"] == "lab-1"
    assert headers["x-web-node-address"] == "192.168.1.100"
    assert headers["x-forwarded-for"] == "127.0.0.1"
    assert headers["x-forwarded-proto"] == "http"
    assert headers["host"] == f"127.0.0.1:{web.port}"
    assert headers["x-request-id"] == answer.headers["x-request-id"]
    assert abs(float(headers["x-request-start"].removeprefix("t=")) - time.time()) < 5
    assert 0 <= float(answer.headers["x-upstream-time"]) < 5


def test_connections_are_kept_but_for_the_topology(web: Web, backend: Backend) -> None:
    for _ in range(4):
        plain_http.get(f"{web.url}/api/tasks")
    assert len(backend.connections) == 1
    backend.connections.clear()
    for _ in range(4):
        plain_http.get(f"{web.url}/api/topology")
    assert len(backend.connections) == 4


@pytest.mark.parametrize(
    ("method", "path", "headers", "status", "sent"),
    [
        ("GET", "/api/tasks", {}, 200, 2),
        ("POST", "/api/tasks", KEY, 200, 2),
        ("POST", "/api/tasks", {}, 502, 1),
        ("PATCH", "/api/tasks/1", {}, 502, 1),
    ],
)
def test_only_what_is_safe_is_sent_twice(
    web: Web, backend: Backend, method: str, path: str, headers: dict[str, str], status: int, sent: int
) -> None:
    plain_http.get(f"{web.url}/api/tasks")
    backend.requests.clear()
    backend.break_next = 1
    answer = plain_http.request(method, web.url + path, headers=headers, content=b'{"title":"x"}')
    assert (answer.status_code, len(backend.requests)) == (status, sent)


def test_an_answer_carries_its_request_id_once(web: Web, backend: Backend) -> None:
    answer = plain_http.get(f"{web.url}/api/tasks")
    ((_, _, headers),) = backend.requests
    assert answer.headers.get_list("x-request-id") == [headers["x-request-id"]]


def test_log_is_json_with_the_request_id(web: Web) -> None:
    answer = plain_http.get(f"{web.url}/api/tasks?limit=1")
    until = time.monotonic() + 5
    while answer.headers["x-request-id"] not in web.log and time.monotonic() < until:
        time.sleep(0.02)
    (line,) = [line for line in web.log.splitlines() if answer.headers["x-request-id"] in line]
    entry = json.loads(line)
    assert (entry["method"], entry["uri"], entry["status"]) == ("GET", "/api/tasks?limit=1", 200)
    assert entry["upstream"].startswith("127.0.0.1:")
    assert float(entry["upstream_seconds"]) >= 0


@pytest.mark.parametrize(
    "hostile", ['x"; } server { listen 1; } #', "a\nb", "$request_uri", "web-1\\", "UPPER", "a" * 254]
)
def test_hostile_names_stay_out_of_the_configuration(hostile: str) -> None:
    identity = dict.fromkeys(IDENTITY, hostile)
    with Web(f"127.0.0.1:{free_port()}", **identity) as web:
        assert plain_http.get(f"{web.url}/api/tasks").json()["web"] == dict.fromkeys(
            ("pod", "node", "node_address"), ""
        )
        assert "POD_NAME is no Kubernetes name" in web.log
        assert "NODE_ADDRESS is no IP address" in web.log
        assert hostile not in (web.run_dir / "identity.conf").read_text()


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("192.168.1.100", "192.168.1.100"),
        ("fd00::7", "fd00::7"),
        ("", ""),
        ("lab-1", ""),
        ("fe80::1%eth0", ""),
        ("1.2.3", ""),
        ("1" * 40 + ".1.1.1", ""),
    ],
)
def test_only_an_ip_address_is_the_nodes_address(given: str, shown: str) -> None:
    with Web(f"127.0.0.1:{free_port()}", **{**IDENTITY, "NODE_ADDRESS": given}) as web:
        assert plain_http.get(f"{web.url}/api/tasks").json()["web"]["node_address"] == shown


@pytest.mark.parametrize("host", ["127.0.0.1", "[::1]"])
def test_by_default_it_listens_on_ipv4_and_ipv6(host: str) -> None:
    web = Web("127.0.0.1:9", LISTEN="")
    asked = (
        "curl",
        "--silent",
        "--max-time",
        "5",
        "--write-out",
        "%{http_code}",
        f"http://{host}:8080/healthz",
    )
    try:
        # In a network of its own, where port 8080 is free.
        process = web.launch("unshare", "--net", "sh", "-c", 'ip link set lo up; exec "$@"', "-")
        inside = ("nsenter", "--net", f"--target={process.pid}")

        def answer() -> str:
            done = subprocess.run([*inside, *asked], capture_output=True, text=True, check=False)
            return done.stdout if done.returncode == 0 else ""

        assert wait.until(answer, 20, pause=0.1) == "204", web.log
    finally:
        web.close()


@pytest.mark.parametrize(
    "upstream",
    ["api", "api:", ":8000", "api:80x", "a b:80", "api:8000;", "::1:8000", "[x]:80", "api:123456", "$a:80"],
)
def test_wrong_upstream_is_refused_in_a_sentence(upstream: str) -> None:
    web = Web(upstream)
    try:
        web.launch()
        assert web.wait() == 64
        assert f"API_UPSTREAM={upstream}: " in web.log
    finally:
        web.close()


def test_starts_without_the_service_and_finds_it_later(backend: Backend) -> None:
    with dns() as server:
        nameserver = f"nameserver 127.0.0.1:{server.server_address[1]}"
        resolv_conf = f"search lab.svc.cluster.local svc.cluster.local\n{nameserver}\noptions ndots:5"
        with Web(f"api:{backend.server_port}", resolv_conf=resolv_conf) as web:
            assert plain_http.get(f"{web.url}/api/tasks").status_code == 502
            server.known.add("api.lab.svc.cluster.local")
            until = time.monotonic() + 20
            while plain_http.get(f"{web.url}/api/tasks").status_code != 200:
                assert time.monotonic() < until, web.log
                time.sleep(0.2)
        assert server.asked == {"api.lab.svc.cluster.local"}


def test_a_kept_connection_is_answered_once_more_after_sigquit(web: Web) -> None:
    with plain_http.Client(base_url=web.url) as client:
        assert "close" not in client.get("/healthz").headers["connection"]
        web.signal(signal.SIGQUIT)
        until = time.monotonic() + 5
        while time.monotonic() < until:
            with socket.socket() as fresh:
                if fresh.connect_ex(("127.0.0.1", web.port)):
                    break
        # nginx no longer listens, but still answers on this connection.
        answer = client.get("/healthz")
    assert (answer.status_code, answer.headers["connection"]) == (204, "close")
    assert web.wait() == 0


def test_running_request_is_finished_on_sigquit(web: Web, backend: Backend) -> None:
    backend.delay = 1.0
    answers: list[int] = []
    request = threading.Thread(
        target=lambda: answers.append(plain_http.get(f"{web.url}/api/tasks").status_code)
    )
    request.start()
    while not backend.requests:
        time.sleep(0.01)
    web.signal(signal.SIGQUIT)
    request.join()
    assert answers == [200]
    assert web.wait() == 0
