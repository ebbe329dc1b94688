"""Live objects compared with what the chart renders: as the API server has them, and changed by hand."""

from __future__ import annotations

import base64
import copy
import gzip
import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
import yaml

from mcapp.doctor.checks import changed
from mcapp.doctor.finding import Diagnosis, Finding
from mcapp.doctor.read.manifest import KINDS, Manifest, newest, objects
from mcapp.doctor.read.snapshot import Object, Snapshot
from tests.support.render import HA, OPTIONS, Values, render

RESOURCES = {"requests": {"cpu": 0.1, "memory": "1024Mi"}, "limits": {"memory": "2048Mi"}}
MULTI: Values = {"topology": "multi", "web": {"resources": RESOURCES}}


def manifest(values: Values) -> list[Object]:
    return [item for item in render(values) if item["kind"] in KINDS]


def served(item: Any, key: str = "") -> Any:
    """Return an object as the API server gives it: with its defaults, without what is empty."""
    if isinstance(item, dict):
        found = {name: served(one, name) for name, one in item.items() if one not in (None, "", [])}
        if key == "requests" and str(found.get("cpu")) == "0.1":
            found |= {"cpu": "100m", "memory": "1Gi"}
        return found
    if isinstance(item, list):
        added = {"protocol": "TCP"} if key == "ports" else {}
        return [{**added, **served(one)} if isinstance(one, dict) else one for one in item]
    return item


def snapshot(wanted: list[Object], live: list[Object]) -> Snapshot:
    return Snapshot("mcapp", "mcapp", datetime.now(UTC), live, manifest=Manifest(tuple(wanted)))


@pytest.fixture(scope="module")
def wanted() -> list[Object]:
    return manifest(MULTI)


@pytest.mark.parametrize("values", [MULTI, OPTIONS, HA], ids=["multi", "every option", "ha"])
def test_what_nobody_changed(values: Values) -> None:
    found = manifest(values)
    assert len(found) > 6
    assert changed.changes(snapshot(found, [served(item) for item in found])) == []


def test_a_field_that_the_chart_leaves_to_the_server(wanted: list[Object]) -> None:
    items = copy.deepcopy(wanted)
    one(items, "Service", "web")["spec"]["ports"][0]["nodePort"] = None
    one(items, "Deployment", "web")["spec"]["template"]["spec"]["hostNetwork"] = False
    assert changed.changes(snapshot(items, [served(item) for item in wanted])) == []


def one(items: list[Object], kind: str, name: str) -> Object:
    return next(item for item in items if (item["kind"], item["metadata"]["name"]) == (kind, name))


def _port(live: list[Object]) -> None:
    one(live, "Service", "web")["spec"]["ports"][0]["nodePort"] = 31999


def _type(live: list[Object]) -> None:
    service = one(live, "Service", "web")["spec"]
    service["type"] = "ClusterIP"
    del service["ports"][0]["nodePort"]


def _replicas(live: list[Object]) -> None:
    one(live, "StatefulSet", "db")["spec"]["replicas"] = 2


def _memory(live: list[Object]) -> None:
    pod = one(live, "Deployment", "api")["spec"]["template"]["spec"]
    pod["containers"][0]["resources"]["limits"]["memory"] = "24Mi"


def _selector(live: list[Object]) -> None:
    one(live, "Service", "api")["spec"]["selector"]["track"] = "blue"


def _policy(live: list[Object]) -> None:
    one(live, "NetworkPolicy", "db")["spec"]["ingress"][0]["from"][0] = {"podSelector": {}}


def _gone(live: list[Object]) -> None:
    live.remove(one(live, "NetworkPolicy", "db"))


@pytest.mark.parametrize(
    ("change", "what", "field", "patch", "breaks"),
    [
        (_port, "service/web", "spec.ports[80].nodePort", {"ports": [{"port": 80, "nodePort": 30080}]}, True),
        (_type, "service/web", "spec.type", {"type": "NodePort"}, True),
        (_replicas, "statefulset/db", "spec.replicas", {"replicas": 1}, True),
        (
            _memory,
            "deployment/api",
            "spec.template.spec.containers[api].resources.limits.memory",
            None,
            False,
        ),
        (_selector, "service/api", "spec.selector.track", {"selector": {"track": None}}, False),
        (_policy, "networkpolicy/db", "spec.ingress", None, False),
        (_gone, "networkpolicy/db", "", None, False),
    ],
    ids=["nodePort", "type", "replicas of db", "memory", "selector", "policy", "object"],
)
def test_a_change_by_hand(
    wanted: list[Object],
    change: Callable[[list[Object]], None],
    what: str,
    field: str,
    patch: Object | None,
    breaks: bool,
) -> None:
    live = [served(copy.deepcopy(item)) for item in wanted]
    change(live)
    shot = snapshot(wanted, live)
    found = changed.changes(shot)[0]
    assert (found.what, found.field) == (what, field)
    assert patch is None or found.patch == {"spec": patch}
    diagnosis = Diagnosis("mcapp", "mcapp")
    faults = list(changed.check(shot, diagnosis))
    assert diagnosis.warnings
    assert [fault.cause for fault in faults] == (["changed-by-hand"] if breaks else [])


def test_it_is_the_cause_of_a_fault_that_has_no_better_one(wanted: list[Object]) -> None:
    live = [served(copy.deepcopy(item)) for item in wanted]
    _memory(live)
    shot = snapshot(wanted, live)
    vague = changed.lead(shot, Finding("web-api", {"why": "HTTP 502"}, tier="web"))
    assert vague.cause == "changed-by-hand"
    exact = changed.lead(shot, Finding("out-of-memory", tier="api"))
    assert exact.cause == "out-of-memory"
    assert exact.evidence[0].source == "changed by hand"
    assert [step.kubectl[:2] for step in exact.steps] == [("patch", "deployment/api")]


def revision(number: int, status: str, **release: Any) -> Object:
    packed = gzip.compress(json.dumps(release).encode())
    data = base64.b64encode(base64.b64encode(packed)).decode()
    labels = {"owner": "helm", "name": "mcapp", "version": str(number), "status": status}
    return {"kind": "Secret", "metadata": {"name": f"v{number}", "labels": labels}, "data": {"release": data}}


def test_helm_s_own_record_is_read(wanted: list[Object]) -> None:
    secret = {"kind": "Secret", "metadata": {"name": "s"}, "stringData": {"password": "x"}}
    text = "---\n" + "---\n# Source: a.yaml\n".join(yaml.safe_dump(item) for item in (*wanted, secret))
    found = newest([revision(2, "failed"), revision(10, "deployed", manifest=text, apply_method="ssa")])
    assert list(found.objects) == wanted
    assert found.owned
    assert list(objects(text)) == wanted


def test_a_release_that_helm_is_changing_is_not_compared() -> None:
    assert newest([revision(1, "deployed", manifest=""), revision(2, "pending-upgrade")]) == Manifest()
    assert newest([]) == Manifest()


def test_a_record_that_cannot_be_read_is_said() -> None:
    broken = revision(1, "deployed", manifest="")
    broken["data"]["release"] = "AAAA"
    shot = Snapshot("mcapp", "mcapp", datetime.now(UTC), [], manifest=newest([broken]))
    diagnosis = Diagnosis("mcapp", "mcapp")
    assert not list(changed.check(shot, diagnosis))
    assert diagnosis.left_out
