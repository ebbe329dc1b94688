"""The faults of a database on one node while people use it."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from dev.kind.cluster import resume
from dev.kind.docker import docker
from dev.kind.programs import command
from dev.kind.release import Release
from dev.load.rollout import CHANGES
from dev.load.round import BACK_SECONDS, Fault
from mcapp import wait
from mcapp.backup.folder import Folder
from mcapp.backup.server import find
from mcapp.errors import FailedError, UserError
from mcapp.kube.kubectl import Kubectl

NODE_AWAY_SECONDS = 5
BACKUPS = 3
ACCEPTS = "database system is ready to accept connections"


@contextmanager
def _kill_postmaster(release: Release) -> Iterator[float]:
    """Send SIGKILL to the postmaster: it flushes nothing, and tells no client."""
    began = time.time()
    (pod,) = release.pods("db")
    status = pod["status"]["containerStatuses"]
    (container,) = (one["containerID"] for one in status if one["name"] == "postgres")
    tasks = ("ctr", "--namespace", "k8s.io", "tasks", "kill", "--signal", "SIGKILL")
    docker("exec", pod["spec"]["nodeName"], *tasks, container.removeprefix("containerd://"))
    yield accepts_again(release, began)


@contextmanager
def _delete_pod(release: Release) -> Iterator[float]:
    """Delete db-0 with no grace period: the kubelet kills it, and the StatefulSet creates another."""
    began = time.time()
    release.kubectl("delete", "pod", "db-0", "--force", "--grace-period=0")
    yield accepts_again(release, began)


@contextmanager
def _kill_node(release: Release) -> Iterator[float]:
    """Cut the power of db's machine, and switch it on again after NODE_AWAY_SECONDS."""
    began = time.time()
    docker("kill", release.pods("db")[0]["spec"]["nodeName"])
    time.sleep(NODE_AWAY_SECONDS)
    resume(release.cluster)
    yield accepts_again(release, began)


@contextmanager
def _back_up(release: Release) -> Iterator[None]:
    """Make three backups, one after the other."""
    kubectl = Kubectl(str(command("kubectl")), str(release.cluster.kubeconfig))
    with tempfile.TemporaryDirectory(prefix="mcapp-backups-") as folder:
        for number in range(BACKUPS):
            Folder(Path(folder) / str(number)).create(find(kubectl, release.namespace, release.name))
    yield


def _change(name: str) -> Fault:
    @contextmanager
    def happen(release: Release) -> Iterator[None]:
        CHANGES[name](release)
        release.wait()
        release.wait_gone()
        yield

    return Fault(happen)


DEATHS = {
    "postmaster killed (SIGKILL)": Fault(_kill_postmaster),
    "db's pod deleted with no grace": Fault(_delete_pod),
    "db's node killed and started again": Fault(_kill_node),
}
# A rollback does what an upgrade does.
ROLLS = {name: _change(name) for name in CHANGES if name != "helm rollback"}
FAULTS = {**DEATHS, f"{BACKUPS} backups made": Fault(_back_up), **ROLLS}


def accepts_again(release: Release, since: float) -> float:
    """Return the time at which PostgreSQL accepts connections, the first time after `since`.

    Both times are readings of time.time(). PostgreSQL's log tells the second.

    Raises:
        UserError: it does not accept any within six minutes.

    """
    if at := wait.until(lambda: _accepted(release, since), BACK_SECONDS, pause=0.5):
        return at
    raise FailedError("The database did not come back.", "Ask scripts/doctor.py why.")


def _accepted(release: Release, since: float) -> float | None:
    try:
        log = release.logs("db-0", "--container", "postgres", "--timestamps")
    except UserError:
        # Between two pods, and while the node is away, there is no log.
        return None
    for line in log.splitlines():
        stamp = line.split(" ", 1)[0]
        if ACCEPTS in line and (at := datetime.fromisoformat(stamp[:26] + "+00:00").timestamp()) > since:
            return at
    return None
