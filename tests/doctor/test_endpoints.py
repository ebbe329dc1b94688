"""To whom a Service really leads, and whom its traffic policy shuts out."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from mcapp.doctor.checks import endpoints
from mcapp.doctor.finding import Finding
from mcapp.doctor.read.snapshot import Object, Snapshot
from mcapp.doctor.walk import look
from tests.support.doctor_recording import load, merged, objects, replay

CONTROLLER = {"endpointslice.kubernetes.io/managed-by": "endpointslice-controller.k8s.io"}


def slice_(service: str, address: str, pod: str = "", **labels: str) -> Object:
    entry: Object = {"addresses": [address], "conditions": {"ready": True}}
    if pod:
        entry["targetRef"] = {"kind": "Pod", "name": pod}
    metadata = {"name": "extra", "labels": {"kubernetes.io/service-name": service, **labels}}
    return {"kind": "EndpointSlice", "metadata": metadata, "endpoints": [entry], "ports": [{"port": 5432}]}


def found(*more: Object, tier: str = "db") -> list[Finding]:
    document = load("healthy")
    objects(document).extend(more)
    snapshot = replay(document).snapshot()
    service = snapshot.service(tier)
    assert service is not None
    return list(endpoints.check(snapshot, service, tier))


def test_the_release_s_own_pods_are_all_there_is() -> None:
    for tier in ("web", "api", "db"):
        assert found(tier=tier) == []


def test_a_slice_made_by_hand() -> None:
    (fault,) = found(slice_("db", "10.244.1.250"))
    assert fault.cause == "foreign-endpoint"
    assert fault.parts["address"] == "10.244.1.250"
    assert fault.steps[0].kubectl == ("delete", "endpointslice/extra", "-n", "mcapp")


def test_an_address_that_the_controller_has_seen_first_is_no_stranger() -> None:
    """A pod's second address, or the address of a pod that has just got one."""
    assert found(slice_("db", "fd00:10:244:1::3", "db-0", **CONTROLLER)) == []
    assert found(slice_("db", "fd00:10:244:1::3", "db-0")), "by hand it is one"


def test_a_pod_made_by_hand_loses_its_labels() -> None:
    document = load("healthy")
    like = next(
        item for item in objects(document) if item["metadata"]["name"].startswith("api-79b4fb58ff-2j")
    )
    pod = copy.deepcopy(like)
    pod["metadata"] |= {"name": "by-hand", "uid": "1"}
    pod["status"]["podIP"] = "10.244.0.99"
    (fault,) = found(pod, slice_("api", "10.244.0.99", "by-hand", **CONTROLLER), tier="api")
    assert fault.steps[0].kubectl[:2] == ("label", "pod/by-hand")
    assert "app.kubernetes.io/component-" in fault.steps[0].kubectl


def test_a_stranger_that_is_not_ready_is_not_the_tier_s_fault() -> None:
    document = load("foreign-endpoint")
    for item in objects(document):
        if item["metadata"]["name"].startswith("canary-") and item["kind"] == "Pod":
            item["status"]["conditions"] = [{"type": "Ready", "status": "False"}]
        if item["kind"] == "EndpointSlice":
            item["endpoints"] = [e for e in item["endpoints"] if "10.244.0.42" not in e["addresses"]]
    assert look(replay(document)).finding is None


@pytest.mark.parametrize(
    ("tier", "change", "field"),
    [
        ("web", {"externalTrafficPolicy": "Local"}, "externalTrafficPolicy"),
        ("db", {"internalTrafficPolicy": "Local"}, "internalTrafficPolicy"),
        # web and api are on one node.
        ("api", {"internalTrafficPolicy": "Local"}, None),
        # A load balancer goes by the nodes' own health checks.
        ("web", {"externalTrafficPolicy": "Local", "type": "LoadBalancer"}, None),
        ("web", {"externalTrafficPolicy": "Cluster", "internalTrafficPolicy": "Cluster"}, None),
    ],
)
def test_traffic_policies(tier: str, change: dict[str, Any], field: str | None) -> None:
    document = load("healthy")
    items = objects(document)
    for position, item in enumerate(items):
        if (item["kind"], item["metadata"]["name"]) == ("Service", tier):
            items[position] = merged(item, {"spec": change})
    snapshot: Snapshot = replay(document).snapshot()
    service = snapshot.service(tier)
    assert service is not None
    faults = list(endpoints.check(snapshot, service, tier))
    assert [fault.parts["field"] for fault in faults] == ([field] if field else [])
