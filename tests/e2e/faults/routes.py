"""Faults of a connection's way: to whom a Service leads, what passes between the nodes, who is silent."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from tests.e2e.faults.network import rule
from tests.e2e.faults.site import Site

_STRANGER = "canary"
# More than a small probe needs, less than what flannel promises: 1450 bytes and VXLAN's own 50.
_NARROW_BYTES = 1400
# Runs on a node: sends a signal to every process of a container.
_SIGNAL = 'ctr -n k8s.io tasks ps "$1" | awk \'NR > 1 {print $1}\' | xargs -r kill "$2"'


@contextmanager
def stranger(site: Site) -> Iterator[None]:
    """A second Deployment, whose pods carry the labels of api."""
    api = site.get("deployment/api")["spec"]
    labels = {**api["selector"]["matchLabels"], "app.kubernetes.io/part-of": "mcapp"}
    container = {
        "name": "stranger",
        "image": api["template"]["spec"]["containers"][0]["image"],
        "imagePullPolicy": "IfNotPresent",
        "command": ["python", "-m", "http.server", "8000"],
        "ports": [{"name": "http", "containerPort": 8000}],
    }
    pods = {"nodeName": site.laptop, "containers": [container]}
    item = {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": _STRANGER, "labels": {"app": _STRANGER}},
        "spec": {
            "replicas": 1,
            "selector": {"matchLabels": {**labels, "app": _STRANGER}},
            "template": {"metadata": {"labels": {**labels, "app": _STRANGER}}, "spec": pods},
        },
    }
    site.apply_manifest(json.dumps(item))
    try:
        site.kubectl("rollout", "status", f"deployment/{_STRANGER}", "--timeout=60s")
        yield
    finally:
        site.kubectl("delete", "deployment", _STRANGER, "--wait=true")


@contextmanager
def dead_address(site: Site) -> Iterator[None]:
    """An EndpointSlice made by hand sends a part of db's connections to nobody."""
    item = {
        "apiVersion": "discovery.k8s.io/v1",
        "kind": "EndpointSlice",
        "metadata": {"name": "by-hand", "labels": {"kubernetes.io/service-name": "db"}},
        "addressType": "IPv4",
        "ports": [{"name": "postgres", "port": 5432, "protocol": "TCP"}],
        "endpoints": [{"addresses": ["10.244.1.250"], "conditions": {"ready": True}}],
    }
    site.apply_manifest(json.dumps(item))
    try:
        yield
    finally:
        site.kubectl("delete", "endpointslice", "by-hand", "--ignore-not-found")


@contextmanager
def _set(site: Site, what: str, change: dict[str, Any], back: dict[str, Any]) -> Iterator[None]:
    site.patch(what, {"spec": change})
    try:
        yield
    finally:
        site.patch(what, {"spec": back})


@contextmanager
def other_port(site: Site) -> Iterator[None]:
    ports = [[{"port": 80, "nodePort": number}] for number in (31999, 30080)]
    with _set(site, "service/web", {"ports": ports[0]}, {"ports": ports[1]}):
        yield


@contextmanager
def two_servers(site: Site) -> Iterator[None]:
    """A second pod for the one volume of the database."""
    with _set(site, "statefulset/db", {"replicas": 2}, {"replicas": 1}):
        yield


@contextmanager
def local_from_outside(site: Site) -> Iterator[None]:
    field = "externalTrafficPolicy"
    with _set(site, "service/web", {field: "Local"}, {field: "Cluster"}):
        yield


@contextmanager
def local_inside(site: Site) -> Iterator[None]:
    field = "internalTrafficPolicy"
    with _set(site, "service/db", {field: "Local"}, {field: "Cluster"}):
        yield


@contextmanager
def narrow_way(site: Site) -> Iterator[None]:
    """Both nodes lose what the tunnel between them makes larger than _NARROW_BYTES."""
    large = (
        "-p",
        "udp",
        "--dport",
        "8472",
        "-m",
        "length",
        "--length",
        f"{_NARROW_BYTES + 1}:65535",
        "-j",
        "DROP",
    )
    sizes = {
        node: site.on(node, "cat", "/sys/class/net/flannel.1/mtu").strip() for node in (site.lab, site.laptop)
    }
    with rule(site, site.lab, "filter", "INPUT", *large), rule(site, site.laptop, "filter", "INPUT", *large):
        try:
            yield
        finally:
            for node, size in sizes.items():
                site.on(node, "ip", "link", "set", "dev", "flannel.1", "mtu", size)


@contextmanager
def _frozen(site: Site, tier: str) -> Iterator[None]:
    """Stop every process of a tier's first pod; the kernel still accepts connections for it."""
    pod = site.pods(tier)[0]
    node = pod["spec"]["nodeName"]
    identity = pod["status"]["containerStatuses"][0]["containerID"].partition("://")[2]
    send = ("sh", "-c", _SIGNAL, "sh", identity)
    site.on(node, *send, "-STOP")
    try:
        yield
    finally:
        # Where the remedy was run, the container is gone, and there is nobody to send it to.
        site.on(node, "sh", "-c", f"{_SIGNAL} || true", "sh", identity, "-CONT")


@contextmanager
def web_frozen(site: Site) -> Iterator[None]:
    with _frozen(site, "web"):
        yield


@contextmanager
def api_frozen(site: Site) -> Iterator[None]:
    with _frozen(site, "api"):
        yield


@contextmanager
def db_frozen(site: Site) -> Iterator[None]:
    with _frozen(site, "db"):
        yield
