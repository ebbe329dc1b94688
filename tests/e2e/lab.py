"""A release in a namespace of its own, for backups and moves."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dev import ROOT
from dev.kind.process import output
from dev.kind.programs import command
from dev.kind.release import Release
from mcapp import wait
from mcapp.backup.server import Server, find
from mcapp.config import CHART
from mcapp.errors import UserError
from mcapp.kube.kubectl import Kubectl
from tests.e2e.conftest import Up

SCRIPT = ROOT / "scripts" / "backup.py"
# These tests need no web, and no time to drain.
QUICK = {
    "topology": "multi",
    "web": {"replicas": 0, "service": {"type": "ClusterIP", "nodePort": None}},
    "api": {"replicas": 1, "drainSeconds": 0},
}
BACK_SECONDS = 20
LIST = "import urllib.request as u; print(u.urlopen('http://localhost:8000/api/tasks').read().decode())"


@dataclass(frozen=True)
class Lab:
    """One release in a namespace of its own, and the folder of its backups."""

    up: Up
    name: str
    folder: Path
    prefix: str = ""

    @property
    def release(self) -> Release:
        return Release(self.up.cluster, self.name, self.name)

    @property
    def server(self) -> Server:
        kubectl = Kubectl(str(command("kubectl")), str(self.up.cluster.kubeconfig))
        return find(kubectl, self.name, self.name)

    def install(self, values: dict[str, Any]) -> None:
        flags = ("--create-namespace", "--values", "-", "--wait", "--timeout", "3m")
        self.release.helm("install", CHART, *flags, stdin=json.dumps({**QUICK, **values}))

    def remove(self) -> None:
        self.up.cluster.kubectl("delete", "namespace", self.name, "--ignore-not-found", "--wait=false")

    def words(self, *arguments: str) -> list[str]:
        which = ("--namespace", self.name, "--release", self.name, "--lang", "en")
        without = {"--volume", "discard", "rescue"}
        where = () if without & {*arguments} else ("--folder", str(self.folder))
        cluster = ("--kubeconfig", str(self.up.cluster.kubeconfig), "--kubectl", str(command("kubectl")))
        return [sys.executable, str(SCRIPT), *arguments, *which, *where, *cluster]

    def backup(self, *arguments: str) -> Any:
        shown = output(self.words(*arguments, "--output", "json"))
        return json.loads(shown)

    def refused(self, *arguments: str) -> str:
        done = subprocess.run(self.words(*arguments), capture_output=True, text=True, check=False)
        assert done.returncode == 5, done.stdout + done.stderr
        return done.stderr

    def tasks(self) -> list[str]:
        """Return the titles as the api lists them, once it has its database again."""
        api = "deploy/blue-api" if self.name == "blue" else "deploy/api"

        def listed() -> str:
            try:
                return self.release.exec(api, "python", "-c", LIST)
            except UserError:
                # The api answers 503 until then.
                return ""

        shown = wait.until(listed, BACK_SECONDS)
        assert shown, "the api has no database"
        return [task["title"] for task in json.loads(shown)["items"]]
