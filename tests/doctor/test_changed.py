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
from mcapp.kube.release import Revision
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
    assert snapshot(found, [served(item) for item in found]).changes == []


def test_a_field_that_the_chart_leaves_to_the_server(wanted: list[Object]) -> None:
    items = copy.deepcopy(wanted)
    one(items, "Service", "web")["spec"]["ports"][0]["nodePort"] = None
    one(items, "Deployment", "web")["spec"]["template"]["spec"]["hostNetwork"] = False
    assert snapshot(items, [served(item) for item in wanted]).changes == []


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
    found = shot.changes[0]
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


def test_one_patch_sets_an_object_back(wanted: list[Object]) -> None:
    """A half of it may be refused, such as a type with the ports of another."""
    live = [served(copy.deepcopy(item)) for item in wanted]
    _type(live)
    one(live, "Service", "web")["spec"]["selector"]["track"] = "blue"
    (fault,) = changed.check(snapshot(wanted, live), Diagnosis("mcapp", "mcapp"))
    (step,) = fault.steps
    assert json.loads(step.kubectl[-1]) == {
        "spec": {
            "type": "NodePort",
            "selector": {"track": None},
            "ports": [{"port": 80, "nodePort": 30080}],
        }
    }


def test_an_object_that_is_gone_is_made_again(wanted: list[Object]) -> None:
    live = [served(copy.deepcopy(item)) for item in wanted]
    _gone(live)
    fault = changed.lead(snapshot(wanted, live), Finding("web-api", {"why": "HTTP 502"}, tier="web"))
    assert [step.line.split()[:2] for step in fault.steps] == [["helm", "upgrade"]]


def printed(number: int, status: str, **release: Any) -> tuple[Revision, str]:
    """Return a revision, and the line that kubectl prints of its content."""
    packed = gzip.compress(json.dumps(release).encode())
    data = base64.b64encode(base64.b64encode(packed)).decode()
    return Revision(number, status, datetime.now(UTC)), f"{number}\t{data}\n"


def test_helm_s_own_record_is_read(wanted: list[Object]) -> None:
    secret = {"kind": "Secret", "metadata": {"name": "s"}, "stringData": {"password": "x"}}
    text = "---\n" + "---\n# Source: a.yaml\n".join(yaml.safe_dump(item) for item in (*wanted, secret))
    two, first = printed(2, "failed")
    ten, second = printed(10, "deployed", manifest=text, apply_method="ssa")
    found = newest([two, ten], f"10\tdeployed\t2026-11-29T10:00:00Z\t\t\t\n{second}{first}")
    assert list(found.objects) == wanted
    assert found.owned
    assert list(objects(text)) == wanted


def test_a_release_that_helm_is_changing_is_not_compared() -> None:
    one, first = printed(1, "deployed", manifest="")
    two, second = printed(2, "pending-upgrade", apply_method="ssa")
    # But it is known how Helm writes.
    assert newest([one, two], first + second) == Manifest(owned=True)
    assert newest([one, two], first) == Manifest()
    assert newest([], "") == Manifest()


def test_a_record_that_cannot_be_read_is_said() -> None:
    broken, _ = printed(1, "deployed", manifest="")
    shot = Snapshot("mcapp", "mcapp", datetime.now(UTC), [], manifest=newest([broken], "1\tAAAA\n"))
    diagnosis = Diagnosis("mcapp", "mcapp")
    assert not list(changed.check(shot, diagnosis))
    assert diagnosis.left_out
