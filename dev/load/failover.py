"""The faults of a database in mode ha: each takes the leader away, or changes it as planned."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from dev.kind.cluster import resume
from dev.kind.docker import docker
from dev.kind.release import Release
from dev.load.attempts import AFTER_SECONDS, Attempts, node_of
from dev.load.round import Fault

PATRONICTL = ("patronictl", "-c", "/tmp/patroni.yaml")  # noqa: S108 - in db's pod


@contextmanager
def _kill_postmaster(release: Release) -> Iterator[None]:
    kill = ("sh", "-c", 'kill -KILL "$(head -n 1 "$PGDATA/postmaster.pid")"')
    release.exec(release.database_pod(), *kill, container="postgres")
    yield


@contextmanager
def _kill(release: Release) -> Iterator[None]:
    at_once = ("--grace-period=0", "--force", "--wait=false")
    release.kubectl("delete", "pod", release.database_pod(), *at_once)
    yield


@contextmanager
def _stop_node(release: Release) -> Iterator[None]:
    node = node_of(release, release.database_pod())
    docker("kill", node)
    try:
        yield
    finally:
        resume(release.cluster)


@contextmanager
def _cut(release: Release) -> Iterator[None]:
    """Cut the leader off from the majority: it takes no write, and none when it is let go."""
    leader = release.database_pod()
    attempts = Attempts(release, leader)
    with ExitStack() as stack:
        with _cut_off(node_of(release, leader)):
            stack.enter_context(attempts)
            yield
            taken = len(attempts.acknowledged)
        time.sleep(AFTER_SECONDS)
    # Let go within its lease, it is the leader still.
    if taken or release.database_pod() != leader:
        attempts.refused()


@contextmanager
def _cut_off(node: str) -> Iterator[None]:
    # Neither kube-proxy nor the engine of NetworkPolicies has rules in these chains.
    rules = (("PREROUTING", "-i"), ("POSTROUTING", "-o"))

    def drop(action: str) -> None:
        for chain, way in rules:
            docker("exec", node, "iptables", "-w", "-t", "mangle", action, chain, way, "eth0", "-j", "DROP")

    drop("-I")
    try:
        yield
    finally:
        drop("-D")


@contextmanager
def _switch_over(release: Release) -> Iterator[None]:
    """Make another member the leader."""
    leader = release.database_pod()
    switchover = ("switchover", "--leader", leader, "--force")
    release.exec(leader, *PATRONICTL, *switchover, container="postgres")
    yield


@contextmanager
def _drain(release: Release) -> Iterator[None]:
    node = node_of(release, release.database_pod())
    flags = ("--ignore-daemonsets", "--delete-emptydir-data", "--timeout=120s")
    try:
        release.cluster.kubectl("drain", node, *flags)
        yield
    finally:
        release.cluster.kubectl("uncordon", node)


@contextmanager
def _upgrade(release: Release) -> Iterator[None]:
    stamp = f"db.podAnnotations.rolled=at-{time.time_ns()}"
    release.upgrade(stamp, flags=("--wait", "--timeout", "4m"))
    yield


LEADER_LOST = {
    "leader's postmaster killed": Fault(_kill_postmaster),
    "leader's pod killed": Fault(_kill),
    "leader's node stopped": Fault(_stop_node),
    "leader's network cut": Fault(_cut),
}
PLANNED = {
    "switchover": Fault(_switch_over),
    "leader's node drained": Fault(_drain),
    "rolling upgrade": Fault(_upgrade),
}
FAULTS = {**LEADER_LOST, **PLANNED}
# A leader that gives way, or is killed and notices, is replaced before its lease (db.ha.ttl) ends: the
# longest time without an acknowledged write is shorter, in seconds.
WITHIN_LEASE = 20.0
# A silent one is replaced soon after that. So may be one whose pod is deleted with no grace: its token goes
# with the pod, so it may not give the lease back, and the pod that follows first asks its former address.
AFTER_LEASE = 30.0
SILENT = {"leader's pod killed", "leader's node stopped", "leader's network cut"}
WORST = {name: AFTER_LEASE if name in SILENT else WITHIN_LEASE for name in FAULTS}
