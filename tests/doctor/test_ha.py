"""What the doctor says of a database on several nodes, by the objects and by the api's words."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from mcapp.doctor.checks import ha, services
from mcapp.doctor.finding import Diagnosis
from mcapp.doctor.read.snapshot import Object, Snapshot, label, name
from mcapp.kube.release import Look, Revision

TIER = {
    "app.kubernetes.io/part-of": "mcapp",
    "app.kubernetes.io/instance": "mcapp",
    "app.kubernetes.io/component": "db",
}


def made(kind: str, name: str, labels: dict[str, str], spec: dict[str, Any]) -> Object:
    return {
        "kind": kind,
        "metadata": {"name": name, "labels": {**TIER, **labels}},
        "spec": spec,
        "status": {},
    }


def members(**roles: str) -> Snapshot:
    """Return the objects of a database whose members are labelled so; those with a label are Ready."""
    pods = [
        made("Pod", name.replace("_", "-"), {"mcapp/role": role} if role else {}, {"nodeName": "lab"})
        for name, role in roles.items()
    ]
    for pod in pods:
        ready = str(bool(label(pod, ha.ROLE)))
        pod["status"]["conditions"] = [{"type": "Ready", "status": ready}]
    template = {"replicas": 1, "selector": {"matchLabels": TIER}}
    workload = made("StatefulSet", "db", {"mcapp/mode": "ha"}, template)
    service = made("Service", "db", {}, {"ports": []})
    return Snapshot("mcapp", "mcapp", datetime.now(UTC), [workload, service, *pods])


@pytest.mark.parametrize(
    ("roles", "cause"),
    [
        ({"db_0": "primary", "db_1": "replica", "db_2": "replica"}, None),
        ({"db_0": "replica", "db_1": "replica", "db_2": ""}, "no-leader"),
        ({"db_0": "primary", "db_1": "primary", "db_2": "replica"}, "split-labels"),
    ],
    ids=["one leads", "none leads", "two are said to lead"],
)
def test_the_labels(roles: dict[str, str], cause: str | None) -> None:
    found = list(ha.check(members(**roles)))
    assert [finding.cause for finding in found] == ([cause] if cause else [])
    for finding in found:
        assert len(finding.evidence) == 3
        assert "patronictl" in finding.steps[0].kubectl


def test_a_pod_on_a_lost_node_keeps_its_label_and_does_not_count() -> None:
    snapshot = members(db_0="primary", db_1="primary", db_2="replica")
    conditions = [{"type": "Ready", "status": "Unknown"}]
    snapshot.items.append(made("Node", "lab-0", {}, {}) | {"status": {"conditions": conditions}})
    snapshot.items[2]["spec"]["nodeName"] = "lab-0"
    assert not list(ha.check(snapshot))


def test_a_service_without_a_selector_is_no_wrong_selector() -> None:
    """Patroni writes its Endpoints; the remedy for a wrong selector would lead writes to every member."""
    snapshot = members(db_0="replica", db_1="replica")
    found = [finding.cause for finding in services.check(snapshot, Diagnosis("mcapp", "mcapp"))]
    assert "no-leader" in found
    assert "service-selector" not in found


def test_one_server_needs_no_label() -> None:
    snapshot = members(db_0="")
    snapshot.items[0]["metadata"]["labels"].pop("mcapp/mode")
    assert not list(ha.check(snapshot))


@pytest.mark.parametrize(
    ("state", "lag", "lags"),
    [
        ("streaming", 0, False),
        ("streaming", 2**20, False),
        ("streaming", 2**25, True),
        ("startup", None, True),
    ],
)
def test_a_replica_that_is_far_behind(state: str, lag: int | None, lags: bool) -> None:
    replicas = [{"pod": "db-1", "state": state, "lag_bytes": lag}]
    topology = {"db": {"pod": "db-0", "members": {"wanted": 3, "replicas": replicas}}}
    found = list(ha.lagging(members(db_0="primary", db_1="replica"), topology))
    assert [finding.cause for finding in found] == (["replica-lagging"] if lags else [])
    for finding in found:
        assert finding.parts["pod"] == "db-1"
        assert finding.steps[1].kubectl[-4:] == ("reinit", "db", "db-1", "--force")


def test_a_member_that_the_leader_does_not_see() -> None:
    snapshot = members(db_0="primary", db_1="replica", db_2="replica", db_3="")
    replicas = [{"pod": "db-1", "state": "streaming", "lag_bytes": 0}]
    topology = {"db": {"pod": "db-0", "members": {"wanted": 4, "replicas": replicas}}}
    # A member that is not Ready copies the data, or the layer of the pods reports it.
    assert [finding.parts["pod"] for finding in ha.lagging(snapshot, topology)] == ["db-2"]


def test_no_rollback_for_a_member_that_crashes() -> None:
    """It may just be copying the data."""
    snapshot = members(db_0="", db_1="primary")
    pods = {name(pod): pod for pod in snapshot.pods("db")}
    snapshot.helm = Look(tuple(Revision(n, "deployed", snapshot.now) for n in (1, 2)))
    assert ha.back(snapshot, pods["db-0"], "db").kubectl[:2] == ("exec", "db-1")
    assert ha.back(snapshot, pods["db-0"], "api").line.startswith("helm rollback")
    snapshot.items[0]["metadata"]["labels"].pop("mcapp/mode")
    assert ha.back(snapshot, pods["db-0"], "db").line.startswith("helm rollback")


def test_no_word_of_replicas_is_no_fault() -> None:
    for topology in ({}, {"db": {"up": False}}, {"db": {"members": None}}):
        assert not list(ha.lagging(members(db_0="primary"), topology))
