"""At a host name: Contour and Envoy, by an Ingress and by a Gateway."""

from __future__ import annotations

import base64
import socket
import ssl
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest
import yaml
from playwright.sync_api import Locator, expect

from dev.kind import addons
from dev.kind.addons import Document
from dev.kind.images.source import Source
from dev.load.pinned import Pinned
from dev.load.rollout import roll
from dev.local.authority import Authority
from mcapp import wait
from mcapp.config import NODE_PORT
from tests.addons.conftest import chromium
from tests.e2e.conftest import Up

pytestmark = pytest.mark.addons
TOPOLOGY = "multi"
HOST, SECRET = "mcapp.test", "mcapp-tls"
SPACE = "projectcontour"
OPEN_SECONDS, LIVE_SECONDS = 60, 30
# Requests a second: with TLS, Envoy and a browser, two cores carry no more. Of those, this many.
RATE, REQUESTS = 20.0, 1000
CHANGES = ("kubectl rollout restart deployment/web", "kubectl rollout restart deployment/api")
BODY_LIMIT = 64 * 1024

Record = Callable[[str, object], None]
Values = dict[str, Any]


@dataclass(frozen=True)
class Door:
    """The release behind Envoy on one node: `kind` is Ingress or HTTPRoute."""

    kind: str
    up: Up
    pinned: Pinned

    def client(self) -> httpx.Client:
        """Return a client that comes in there."""
        return httpx.Client(transport=self.pinned.transport(), timeout=10)


def ranges(up: Up) -> list[str]:
    """Return the range of addresses that each node gives its pods."""
    return [one for node in up.cluster.get("nodes")["items"] for one in node["spec"]["podCIDRs"]]


def tls_secret(namespace: str, pem: Path) -> Document:
    parts = {name: pem.with_suffix(name.removeprefix("tls")) for name in ("tls.crt", "tls.key")}
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": SECRET, "namespace": namespace},
        "type": "kubernetes.io/tls",
        "data": {name: base64.b64encode(file.read_bytes()).decode() for name, file in parts.items()},
    }


def as_ingress(up: Up, pem: Path) -> tuple[list[Document], Values]:
    """Return what makes Contour the cluster's default Ingress controller, and the chart's values for it."""
    objects = addons.documents(addons.upstream("contour") / "examples" / "render" / "contour.yaml")
    default = {"ingressclass.kubernetes.io/is-default-class": "true"}
    ingress_class = {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "IngressClass",
        "metadata": {"name": "contour", "annotations": default},
        "spec": {"controller": "projectcontour.io/ingress-controller"},
    }
    ingress = {
        "enabled": True,
        "annotations": {"ingress.kubernetes.io/force-ssl-redirect": "true"},
        "hosts": [HOST],
        "tls": [{"hosts": [HOST], "secretName": SECRET}],
    }
    return [*objects, ingress_class, tls_secret(up.release.namespace, pem)], {"ingress": ingress}


def as_gateway(up: Up, pem: Path) -> tuple[list[Document], Values]:  # noqa: ARG001 - as the other one
    """Return a Gateway of Contour's with a listener for TLS, and the chart's values for it."""
    objects = addons.documents(addons.upstream("contour") / "examples" / "render" / "contour-gateway.yaml")
    gateway = addons.one(objects, "Gateway", "contour")
    (plain,) = gateway["spec"]["listeners"]
    secured = {
        **plain,
        "name": "https",
        "protocol": "HTTPS",
        "port": 443,
        "tls": {"certificateRefs": [{"name": SECRET}]},
    }
    gateway["spec"]["listeners"].append(secured)
    parent = {"name": "contour", "namespace": SPACE}
    route = {
        "enabled": True,
        "hostnames": [HOST],
        "parentRefs": [{**parent, "sectionName": "https"}],
        "redirectParentRefs": [{**parent, "sectionName": plain["name"]}],
    }
    return [*objects, tls_secret(SPACE, pem)], {"httpRoute": route}


KINDS = {"Ingress": as_ingress, "HTTPRoute": as_gateway}


@pytest.fixture(scope="module", params=list(KINDS))
def door(
    request: pytest.FixtureRequest, installed: Up, source: Source, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Door]:
    """Contour on the cluster, and the release behind it without its NodePort."""
    folder = tmp_path_factory.mktemp("door")
    authority = Authority(folder)
    addons.put_images(installed.cluster, source, "contour", "envoy")
    objects, values = KINDS[request.param](installed, authority.issue(HOST))
    values["web"] = {"service": {"type": "ClusterIP"}, "trustedProxies": ranges(installed)}
    file = folder / "values.yaml"
    file.write_text(yaml.safe_dump(values))
    release = installed.release
    before = release.helm("history", "--max", "1", "--output", "yaml")
    revision = str(yaml.safe_load(before)[0]["revision"])
    with ExitStack() as stack:
        stack.enter_context(addons.applied(installed.cluster, objects))
        stack.callback(release.helm, "rollback", revision, "--wait")
        release.upgrade(flags=("--values", str(file), "--wait"))
        # The node where web does not run.
        address = installed.cluster.addresses()[-1]
        made = Door(request.param, installed, Pinned(address, authority.certificate))
        with made.client() as client:
            assert wait.until(lambda: answers(client), OPEN_SECONDS, pause=0.5), told(made)
        yield made


