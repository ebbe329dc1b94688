"""Writes tried on one member of the database alone, whoever else can reach it."""

from __future__ import annotations

import subprocess
from typing import Any
from uuid import uuid4

from dev.kind.docker import client
from dev.kind.release import Release
from dev.load.background import Background
from mcapp.errors import FailedError

# What happens when a silent member is let go shows within this time.
AFTER_SECONDS = 10
# timeout ends psql and leaves the server's process: a commit whose wait is cancelled would count as done.
_WRITE = """export PGPASSWORD="$POSTGRES_PASSWORD" PGCONNECT_TIMEOUT=2
timeout 3 psql -qtAXw -v ON_ERROR_STOP=1 -U postgres -d "$POSTGRES_DB" \
  -c "INSERT INTO app.tasks (title) VALUES ('$1') RETURNING id" """


class Attempts(Background):
    """Writes tried in a member's own container all the time; `acknowledged` has the numbers of those it took.

    They go through its node, so that they reach a member that nobody else does. The first one is made when
    nothing is wrong yet. FailedError is raised if it is not taken: otherwise the others would show nothing.
    """

    def __init__(self, release: Release, pod: str) -> None:
        super().__init__()
        self.acknowledged: list[int] = []
        self.tried = 0
        self._node, self._container = node_of(release, pod), container_of(release, pod)
        self._prefix = f"attempt {uuid4().hex[:8]}"
        if not self._write(0):
            raise FailedError(f"{pod} takes no write.")
        release.sql(f"DELETE FROM app.tasks WHERE title = '{self._prefix} 0'")  # noqa: S608 - a title of ours

    def _work(self) -> None:
        while not self._over.wait(0.2):
            self.tried += 1
            if self._write(self.tried):
                self.acknowledged.append(self.tried)

    def _write(self, number: int) -> bool:
        run = ("ctr", "-n", "k8s.io", "tasks", "exec", "--exec-id", f"try-{uuid4().hex[:8]}", self._container)
        words = [client(), "exec", self._node, *run, "sh", "-c", _WRITE, "sh", f"{self._prefix} {number}"]
        done = subprocess.run(words, capture_output=True, check=False)
        return not done.returncode and bool(done.stdout.strip())

    def refused(self) -> None:
        """Raise FailedError if the member took a write, or none was tried."""
        if self.acknowledged:
            raise FailedError(f"The former leader took {len(self.acknowledged)} of {self.tried} writes.")
        if not self.tried:
            raise FailedError("No write was tried.")


def node_of(release: Release, name: str) -> str:
    """Return the node of a pod of db."""
    return str(_pod(release, name)["spec"]["nodeName"])


def container_of(release: Release, name: str) -> str:
    """Return the runtime's name of the container of a pod of db."""
    states = _pod(release, name)["status"]["containerStatuses"]
    (identity,) = (state["containerID"] for state in states if state["name"] == "postgres")
    return str(identity).partition("://")[2]


def _pod(release: Release, name: str) -> dict[str, Any]:
    (pod,) = [pod for pod in release.pods("db") if pod["metadata"]["name"] == name]
    return pod
