"""NetworkPolicies as the cluster enforces them: each pair that may connect, and each that may not."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Callable, Iterator
from typing import NamedTuple

import pytest

from dev.kind.client import Client
from mcapp import wait
from mcapp.config import CHART
from tests.e2e.conftest import Up

pytestmark = pytest.mark.kind
TOPOLOGY = "multi"
# The engine of NetworkPolicies learns of a new pod or policy a moment after the API server.
SETTLED_SECONDS = 20

TRY = """
import socket, sys
try:
    socket.create_connection((sys.argv[1], int(sys.argv[2])), 3)
    print("reached")
except OSError as error:
    print(type(error).__name__)
"""


class Pair(NamedTuple):
    """A connection from a pod or the browser to a Service or to a server outside the cluster."""

    source: str
    target: str
    port: int


ALLOWED = (
    Pair("browser", "web", 80),
    Pair("web", "api", 8000),
    Pair("api", "db", 5432),
    Pair("test", "web", 80),
    Pair("test-database", "db", 5432),
    Pair("stranger", "web", 80),
    Pair("web", "dns", 53),
    Pair("api", "dns", 53),
    Pair("test", "dns", 53),
)
REFUSED = (
    Pair("browser", "api", 8000),
    Pair("web", "db", 5432),
    Pair("web", "outside", 0),
    Pair("api", "api", 8000),
    Pair("api", "web", 80),
    Pair("api", "outside", 0),
    Pair("test", "api", 8000),
    Pair("test", "db", 5432),
    Pair("test-database", "api", 8000),
    Pair("stranger", "api", 8000),
    Pair("stranger", "db", 5432),
    Pair("db", "dns", 53),
    Pair("db", "outside", 0),
)


def names(pair: Pair) -> str:
    return f"{pair.source}-{pair.target}"


def manifests(image: str) -> str:
    """Return pods that only wait, two with the labels of test pods, and a NodePort of api for browsers."""
    waiting = [{"name": "wait", "image": image, "command": ["sleep", "3600"]}]
    pod = {"containers": waiting, "terminationGracePeriodSeconds": 0}
    label = "app.kubernetes.io/"
    release = {f"{label}name": "mcapp", f"{label}instance": "mcapp"}
    tests = {name: {**release, f"{label}component": name} for name in ("test", "test-database")}
    wait = {"stranger": {"app": "stranger"}, **tests}
    api = {**release, f"{label}component": "api"}
    service = {"type": "NodePort", "selector": api, "ports": [{"port": 8000}]}
    items = [
        *(
            {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, "labels": labels}, "spec": pod}
            for name, labels in wait.items()
        ),
        {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "way-in"}, "spec": service},
    ]
    return json.dumps({"apiVersion": "v1", "kind": "List", "items": items})


@pytest.fixture(scope="module")
def outside(installed: Up) -> Iterator[tuple[str, int]]:
    """A server outside the cluster that pods could reach: on this machine's address in the nodes' network."""
    with socket.create_server((installed.machine(), 0)) as server:
        threading.Thread(target=_accept, args=(server,), daemon=True).start()
        yield server.getsockname()


def _accept(server: socket.socket) -> None:
    try:
        while True:
            server.accept()[0].close()
    except OSError:
        # Closed at the end of the module.
        return


Reach = Callable[[Pair], bool]


@pytest.fixture(scope="module")
def reach(installed: Up, outside: tuple[str, int]) -> Iterator[Reach]:
    """A function that tries a pair once, and tells whether the TCP connection succeeds."""
    release = installed.release
    api = release.get("deployment", "api")["spec"]["template"]["spec"]["containers"][0]
    made = manifests(api["image"])
    release.apply_manifest(made)
    release.kubectl("wait", "--for=condition=Ready", "pod/stranger", "pod/test", "pod/test-database")
    node = installed.pages()[1].split("//")[1].split(":")[0]
    dns = Client(installed.cluster, "kube-system").get("service", "kube-dns")["spec"]["clusterIP"]
    services = {item["metadata"]["name"]: item for item in release.get("services")["items"]}

    def once(pair: Pair) -> bool:
        host, port = {"outside": outside, "dns": (dns, 53)}.get(pair.target, ("", pair.port))
        host = host or services[pair.target]["spec"]["clusterIP"]
        if pair.source == "browser":
            with socket.socket() as browser:
                browser.settimeout(3)
                way = services["way-in" if pair.target == "api" else pair.target]["spec"]["ports"][0]
                return browser.connect_ex((node, way["nodePort"])) == 0
        pod = {"web": "deploy/web", "api": "deploy/api", "db": "db-0"}.get(pair.source, pair.source)
        # Each image has another program for it.
        if pair.source == "web":
            fetch = f"curl -s -m 3 -o /dev/null -w '%{{time_connect}}' http://{host}:{port}/"
            return float(release.exec(pod, "sh", "-c", f"{fetch} || true")) > 0
        if pair.source == "db":
            script = f"(exec 3<>/dev/tcp/{host}/{port}) 2>/dev/null && echo reached || true"
            return release.exec(pod, "timeout", "3", "bash", "-c", script) == "reached"
        return release.exec(pod, "python", "-c", TRY, host, str(port)) == "reached"

    yield once
    release.delete_manifest(made)


def settled(reach: Reach, pair: Pair, wanted: bool) -> bool:
    """Wait until trying the pair gives the wanted result; tell whether it does."""
    return wait.until(lambda: reach(pair) == wanted, SETTLED_SECONDS, pause=0.5)


@pytest.mark.parametrize("pair", ALLOWED, ids=names)
def test_what_the_chain_needs_is_let_through(reach: Reach, pair: Pair) -> None:
    assert settled(reach, pair, wanted=True)


@pytest.mark.parametrize("pair", REFUSED, ids=names)
def test_all_else_is_refused(reach: Reach, pair: Pair) -> None:
    assert settled(reach, pair, wanted=False)


@pytest.fixture(scope="module")
def without_policies(installed: Up) -> Iterator[None]:
    """Upgrade the release to one without policies, and back."""
    release = installed.release
    release.helm("upgrade", CHART, "--reuse-values", "--set", "networkPolicy.enabled=false")
    yield
    release.helm("upgrade", CHART, "--reuse-values", "--set", "networkPolicy.enabled=true")


@pytest.mark.usefixtures("without_policies")
@pytest.mark.parametrize("pair", REFUSED, ids=names)
def test_without_the_policies_it_gets_through(reach: Reach, pair: Pair) -> None:
    assert settled(reach, pair, wanted=True)
