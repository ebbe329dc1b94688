"""A release beside the suite's own one, in a namespace of its own."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from pathlib import Path

from dev.kind.process import output
from dev.kind.programs import command
from mcapp.config import CHART
from tests.e2e.conftest import Up

SETTLED_SECONDS = 60
# Beside another release there is no NodePort 30080 left, and pods of a test need no time to say goodbye.
BESIDE = "web.service.nodePort=null,web.drainSeconds=0,api.drainSeconds=0"


@dataclass(frozen=True)
class Side:
    """The release `name` in the namespace of the same name."""

    up: Up
    name: str

    @property
    def asked(self) -> tuple[str, ...]:
        """How the doctor is asked about it."""
        return ("--namespace", self.name, "--release", self.name)

    def helm(self, verb: str, *arguments: str | Path) -> str:
        """Run a helm command on it and return what it printed."""
        chart = (CHART,) if verb in ("install", "upgrade") else ()
        where = ("--namespace", self.name)
        return output(
            [command("helm"), *verb.split(), self.name, *chart, *where, *arguments], env=self.up.cluster.env()
        )

    def kubectl(self, *arguments: str) -> str:
        """Run kubectl in its namespace."""
        return self.up.cluster.kubectl("--namespace", self.name, *arguments)

    def names(self, *kinds: str) -> set[str]:
        """Return what there is of these kinds, as kind/name."""
        return set(self.kubectl("get", ",".join(kinds), "--output", "name").split())

    def page(self) -> str:
        """Return its page's address on the first node."""
        ports = json.loads(self.kubectl("get", "service/web", "--output", "jsonpath={.spec.ports}"))
        return f"http://{self.up.cluster.addresses()[0]}:{ports[0]['nodePort']}"

    def restart(self, tier: str) -> None:
        """Kill the pods of a tier; others come."""
        chosen = f"app.kubernetes.io/component={tier}"
        self.kubectl("delete", "pods", "--selector", chosen, "--grace-period=0", "--force")

    def settle(self) -> None:
        """Wait until no pod is on its way out."""
        until = time.monotonic() + SETTLED_SECONDS
        while "deletionTimestamp" in self.kubectl("get", "pods", "--output", "json"):
            assert time.monotonic() < until, self.kubectl("get", "pods")
            time.sleep(0.3)

    def remove(self) -> None:
        """Take the namespace away with all that is in it."""
        self.kubectl("delete", "pods", "--all", "--grace-period=0", "--force")
        self.up.cluster.kubectl("delete", "namespace", self.name, "--ignore-not-found", "--wait=false")