def answers(client: httpx.Client) -> bool:
    try:
        return client.get(f"https://{HOST}/api/tasks").is_success
    except httpx.TransportError:
        return False


def told(door: Door) -> str:
    """Return what stands in the status of the objects that lead to web."""
    return door.up.release.kubectl("get", door.kind, "--output", "yaml")


def test_the_class_is_the_clusters_default_and_the_routes_are_taken(door: Door) -> None:
    items = door.up.release.get(door.kind)["items"]
    if door.kind == "Ingress":
        (ingress,) = items
        assert ingress["spec"]["ingressClassName"] == "contour"
        return
    assert {item["metadata"]["name"] for item in items} == {"web", "web-redirect"}
    for item in items:
        (parent,) = item["status"]["parents"]
        assert {one["type"]: one["status"] for one in parent["conditions"]}["Accepted"] == "True"


def test_http_is_redirected_to_https(door: Door) -> None:
    with door.client() as client:
        answer = client.get(f"http://{HOST}/?a=b")
        assert answer.status_code in (301, 308)
        assert answer.headers["location"] == f"https://{HOST}/?a=b"
        assert client.get("http://another.test/").status_code == 404


def test_the_page_answers_with_the_certificate_of_the_secret(door: Door) -> None:
    with door.client() as client:
        page = client.get(f"https://{HOST}/")
    assert page.status_code == 200
    assert "<title>" in page.text
    # Whoever does not know the CA refuses it.
    with (
        pytest.raises(ssl.SSLCertVerificationError),
        socket.create_connection((door.pinned.address, 443)) as raw,
    ):
        ssl.create_default_context().wrap_socket(raw, server_hostname=HOST)


def test_the_log_of_web_names_the_client_through_the_policy(door: Door) -> None:
    release = door.up.release
    # With it, anybody may come to web, and Envoy does.
    assert release.get("networkpolicy", "web")["spec"]["ingress"] == [
        {"ports": [{"port": 8080, "protocol": "TCP"}]}
    ]
    mark = f"/api/tasks/{uuid4()}"
    with door.client() as client:
        client.get(f"https://{HOST}{mark}", headers={"X-Forwarded-For": "6.6.6.6"})

    def line() -> str:
        log = release.logs("--selector=app.kubernetes.io/component=web", "--tail=200", "--prefix=false")
        return next((one for one in log.splitlines() if mark in one), "")

    assert wait.until(lambda: bool(line()), 10)
    assert f'"client":"{door.up.machine()}"' in line()


@pytest.mark.parametrize(("size", "status"), [(BODY_LIMIT, 201), (BODY_LIMIT + 1, 413)])
def test_a_body_of_64_kib_passes_and_a_larger_one_does_not(door: Door, size: int, status: int) -> None:
    body = f'{{"title": "{uuid4()}"'.encode()
    with door.client() as client:
        headers = {"Content-Type": "application/json"}
        content = body.ljust(size - 1) + b"}"
        answer = client.post(f"https://{HOST}/api/tasks", content=content, headers=headers)
    assert (answer.status_code, len(content)) == (status, size)
    assert answer.headers["content-type"].startswith("application/")


def test_helm_test_passes_and_the_node_port_is_gone(door: Door) -> None:
    assert door.up.release.test()
    assert "nodePort" not in door.up.release.get("service", "web")["spec"]["ports"][0]
    for address in door.up.cluster.addresses():
        with socket.socket() as browser:
            browser.settimeout(3)
            assert browser.connect_ex((address, NODE_PORT)) != 0


# Half a minute: each pod drains.
def test_no_request_fails_in_a_rollout_and_the_open_page_stays_live(
    door: Door, record_property: Record
) -> None:
    rule = f"--host-resolver-rules=MAP {HOST} {door.pinned.address}"
    with chromium(rule) as browser:
        page = browser.new_context(locale="en-US", ignore_https_errors=True).new_page()
        page.goto(f"http://{HOST}/")
        assert page.url == f"https://{HOST}/"
        expect(page.locator("#status")).to_have_text("web, api and db all answer.", timeout=15_000)
        old = {pod["metadata"]["name"] for pod in door.up.release.pods("web,api")}
        rolled = roll(
            door.up.release,
            f"https://{HOST}",
            requests=REQUESTS,
            rate=RATE,
            changes=CHANGES,
            pinned=door.pinned,
        )
        # The pictures of the new pods come in by themselves.
        for tier in ("web", "api"):
            latest = page.locator(f".pod[data-tier={tier}][data-latest] .name")

            def renewed(tier: str = tier, latest: Locator = latest) -> bool:
                name = latest.text_content() or ""
                return name.startswith(f"{tier}-") and name not in old

            assert wait.until(renewed, LIVE_SECONDS, pause=0.5), latest.text_content()
        expect(page.locator("#status")).to_have_text("web, api and db all answer.")
    problems = rolled.load.problems
    record_property("requests, failed", f"{len(rolled.load.requests)}, {len(problems)}")
    assert all(rolled.during(change) for change in CHANGES)
    assert problems == []
