from __future__ import annotations

import time
from collections.abc import Callable

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from dev.kind.versions import app_version
from dev.local import plain_http
from dev.local.api_process import ApiProcess
from dev.local.postgres import PostgresServer

pytestmark = pytest.mark.postgres


@pytest.mark.parametrize("address", ["/healthz", "/readyz", "/readyz?exclude=db"])
def test_healthy_and_ready(client: httpx.Client, address: str) -> None:
    assert client.get(address).json() == {"status": "ok"}


def test_topology_of_a_request_through_nginx(client: httpx.Client, postgres: PostgresServer) -> None:
    passed_on = {
        "X-Web-Pod": "web-1",
        "X-Web-Node": "node.lab",
        "X-Web-Node-Address": "192.168.1.100",
        "X-Request-Start": f"t={time.time() - 0.25:.3f}",
    }
    topology = client.get("/api/topology", headers=passed_on).json()
    to_api, to_db = topology.pop("hops")
    assert topology.pop("next_ms") == 2000
    assert topology == {
        "web": {"pod": "web-1", "node": "node.lab", "node_address": "192.168.1.100"},
        "api": {
            "pod": "api-test",
            "node": "node-test",
            "node_address": "192.168.1.101",
            "version": app_version(),
        },
        "db": {
            "up": True,
            "pod": "db-0",
            "node": "node-db",
            "node_address": "192.168.1.200",
            "node_labels": {"disk": "fast", "example.org/db": "", "role": "database"},
            "volume": {"claim": "postgres-pvc", "size": "5Gi"},
            "members": None,
            "version": postgres.sql("SHOW server_version")[0][0],
            "address": f"127.0.0.1:{postgres.port}",
            "certificate_end": None,
        },
    }
    assert (to_api["from"], to_api["to"], to_db["from"], to_db["to"]) == ("web", "api", "api", "db")
    assert 250 <= to_api["ms"] < 2000
    assert 0 < to_db["ms"] < 1000


def test_topology_of_a_database_that_the_chart_did_not_start(breakable: PostgresServer) -> None:
    with ApiProcess({**breakable.environment, "NODE_ADDRESS": ""}) as api:
        api.wait_for("/readyz")
        topology = plain_http.get(f"{api.url}/api/topology").json()
    assert topology["api"]["node_address"] is None
    unknown = {name for name, value in topology["db"].items() if value is None}
    assert unknown == {"pod", "node", "node_address", "node_labels", "volume", "members", "certificate_end"}


def test_topology_of_a_leader_whose_replicas_are_away() -> None:
    with PostgresServer({"mcapp.members": "3"}) as leader, ApiProcess(leader.environment) as api:
        api.wait_for("/readyz")
        topology = plain_http.get(f"{api.url}/api/topology").json()
    assert topology["db"]["members"] == {"wanted": 3, "replicas": []}


def test_topology_of_a_direct_request(client: httpx.Client) -> None:
    topology = client.get("/api/topology").json()
    assert topology["web"] is None
    assert topology["hops"][0]["ms"] is None


@pytest.mark.parametrize("name", ["<script>", "a b", "-a", "a_b", "x" * 254, "", "a\xe9"])
def test_topology_does_not_repeat_what_is_no_name(client: httpx.Client, name: str) -> None:
    passed_on = {b"X-Web-Pod": name.encode("latin-1"), b"X-Web-Node": b"node-web"}
    topology = client.get("/api/topology", headers=passed_on).json()
    assert topology["web"] == {"pod": None, "node": "node-web", "node_address": None}


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("10.0.0.7", "10.0.0.7"),
        ("fd00:0:0::7", "fd00::7"),
        ("fe80::1%<script>", None),
        ("10.0.0.256", None),
        ("10.0.0.07", None),
        ("node-web", None),
        ("10.0.0.7, 10.0.0.8", None),
        ("", None),
        ("\xb2.0.0.7", None),
    ],
)
def test_topology_shows_only_an_ip_address(client: httpx.Client, given: str, shown: str | None) -> None:
    passed_on = {b"X-Web-Node": b"node-web", b"X-Web-Node-Address": given.encode("latin-1")}
    topology = client.get("/api/topology", headers=passed_on).json()
    assert topology["web"] == {"pod": None, "node": "node-web", "node_address": shown}


