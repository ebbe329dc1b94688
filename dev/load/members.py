"""The rarer faults of a database in mode ha: members that are silent, away or full."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import partial

from dev.kind.cluster import resume
from dev.kind.docker import docker
from dev.kind.release import Release
from dev.load.attempts import AFTER_SECONDS, Attempts, container_of, node_of
from dev.load.failover import AFTER_LEASE, WITHIN_LEASE
from dev.load.round import Fault, wait_whole
from mcapp.errors import FailedError
from mcapp.wait import until

# A round of the bench; more than a lease.
HOLD_SECONDS = 60
GONE_SECONDS = 90
DISK_MIB = 600
# Where the provisioner of the tests' clusters puts volumes.
_VOLUMES = "/var/lib/rancher/k3s/storage"
_SIGNAL = 'ctr -n k8s.io tasks ps "$1" | awk \'NR > 1 {print $1}\' | xargs -r kill "$2"'
_MOUNT = """set -eu; mkdir -p "$1"; truncate -s "$2M" /var/mcapp-disk.img
mkfs.ext4 -q -F -m 0 /var/mcapp-disk.img; mount -o loop /var/mcapp-disk.img "$1"; chmod 0777 "$1\""""
_UNMOUNT = """umount --lazy "$1"; rm -f /var/mcapp-disk.img"""
_FILL = """dd if=/dev/zero of="$1/filler" bs=1M 2>/dev/null; cat /dev/zero >>"$1/filler" 2>/dev/null; sync"""


@contextmanager
def _freeze(release: Release, *, hold: float) -> Iterator[None]:
    """Stop every process of the leader for a while; it takes no write, then or when it goes on."""
    leader = release.database_pod()
    node, container = node_of(release, leader), container_of(release, leader)
    attempts = Attempts(release, leader)
    docker("exec", node, "sh", "-c", _SIGNAL, "sh", container, "-STOP")
    with attempts:
        try:
            time.sleep(hold)
        finally:
            # Kubernetes may have killed it meanwhile.
            docker("exec", node, "sh", "-c", f"{_SIGNAL} || true", "sh", container, "-CONT")
        time.sleep(AFTER_SECONDS)
    attempts.refused()
    yield


@contextmanager
def _without_api_server(release: Release, *, hold: float) -> Iterator[None]:
    """Take the API server away for a while: nobody can take over, and nobody needs to."""
    node = f"{release.cluster.name}-control-plane"

    def drop(action: str) -> None:
        rule = ("INPUT", "!", "-i", "lo", "-p", "tcp", "--dport", "6443", "-j", "DROP")
        docker("exec", node, "iptables", "-w", "-t", "filter", action, *rule)

    drop("-I")
    try:
        time.sleep(hold)
    finally:
        drop("-D")
    yield


@contextmanager
def _without_replicas(release: Release, *, hold: float) -> Iterator[None]:
    """Stop the machines of both replicas for a while; then one comes back, and later the other one."""
    nodes = [node_of(release, name) for name in _replicas(release)]
    try:
        docker("kill", *nodes)
        time.sleep(hold)
        resume(release.cluster, nodes[0])
        yield
    finally:
        resume(release.cluster)


@contextmanager
def _small_disks(release: Release) -> Iterator[None]:
    """Give both replicas disks of their own, which they fill by copying the leader anew."""
    nodes = [node_of(release, name) for name in _replicas(release)]
    with ExitStack() as stack:
        for node, name in zip(nodes, _replicas(release), strict=True):
            stack.callback(_copied_anew, release, name, node, _UNMOUNT)
            _copied_anew(release, name, node, _MOUNT)
        yield


@contextmanager
def _full_disks(release: Release, *, hold: float) -> Iterator[None]:
    """Fill the disks of both replicas for a while."""
    nodes = [node_of(release, name) for name in _replicas(release)]
    try:
        for node in nodes:
            docker("exec", node, "sh", "-c", _FILL, "sh", _VOLUMES)
        # A replica needs a new segment to notice.
        release.sql("SELECT pg_switch_wal()")
        time.sleep(hold)
    finally:
        for node in nodes:
            docker("exec", node, "rm", "-f", f"{_VOLUMES}/filler")
    yield


def faults(hold: float = HOLD_SECONDS) -> dict[str, Fault]:
    """Return the faults by name; each lasts `hold` seconds."""
    return {
        "leader frozen": Fault(partial(_freeze, hold=hold)),
        "API server away": Fault(partial(_without_api_server, hold=hold)),
        "both replicas' nodes stopped, then one back": Fault(partial(_without_replicas, hold=hold)),
        "both replicas' disks full": Fault(partial(_full_disks, hold=hold), _small_disks),
    }


# The longest accepted time without an acknowledged write. A leader notices by the end of a connection
# (wal_sender_timeout) that its replicas are away.
LONGEST = {
    "leader frozen": AFTER_LEASE,
    "API server away": WITHIN_LEASE,
    "both replicas' nodes stopped, then one back": AFTER_LEASE,
    "both replicas' disks full": AFTER_LEASE,
}


def _replicas(release: Release) -> list[str]:
    leader = release.database_pod()
    return sorted(name for pod in release.pods("db") if (name := pod["metadata"]["name"]) != leader)


def _copied_anew(release: Release, name: str, node: str, script: str) -> None:
    """Delete a member's volume, run a script on its node, and wait until the member has copied the leader."""
    old = str(release.get("pvc", f"data-{name}")["metadata"]["uid"])

    def gone() -> bool:
        # The StatefulSet makes another one of the same name at once, which waits for the node.
        shown = release.kubectl(
            "get", "pvc", f"data-{name}", "--ignore-not-found", "--output", "jsonpath={.metadata.uid}"
        )
        return shown != old

    release.cluster.kubectl("cordon", node)
    try:
        release.kubectl("delete", "pvc", f"data-{name}", "--wait=false")
        release.kubectl("delete", "pod", name)
        if not until(gone, GONE_SECONDS):
            raise FailedError(f"The claim data-{name} does not go.")
        docker("exec", node, "sh", "-c", script, "sh", _VOLUMES, str(DISK_MIB))
    finally:
        release.cluster.kubectl("uncordon", node)
    wait_whole(release)
