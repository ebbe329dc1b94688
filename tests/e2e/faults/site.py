"""The release on which the doctor's tests cause faults, and what they do to it."""

from __future__ import annotations

import base64
import json
from typing import Any

from dev.kind.docker import docker
from dev.kind.release import Release

_NOT_APPLIED = ("resourceVersion", "uid", "creationTimestamp", "managedFields", "generation")


class Site(Release):
    """The suite's release on two nodes: a laptop with web and api, a lab machine with db."""

    @property
    def laptop(self) -> str:
        return f"{self.cluster.name}-control-plane"

    @property
    def lab(self) -> str:
        return f"{self.cluster.name}-worker"

    def patch(self, what: str, change: dict[str, Any], *flags: str) -> None:
        self.kubectl("patch", what, "--patch", json.dumps(change), *flags)

    def saved(self, what: str) -> str:
        """Return an object in a form that `restore` can apply."""
        item = self.get(what)
        for key in _NOT_APPLIED:
            item["metadata"].pop(key, None)
        item.pop("status", None)
        # A Service that the remedy has made again has other addresses.
        for key in ("clusterIP", "clusterIPs"):
            item.get("spec", {}).pop(key, None)
        return json.dumps(item)

    def restore(self, manifest: str) -> None:
        """Apply an object as Helm: fields of another owner would stop an upgrade."""
        self.apply_manifest(manifest, "--server-side", "--field-manager", "helm", "--force-conflicts")

    def restart_db(self) -> None:
        self.kubectl("delete", "pod", "db-0", "--wait=true", "--grace-period=5")

    def secret(self, key: str) -> str:
        return base64.b64decode(self.get("secret", "postgres-secret")["data"][key]).decode()

    def on(self, node: str, *words: str) -> str:
        """Run a program on a node and return what it printed."""
        return docker("exec", node, *words)

    def wait_rolled_out(self) -> None:
        workloads = ("statefulset/db", "deployment/api", "deployment/web")
        self.kubectl("rollout", "status", *workloads, "--timeout=150s")
