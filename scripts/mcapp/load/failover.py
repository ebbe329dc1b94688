"""Every way in which the leader of a database on several nodes is lost, each under a load with a ledger."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from time import monotonic, time_ns

from mcapp.cli import Exit, UserError
from mcapp.cluster import resume
from mcapp.config import CHART, NAMESPACE, RELEASE
from mcapp.engine import docker
from mcapp.ha import members
from mcapp.load.client import Load
from mcapp.load.faults import Round
from mcapp.release import Release

RATE = 30.0
WARM_UP_SECONDS = 2.0
# A leader that is cut off is missed after a while only.
SETTLE_SECONDS = 3.0
COOL_DOWN_SECONDS = 2.0
GIVE_UP_SECONDS = 90.0
WHOLE_SECONDS = 180.0
PATRONICTL = ("patronictl", "-c", "/tmp/patroni.yaml")  # noqa: S108 - in db's pod


@contextmanager
def _kill(release: Release) -> Iterator[None]:
    release.cluster.kubectl(
        *(
            "-n",
            NAMESPACE,
            "delete",
            "pod",
            release.database_pod(),
            "--grace-period=0",
            "--force",
            "--wait=false",
        )
    )
    yield


@contextmanager
def _stop_node(release: Release) -> Iterator[None]:
    node = _node(release)
    docker("kill", node)
    try:
        yield
    finally:
        resume(release.cluster)


@contextmanager
def _cut(release: Release) -> Iterator[None]:
    node = _node(release)
    # Where neither kube-proxy nor the policies' engine has rules of its own.
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
    now = release.database_pod()
    order = ("switchover", "--leader", now, "--force")
    release.cluster.kubectl("-n", NAMESPACE, "exec", now, "-c", "postgres", "--", *PATRONICTL, *order)
    yield


@contextmanager
def _drain(release: Release) -> Iterator[None]:
    node = _node(release)
    flags = ("--ignore-daemonsets", "--delete-emptydir-data", "--timeout=120s")
    try:
        release.cluster.kubectl("drain", node, *flags)
        yield
    finally:
        release.cluster.kubectl("uncordon", node)


@contextmanager
def _upgrade(release: Release) -> Iterator[None]:
    stamp = f"db.podAnnotations.rolled=at-{time_ns()}"
    release.helm(
        *("upgrade", RELEASE, CHART, "--reset-then-reuse-values", "--set", stamp, "--wait", "--timeout", "4m")
    )
    yield


FAULTS: dict[str, Callable[[Release], AbstractContextManager[None]]] = {
    "leader's pod killed": _kill,
    "leader's node stopped": _stop_node,
    "leader's network cut": _cut,
    "switchover": _switch_over,
    "leader's node drained": _drain,
    "rolling upgrade": _upgrade,
}


def fail_over(release: Release, url: str, fault: str, *, rate: float = RATE) -> Round:
    """Do one fault under load on `url`, wait until writes go on, mend it, compare the ledger with the table.

    Raises:
        UserError: a command fails, or the cluster is not whole again in time.

    """
    with Load(url, rate=rate, kinds=("write",)) as load:
        load.at_least(int(rate * WARM_UP_SECONDS))
        broke = monotonic() - load.began
        with FAULTS[fault](release):
            accepted = _wait_for_writes(load, broke)
        wait_whole(release)
        time.sleep(COOL_DOWN_SECONDS)
    comparison = load.ledger.compare(release.sql("SELECT title FROM app.tasks"))
    release.sql(f"DELETE FROM app.tasks WHERE starts_with(title, '{load.ledger.prefix}')")  # noqa: S608
    return Round(load, comparison, broke, accepted)


def wait_whole(release: Release) -> None:
    """Wait until every member runs, one leads, and the others follow closely.

    Raises:
        UserError: they do not within three minutes.

    """
    until = monotonic() + WHOLE_SECONDS
    while not _is_whole(release):
        if monotonic() > until:
            raise UserError(f"The cluster is not whole again: {members(release)}.", code=Exit.FAILED)
        time.sleep(0.5)


def _is_whole(release: Release) -> bool:
    found = members(release)
    states = sorted(member.get("state", "") for member in found)
    return (
        len(found) > 1
        and states == ["running", *["streaming"] * (len(found) - 1)]
        and len(found) == len(release.pods("db"))
    )


def _wait_for_writes(load: Load, broke: float) -> float:
    """Return since when (s) writes have been acknowledged again, steadily."""
    until = monotonic() + GIVE_UP_SECONDS
    while monotonic() < until:
        now = monotonic() - load.began
        since = max(broke + SETTLE_SECONDS, now - COOL_DOWN_SECONDS)
        recent = [request for request in load.requests if request.due > since]
        if len(recent) > load.rate and not any(request.problem for request in recent):
            return since
        time.sleep(0.2)
    raise UserError("Writes did not come back.", "Ask scripts/doctor.py why.", Exit.FAILED)


def _node(release: Release) -> str:
    name = release.database_pod()
    (node,) = [pod["spec"]["nodeName"] for pod in release.pods("db") if pod["metadata"]["name"] == name]
    return str(node)