@pytest.mark.parametrize(
    ("start", "ms"),
    [
        (lambda: f"t={time.time() + 5:.3f}", 0.0),
        (lambda: f"t={time.time() + 3600:.3f}", None),
        (lambda: f"t={time.time() - 3600:.3f}", None),
        (lambda: "t=0", None),
        (lambda: "t=" + "9" * 400, None),
        (lambda: "t=nan", None),
        (lambda: "yesterday", None),
    ],
)
def test_topology_with_a_strange_clock(
    client: httpx.Client, start: Callable[[], str], ms: float | None
) -> None:
    hops = client.get("/api/topology", headers={"X-Request-Start": start()}).json()["hops"]
    assert hops[0]["ms"] == ms


@pytest.mark.parametrize("given", ["abc-123", "A" * 64])
def test_request_id_is_passed_on(client: httpx.Client, given: str) -> None:
    assert client.get("/api/tasks", headers={"X-Request-Id": given}).headers["x-request-id"] == given


@pytest.mark.parametrize("given", [None, "", "a b", "A" * 65, "a\u00e9", 'x","level":"error'])
def test_request_id_is_made_where_it_is_none(client: httpx.Client, given: str | None) -> None:
    headers = {b"X-Request-Id": given.encode("latin-1")} if given is not None else {}
    first, second = (client.get("/api/tasks", headers=headers).headers["x-request-id"] for _ in range(2))
    assert len(first) == 32
    assert first not in (second, given)


def test_every_request_has_its_log_line(client: httpx.Client, api: ApiProcess) -> None:
    client.get("/api/tasks/999999", headers={"X-Request-Id": "find-me"})
    line = api.line_of("find-me")
    assert (
        time.time() - 60
        < time.mktime(time.strptime(line.pop("time")[:19], "%Y-%m-%dT%H:%M:%S")) - time.timezone
    )
    assert 0 < line.pop("ms") < 10_000
    assert line == {
        "level": "info",
        "message": "request",
        "pod": "api-test",
        "request_id": "find-me",
        "method": "GET",
        "route": "/api/tasks/{task_id}",
        "status": 404,
    }


@pytest.mark.parametrize("address", ["/healthz", "/readyz", "/metrics"])
def test_what_machines_ask_is_not_logged(client: httpx.Client, api: ApiProcess, address: str) -> None:
    client.get(address)
    client.get("/api/tasks", headers={"X-Request-Id": f"after-{address[1:]}"})
    assert api.line_of(f"after-{address[1:]}")
    assert {line.get("route") for line in api.log()} & {address} == set()


def samples(client: httpx.Client, name: str) -> dict[tuple[str, ...], float]:
    """Return the samples called `name` by the values of their labels, sorted by the labels' names."""
    return {
        tuple(value for _, value in sorted(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(client.get("/metrics").text)
        for sample in family.samples
        if sample.name == name
    }


def test_metrics_count_requests_by_route_template(client: httpx.Client) -> None:
    key = ("GET", "/api/tasks/{task_id}", "404")
    before = samples(client, "http_requests_total").get(key, 0)
    for task in (999_997, 999_998, 999_999):
        client.get(f"/api/tasks/{task}")
    assert samples(client, "http_requests_total")[key] == before + 3
    assert samples(client, "http_request_duration_seconds_count")[key[:2]] >= 3


def test_metrics_have_no_series_for_what_clients_invent(client: httpx.Client) -> None:
    for number in range(3):
        client.get(f"/invented/{number}")
        client.request("PROPFIND", f"/invented/{number}")
    labels = list(samples(client, "http_requests_total"))
    assert not [one for one in labels if "invented" in "".join(one) or "PROPFIND" in one]
    assert ("GET", "unmatched", "404") in labels
    assert ("OTHER", "unmatched", "404") in labels


def test_metrics_of_the_database(client: httpx.Client) -> None:
    assert samples(client, "mcapp_db_up") == {(): 1}
    assert samples(client, "mcapp_db_pool_size") == {(): 4}
    assert samples(client, "mcapp_db_pool_available") == {(): 4}
    assert samples(client, "mcapp_db_pool_waiting") == {(): 0}
