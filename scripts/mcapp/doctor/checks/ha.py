"""A database in mode ha: whether one member is the leader, and how far the replicas are behind."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from mcapp.doctor.checks import changed
from mcapp.doctor.finding import Evidence, Finding, Step
from mcapp.doctor.read.snapshot import Object, Snapshot, label, name, node_of
from mcapp.doctor.remedies import helm_rollback

ROLE = "mcapp/role"
CLUSTER = "mcapp/cluster"
PRIMARY = "primary"
STANDBY = "standby_leader"
# More than a replica falls behind in a busy moment.
LAG_BYTES = 16 * 2**20


def check(snapshot: Snapshot) -> Iterator[Finding]:
    """Yield that no member, or more than one, has the leader's label."""
    if not snapshot.is_ha:
        return
    pods, leaders = snapshot.pods("db"), _leaders(snapshot)
    evidence = tuple(Evidence(f"pod/{name(pod)}", _told(pod)) for pod in pods)
    if leaderless(snapshot):
        logs = Step(kubectl=("logs", name(pods[0]), "-n", snapshot.namespace, "--tail=50"))
        steps = (listed(snapshot, pods), logs)
        yield Finding("no-leader", {"count": len(pods)}, evidence, steps, "db", soft=True)
    elif len(leaders) > 1:
        parts = {"pods": [name(pod) for pod in leaders]}
        wrong = Step(kubectl=("label", "pod", "POD", "-n", snapshot.namespace, f"{ROLE}-"))
        yield Finding("split-labels", parts, evidence, (listed(snapshot, leaders), wrong), "db", soft=True)


def leaderless(snapshot: Snapshot) -> bool:
    """Whether the database has members, and none has the leader's label.

    In a move to mode ha, one leads those that follow the server, which takes the writes.
    """
    pods = snapshot.pods("db")
    moving = any(label(pod, ROLE) == STANDBY for pod in pods)
    return snapshot.is_ha and bool(pods) and not _leaders(snapshot) and not moving


def lagging(snapshot: Snapshot, topology: dict[str, Any]) -> Iterator[Finding]:
    """Yield a replica that is far behind or does not follow, as the leader reports to the api."""
    db = topology.get("db") or {}
    replicas = (db.get("members") or {}).get("replicas")
    if replicas is None:
        return
    for replica in [*replicas, *_unknown(snapshot, db, replicas)]:
        behind = replica["lag_bytes"]
        if replica["state"] == "streaming" and behind is not None and behind < LAG_BYTES:
            continue
        pod = replica["pod"]
        parts = {"pod": pod, "leader": db.get("pod") or "", "mib": (behind or 0) // 2**20}
        line = Evidence("/api/topology", f"{pod}: state {replica['state']}, lag_bytes {behind}")
        again = (*_exec(snapshot, pod), "reinit", snapshot.object_name("db"), pod, "--force")
        steps = (listed(snapshot, snapshot.pods("db")), Step(kubectl=again))
        yield Finding("replica-lagging", parts, (line,), steps, "db", soft=True)


def back(snapshot: Snapshot, pod: Object, tier: str) -> Step:
    """Return the step that undoes a change, or for a member of the database the step to look first.

    A member may just be copying the data.
    """
    if snapshot.is_ha and tier == "db":
        return listed(snapshot, snapshot.ready_pods("db") or [pod])
    return next(iter(changed.back(snapshot, changed.of_workload(snapshot, tier))), helm_rollback(snapshot))


def _leaders(snapshot: Snapshot) -> list[Object]:
    """Return the pods with the leader's label. A pod keeps it when its node is lost, and counts no more."""
    lost = {node.name for node in snapshot.nodes.values() if not node.ready}
    return [pod for pod in snapshot.pods("db") if label(pod, ROLE) == PRIMARY and node_of(pod) not in lost]


def _unknown(snapshot: Snapshot, db: dict[str, Any], replicas: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the members that are ready and that the leader does not report."""
    known = {db.get("pod"), *(replica["pod"] for replica in replicas)}
    unknown = [name(pod) for pod in snapshot.ready_pods("db") if name(pod) not in known]
    return [{"pod": pod, "state": "unknown to the leader", "lag_bytes": None} for pod in unknown]


def _told(pod: Object) -> str:
    return f"{ROLE}={label(pod, ROLE) or 'none'} on node {node_of(pod) or 'none'}"


def listed(snapshot: Snapshot, pods: list[Object]) -> Step:
    """Return the step that shows every member as Patroni sees it."""
    return Step(kubectl=(*_exec(snapshot, name(pods[0]) if pods else "db-0"), "list"))


def _exec(snapshot: Snapshot, pod: str) -> tuple[str, ...]:
    config = "/tmp/patroni.yaml"  # noqa: S108 - in the pod
    return ("exec", pod, "-n", snapshot.namespace, "--", "patronictl", "-c", config)
