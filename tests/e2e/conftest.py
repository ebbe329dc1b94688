"""A cluster of the suite's own, made by the very command that the README gives."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from mcapp.cluster import Cluster
from mcapp.config import NODE_PORT, ROOT
from mcapp.engine import ensure
from postgres import free_port

NAME = "mcapp-test"


@dataclass(frozen=True)
class Up:
    """What `up.py` made: the cluster, and what it reported."""

    topology: str
    cluster: Cluster
    port: int
    report: dict[str, Any]
    progress: str

    def again(self) -> subprocess.CompletedProcess[str]:
        """Run the same command once more."""
        return up(self.topology, self.port)

    def pages(self) -> list[str]:
        """Return the page's address through this machine's port and through every node."""
        nodes = self.cluster.get("nodes")["items"]
        addresses = [
            a["address"] for n in nodes for a in n["status"]["addresses"] if a["type"] == "InternalIP"
        ]
        return [f"http://localhost:{self.port}", *(f"http://{address}:{NODE_PORT}" for address in addresses)]

    def nodes_of(self, tier: str) -> set[str]:
        """Return the nodes on which a tier's pods run."""
        label = f"app.kubernetes.io/component={tier}"
        pods = self.cluster.get("pods", "-n", "mcapp", "-l", label)["items"]
        return {pod["spec"]["nodeName"] for pod in pods}


def up(topology: str, port: int, *more: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, ROOT / "scripts" / "up.py", "--topology", topology, "--port", str(port)]
    return subprocess.run(
        [*map(str, command), "--cluster", NAME, "--output", "json", *more],
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture(scope="module")
def installed(request: pytest.FixtureRequest) -> Iterator[Up]:
    """`up.py` in the topology that the test module names; the cluster is gone after the module."""
    topology = request.module.TOPOLOGY
    port = free_port()
    down = [sys.executable, str(ROOT / "scripts" / "down.py"), "--cluster", NAME]
    # One that an earlier run left behind when it was cut off.
    subprocess.run(down, check=True, capture_output=True)
    done = up(topology, port)
    print(done.stderr)
    assert done.returncode == 0, done.stderr
    ensure()
    yield Up(topology, Cluster(NAME), port, json.loads(done.stdout), done.stderr)
    subprocess.run(down, check=True)


@pytest.fixture(scope="module")
def kube_config(installed: Up) -> str:
    """Hand pytest-helm-charts' fixtures the suite's own cluster."""
    return str(installed.cluster.kubeconfig)
