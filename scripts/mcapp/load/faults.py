"""What may happen to a database while people use it: each done once under a load that keeps a ledger."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise

from mcapp.cli import Exit, UserError
from mcapp.cluster import resume
from mcapp.config import NAMESPACE
from mcapp.engine import docker
from mcapp.load.client import Load
from mcapp.load.ledger import Comparison, State
from mcapp.release import Release

WARM_UP_SECONDS = 3
AFTERWARDS_SECONDS = 4
BACK_SECONDS = 180
NODE_AWAY_SECONDS = 5
ACCEPTS = "database system is ready to accept connections"


@dataclass(frozen=True)
class Round:
    """One fault under load: `broke` and `accepted` in seconds since the load's start."""

    load: Load
    comparison: Comparison
    broke: float
    accepted: float

    @property
    def recovery(self) -> float:
        """Seconds from PostgreSQL's word that it accepts connections to the first right answer of the api."""
        good = [one.ended for one in self.load.requests if not one.problem and one.ended > self.accepted]
        return min(good, default=float("inf")) - self.accepted

    @property
    def gap(self) -> float:
        """The longest time without an acknowledged write, in seconds."""
        ended = sorted(one.ended for one in self.load.requests if one.kind == "write" and not one.problem)
        return max(after - before for before, after in pairwise(ended))

    @property
    def refusals(self) -> dict[str, int]:
        """How many requests ended wrong, by status or by the name of the error."""
        found: dict[str, int] = {}
        for one in self.load.problems:
            name = str(one.status) if one.status else one.problem.split()[0]
            found[name] = found.get(name, 0) + 1
        return found


def kill_postmaster(release: Release) -> None:
    """Send SIGKILL to the server's first process: nothing is flushed, no client is told."""
    status = release.pods("db")[0]["status"]["containerStatuses"]
    (container,) = (one["containerID"] for one in status if one["name"] == "postgres")
    node = release.pods("db")[0]["spec"]["nodeName"]
    tasks = ("ctr", "--namespace", "k8s.io", "tasks", "kill", "--signal", "SIGKILL")
    docker("exec", node, *tasks, container.removeprefix("containerd://"))


def delete_pod(release: Release) -> None:
    """Delete db-0 with no grace: the kubelet kills it, and the StatefulSet makes another."""
    release.cluster.kubectl("-n", NAMESPACE, "delete", "pod", "db-0", "--force", "--grace-period=0")


def kill_node(release: Release) -> None:
    """Cut the power of db's machine, and switch it on again after a while."""
    docker("kill", release.pods("db")[0]["spec"]["nodeName"])
    time.sleep(NODE_AWAY_SECONDS)
    resume(release.cluster)


FAULTS: dict[str, Callable[[Release], None]] = {
    "postmaster killed (SIGKILL)": kill_postmaster,
    "db's pod deleted with no grace": delete_pod,
    "db's node killed and started again": kill_node,
}


def suffer(release: Release, url: str, fault: str) -> Round:
    """Do a fault under a load on `url`, wait for the database's return, and compare ledger and table.

    Raises:
        UserError: the database does not come back within three minutes.

    """
    with Load(url, kinds=("write", "read")) as load:
        load.at_least(int(WARM_UP_SECONDS * load.rate))
        began = time.time()
        broke = time.monotonic() - load.began
        FAULTS[fault](release)
        accepted = _accepts_again(release, began) - began + broke
        load.at_least(len(load.requests) + int(AFTERWARDS_SECONDS * load.rate))
    comparison = load.ledger.compare(release.sql("SELECT title FROM app.tasks"))
    release.sql(f"DELETE FROM app.tasks WHERE starts_with(title, '{load.ledger.prefix}')")  # noqa: S608
    return Round(load, comparison, broke, accepted)


def _accepts_again(release: Release, since: float) -> float:
    """Return when (by time.time()) the server said that it accepts, the first time after `since`."""
    until = time.monotonic() + BACK_SECONDS
    while time.monotonic() < until:
        try:
            shown = release.cluster.kubectl(
                *("-n", NAMESPACE, "logs", "db-0", "--container", "postgres", "--timestamps")
            )
        except UserError:
            # Between two pods, or on a node that is away, there is no log.
            shown = ""
        for line in shown.splitlines():
            stamp = line.split(" ", 1)[0]
            if ACCEPTS in line and (at := datetime.fromisoformat(stamp[:26] + "+00:00").timestamp()) > since:
                return at
        time.sleep(0.5)
    raise UserError("The database did not come back.", "Ask scripts/doctor.py why.", Exit.FAILED)


def acknowledged(rounds: list[Round]) -> int:
    """Return how many writes of these rounds were acknowledged."""
    return sum(one.comparison.states[State.ACKNOWLEDGED] for one in rounds)
