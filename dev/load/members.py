"""The rarer faults of a database in mode ha: members that are silent, away, full or wrong about the time."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path

from dev.kind import host
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
JUMP_SECONDS = 3600
GONE_SECONDS = 90
DISK_MIB = 600
# Where the provisioner of the tests' clusters puts volumes.
_VOLUMES = "/var/lib/rancher/k3s/storage"
_SIGNAL = 'ctr -n k8s.io tasks ps "$1" | awk \'NR > 1 {print $1}\' | xargs -r kill "$2"'
_MOUNT = """set -eu; mkdir -p "$1"; truncate -s "$2M" /var/mcapp-disk.img
mkfs.ext4 -q -F -m 0 /var/mcapp-disk.img; mount -o loop /var/mcapp-disk.img "$1"; chmod 0777 "$1\""""
_UNMOUNT = """umount --lazy "$1"; rm -f /var/mcapp-disk.img"""
_FILL = """dd if=/dev/zero of="$1/filler" bs=1M 2>/dev/null; cat /dev/zero >>"$1/filler" 2>/dev/null; sync"""
_FAKETIME = {
    "LD_PRELOAD": "/var/lib/postgresql/data/libfaketime.so.1",
    "FAKETIME_TIMESTAMP_FILE": "/var/lib/postgresql/data/faketime",
    "FAKETIME_CACHE_DURATION": "1",
    "FAKETIME_DONT_FAKE_MONOTONIC": "1",
    # A sleep of a millisecond, which Patroni uses, fails under libfaketime.
    "FAKETIME_ONLY_CMDS": "postgres",
}


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


@contextmanager
def _own_clocks(release: Release) -> Iterator[None]:
    """Give each member's PostgreSQL the clock of a file on its volume, by libfaketime."""
    host.install(("libfaketime",))
    (library,) = Path("/usr/lib").glob("*/faketime/libfaketime.so.1")
    names = [pod["metadata"]["name"] for pod in release.pods("db")]
    for name in names:
        node, folder = _volume(release, name)
        docker("cp", str(library), f"{node}:{folder}/libfaketime.so.1")
        _set_clock(release, name, 0)
    values = [
        word
        for number, (key, value) in enumerate(_FAKETIME.items())
        for word in ("--set-string", f"db.extraEnv[{number}].name={key},db.extraEnv[{number}].value={value}")
    ]
    try:
        release.upgrade(flags=(*values, "--wait", "--timeout", "4m"))
        wait_whole(release)
        yield
    finally:
        release.helm("rollback", "--wait", "--timeout", "4m")
        wait_whole(release)
        for name in names:
            node, folder = _volume(release, name)
            docker("exec", node, "rm", "-f", f"{folder}/libfaketime.so.1", f"{folder}/faketime")


@contextmanager
def _other_clock(release: Release, *, hold: float) -> Iterator[None]:
    """Put the leader's clock an hour on, then a replica's clock an hour back."""
    leader = release.database_pod()
    for name, seconds in ((leader, JUMP_SECONDS), (_replicas(release)[0], -JUMP_SECONDS)):
        try:
            _set_clock(release, name, seconds)
            time.sleep(hold / 2)
        finally:
            _set_clock(release, name, 0)
    yield


def faults(hold: float = HOLD_SECONDS) -> dict[str, Fault]:
    """Return the faults by name; each lasts `hold` seconds."""
    return {
        "leader frozen": Fault(partial(_freeze, hold=hold)),
        "API server away": Fault(partial(_without_api_server, hold=hold)),
        "both replicas' nodes stopped, then one back": Fault(partial(_without_replicas, hold=hold)),
        "both replicas' disks full": Fault(partial(_full_disks, hold=hold), _small_disks),
        "a clock an hour on, then one an hour back": Fault(partial(_other_clock, hold=hold), _own_clocks),
    }


# The longest accepted time without an acknowledged write. A leader notices by the end of a connection
# (wal_sender_timeout) that its replicas are away.
LONGEST = {
    "leader frozen": AFTER_LEASE,
    "API server away": WITHIN_LEASE,
    "both replicas' nodes stopped, then one back": AFTER_LEASE,
    "both replicas' disks full": AFTER_LEASE,
    "a clock an hour on, then one an hour back": WITHIN_LEASE,
}


def _replicas(release: Release) -> list[str]:
    leader = release.database_pod()
    return sorted(name for pod in release.pods("db") if (name := pod["metadata"]["name"]) != leader)


def _volume(release: Release, name: str) -> tuple[str, str]:
    """Return a member's node, and its volume's folder there."""
    volume = release.get("pvc", f"data-{name}")["spec"]["volumeName"]
    spec = release.cluster.get("pv", volume)["spec"]
    return node_of(release, name), str((spec.get("hostPath") or spec.get("local"))["path"])


def _set_clock(release: Release, name: str, seconds: int) -> None:
    node, folder = _volume(release, name)
    # Written in place, because libfaketime reads the same file again.
    docker("exec", node, "sh", "-c", f'echo "{seconds:+d}" >"$1/faketime"', "-", folder)


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
