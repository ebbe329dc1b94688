"""kubectl, bound to one namespace of a cluster."""

from __future__ import annotations

import json
import os
import subprocess
from dataclasses import dataclass
from typing import Any

from dev.kind.cluster import Cluster
from dev.kind.process import output
from dev.kind.programs import command
from mcapp.config import NAMESPACE


@dataclass(frozen=True)
class Client:
    """The objects of one namespace.

    Every method raises UserError, with what kubectl said, when kubectl fails.
    """

    cluster: Cluster
    namespace: str = NAMESPACE

    def kubectl(self, *arguments: str, stdin: str | None = None) -> str:
        """Run a quick kubectl command and return its standard output, stripped."""
        return output(self._words(*arguments), env=self.cluster.env(), stdin=stdin)

    def get(self, *what: str) -> dict[str, Any]:
        """Return objects as `kubectl get -o json` gives them."""
        document: dict[str, Any] = json.loads(self.kubectl("get", *what, "--output", "json"))
        return document

    def apply_manifest(self, manifest: str, *flags: str) -> str:
        """Apply a manifest in YAML or JSON; return a line for each object."""
        return self.kubectl("apply", *flags, "--filename", "-", stdin=manifest)

    def delete_manifest(self, manifest: str) -> None:
        """Delete the objects of a manifest."""
        self.kubectl("delete", "--filename", "-", stdin=manifest)

    def exec(self, pod: str, *words: str, container: str = "", stdin: str | None = None) -> str:
        """Run a program in a pod, such as `db-0` or `deploy/api`; return its standard output, stripped."""
        within = ["--container", container] if container else []
        if stdin is not None:
            within.append("--stdin")
        return self.kubectl("exec", pod, *within, "--", *words, stdin=stdin)

    def logs(self, pod: str, *flags: str) -> str:
        """Return what a pod, given as `db-0` or `job/test-chain`, has written."""
        return self.kubectl("logs", pod, *flags)

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        """Start a kubectl command that goes on, with a pipe to its input and one from its output."""
        return subprocess.Popen(
            self._words(*arguments),
            env={**os.environ, **self.cluster.env()},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def _words(self, *arguments: str) -> list[str]:
        return [str(command("kubectl")), "--namespace", self.namespace, *arguments]
