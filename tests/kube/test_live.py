"""A real kubectl reads the inventory of an API server that answers with lists, and forbids some."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from dev.local.kube_objects import Object, database_volume, node, pod, service, storage_class
from mcapp.errors import UnreachableError
from mcapp.kube import live
from mcapp.kube.kubectl import Kubectl
from mcapp.kube.nodes import Resources
from mcapp.kube.objects import Owner
from tests.support.api_server import asking

CLAIM, VOLUME = database_volume("lab")
PATHS: dict[str, tuple[str, list[Object]]] = {
    "/api/v1/nodes": ("Node", [node("lab", "10.0.0.2"), node("laptop", "10.0.0.1")]),
    "/apis/storage.k8s.io/v1/storageclasses": ("StorageClass", [storage_class("local-path")]),
    "/api/v1/services": ("Service", [service("web", 30090)]),
    "/api/v1/pods": ("Pod", [pod("busy", "laptop", "1", "1Gi")]),
    "/api/v1/persistentvolumes": ("PersistentVolume", [VOLUME]),
    "/api/v1/namespaces/mcapp/persistentvolumeclaims": ("PersistentVolumeClaim", [CLAIM]),
}


class Answer:
    forbidden: frozenset[str] = frozenset()
    asked: list[str] = []  # noqa: RUF012 - of the class, as the tests set what is forbidden there


def answer(path: str) -> dict[str, Any]:
    Answer.asked.append(path)
    kind, items = PATHS[urlsplit(path).path]
    plural = urlsplit(path).path.rpartition("/")[2]
    if plural in Answer.forbidden:
        why = f'{plural} is forbidden: User "eve" cannot list resource "{plural}" in API group ""'
        status = {"kind": "Status", "apiVersion": "v1", "status": "Failure", "code": 403}
        return {**status, "reason": "Forbidden", "message": why}
    # As the API server does, without the kind of each.
    bare = [{key: value for key, value in item.items() if key != "kind"} for item in items]
    return {"kind": f"{kind}List", "apiVersion": "v1", "metadata": {}, "items": bare}


@pytest.fixture
def kubectl(tmp_path: Path) -> Iterator[Kubectl]:
    Answer.forbidden, Answer.asked = frozenset(), []
    with asking(answer, tmp_path) as made:
        yield made


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
