"""A release beside the suite's own, in a namespace of its own."""

from __future__ import annotations

import json

from dev.kind.release import Release
from tests.e2e.conftest import Up

# The suite's own release has NodePort 30080, and the pods of a test need no time to drain.
BESIDE = "web.service.nodePort=null,web.drainSeconds=0,api.drainSeconds=0"


class Side(Release):
    """The release `name` in the namespace of the same name."""

    @classmethod
    def of(cls, up: Up, name: str) -> Side:
        return cls(up.cluster, name, name)

    @property
    def asked(self) -> tuple[str, ...]:
        """The tools' options for this release."""
        return ("--namespace", self.namespace, "--release", self.name)

    def names(self, *kinds: str) -> set[str]:
        """Return the objects of these kinds, as kind/name."""
        return set(self.kubectl("get", ",".join(kinds), "--output", "name").split())

    def page(self) -> str:
        """Return the address of its page on the first node."""
        ports = json.loads(self.kubectl("get", "service/web", "--output", "jsonpath={.spec.ports}"))
        return self.cluster.urls(ports[0]["nodePort"])[0]

    def kill(self, tier: str) -> None:
        """Delete the pods of a tier without a grace period."""
        chosen = f"app.kubernetes.io/component={tier}"
        self.kubectl("delete", "pods", "--selector", chosen, "--grace-period=0", "--force")

    def remove(self) -> None:
        """Delete the namespace with everything in it."""
        self.kubectl("delete", "pods", "--all", "--grace-period=0", "--force")
        self.cluster.kubectl("delete", "namespace", self.namespace, "--ignore-not-found", "--wait=false")
