"""A real kubectl reads the inventory of an API server that answers with lists, and forbids some."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from dev.kind.programs import command
from dev.local.kube_objects import Object, database_volume, node, pod, service, storage_class
from mcapp.errors import UnreachableError
from mcapp.kube import live
from mcapp.kube.kubectl import Kubectl
from mcapp.kube.nodes import Resources
from mcapp.kube.objects import Owner

CLAIM, VOLUME = database_volume("lab")
PATHS: dict[str, tuple[str, list[Object]]] = {
    "/api/v1/nodes": ("Node", [node("lab", "10.0.0.2"), node("laptop", "10.0.0.1")]),
    "/apis/storage.k8s.io/v1/storageclasses": ("StorageClass", [storage_class("local-path")]),
    "/api/v1/services": ("Service", [service("web", 30090)]),
    "/api/v1/pods": ("Pod", [pod("busy", "laptop", "1", "1Gi")]),
    "/api/v1/persistentvolumes": ("PersistentVolume", [VOLUME]),
    "/api/v1/namespaces/mcapp/persistentvolumeclaims": ("PersistentVolumeClaim", [CLAIM]),
}


class Answer(BaseHTTPRequestHandler):
    forbidden: frozenset[str] = frozenset()
    asked: list[str] = []  # noqa: RUF012 - of the class, as the handler is made anew for each request

    def do_GET(self) -> None:
        self.asked.append(self.path)
        kind, items = PATHS[urlsplit(self.path).path]
        plural = urlsplit(self.path).path.rpartition("/")[2]
        # As the API server does, without the kind of each.
        bare = [{key: value for key, value in item.items() if key != "kind"} for item in items]
        found: dict[str, Any] = {"kind": f"{kind}List", "apiVersion": "v1", "metadata": {}, "items": bare}
        if plural in self.forbidden:
            why = f'{plural} is forbidden: User "eve" cannot list resource "{plural}" in API group ""'
            status = {"kind": "Status", "apiVersion": "v1", "status": "Failure", "code": 403}
            found = {**status, "reason": "Forbidden", "message": why}
        body = json.dumps(found).encode()
        self.send_response(int(found.get("code", 200)))
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture
def kubectl(tmp_path: Any) -> Iterator[Kubectl]:
    Answer.forbidden, Answer.asked = frozenset(), []
    server = ThreadingHTTPServer(("127.0.0.1", 0), Answer)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    config = tmp_path / "config"
    cluster = {"name": "c", "cluster": {"server": f"http://127.0.0.1:{server.server_port}"}}
    context = {"name": "c", "context": {"cluster": "c", "user": "c"}}
    user = {"name": "c", "user": {}}
    document = {"kind": "Config", "apiVersion": "v1", "current-context": "c"}
    lists = {"clusters": [cluster], "contexts": [context], "users": [user]}
    config.write_text(json.dumps({**document, **lists}))
    yield Kubectl(str(command("kubectl")), str(config))
    server.shutdown()
    server.server_close()


def test_all_that_placement_depends_on(kubectl: Kubectl) -> None:
    found = live.inventory(kubectl, "mcapp")
    assert list(found.nodes) == ["lab", "laptop"]
    assert found.used(Owner("mcapp", "mcapp")) == {"laptop": Resources(1000, 1 << 30, 1)}
    assert [one.name for one in found.classes] == ["local-path"]
    assert [one.ports for one in found.services] == [(30090,)]
    assert [one.volume for one in found.claims] == [one.name for one in found.volumes] == ["pvc-1"]
    assert found.unread == ()


def test_pods_that_have_ended_are_not_sent(kubectl: Kubectl) -> None:
    live.inventory(kubectl, "mcapp")
    (asked,) = [path for path in Answer.asked if path.startswith("/api/v1/pods")]
    assert parse_qs(urlsplit(asked).query)["fieldSelector"] == [
        "status.phase!=Succeeded,status.phase!=Failed"
    ]


def test_beside_virtual_nodes_only_the_machines_pods_are_read(kubectl: Kubectl) -> None:
    taints = ["kwok.x-k8s.io/node=fake:NoSchedule"]
    kind, machines = PATHS["/api/v1/nodes"]
    crowd = [node(f"others-{number}", "198.18.0.1", taints=taints) for number in range(20)]
    try:
        PATHS["/api/v1/nodes"] = (kind, [*machines, *crowd])
        found = live.inventory(kubectl, "mcapp")
    finally:
        PATHS["/api/v1/nodes"] = (kind, machines)
    asked = [path for path in Answer.asked if path.startswith("/api/v1/pods")]
    chosen = {parse_qs(urlsplit(path).query)["fieldSelector"][0].rpartition(",")[2] for path in asked}
    assert chosen == {"spec.nodeName=lab", "spec.nodeName=laptop"}
    assert len(found.nodes) == 22


def test_what_is_forbidden_stays_unread(kubectl: Kubectl) -> None:
    Answer.forbidden = frozenset({"pods", "persistentvolumes"})
    found = live.inventory(kubectl, "mcapp")
    assert found.unread == ("pods", "persistentvolumes")
    assert [one.ports for one in found.services] == [(30090,)]


def test_without_the_nodes_there_is_no_inventory(kubectl: Kubectl) -> None:
    Answer.forbidden = frozenset({"nodes"})
    with pytest.raises(UnreachableError, match="may not read the cluster's nodes"):
        live.inventory(kubectl, "mcapp")
    assert [urlsplit(path).path for path in Answer.asked] == ["/api/v1/nodes"]
