"""The suite's own cluster, made by the command that the README gives.

MCAPP_TEST_CLUSTER names an existing cluster that the suite uses and keeps, for quick rounds with a new test.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import ip_network
from typing import Any

import pytest

from dev.kind.cluster import Cluster, port_of, topology_of
from dev.kind.docker import docker, ensure
from dev.kind.release import HA_NODES, Release
from dev.local.ports import free_port
from mcapp import wait

GIVEN = os.environ.get("MCAPP_TEST_CLUSTER")
NAME = GIVEN or "mcapp-test"
# The topologies that a module may ask for, and their options of dev.up.
SHAPES = {
    # With both IP families, which costs no cluster more.
    "single": ("--topology", "single", "--ip-family", "dual"),
    "multi": ("--topology", "multi"),
    "ha": ("--topology", "multi", "--db-nodes", str(HA_NODES), "--ip-family", "dual"),
}
DELETED_SECONDS = 300


@dataclass(frozen=True)
class Up:
    """The cluster that `dev.up` made, and its report."""

    topology: str
    cluster: Cluster
    port: int
    report: dict[str, Any]

    def again(self, *more: str) -> subprocess.CompletedProcess[str]:
        """Run the same command once more, perhaps with more options."""
        return up(self.topology, self.port, *more)

    @property
    def release(self) -> Release:
        """The release that it installed."""
        return Release(self.cluster)

    def pages(self) -> list[str]:
        """Return the page's address through this machine's port and through every node."""
        return [f"http://localhost:{self.port}", *self.cluster.urls()]

    def machine(self) -> str:
        """Return this machine's address on the nodes' network, where pods reach it."""
        network = json.loads(docker("network", "inspect", self.cluster.network().name))[0]
        return str(ip_network(network["IPAM"]["Config"][0]["Subnet"])[1])

    def nodes_of(self, tier: str) -> set[str]:
        """Return the nodes on which a tier's pods run."""
        return {pod["spec"]["nodeName"] for pod in self.release.pods(tier)}


def up(topology: str, port: int, *more: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "dev.up", *SHAPES[topology], "--port", str(port)]
    return subprocess.run(
        [*map(str, command), "--cluster", NAME, "--output", "json", *more],
        capture_output=True,
        text=True,
        check=False,
    )


class Shared:
    """The suite's one cluster, used by module after module while they ask for the same topology."""

    def __init__(self) -> None:
        self._topology = ""
        self._port = 0
        if GIVEN:
            ensure()
            is_ha = len(Cluster(NAME).containers()) > HA_NODES
            self._topology = "ha" if is_ha else topology_of(Cluster(NAME))
            self._port = port_of(Cluster(NAME))

    def get(self, topology: str) -> Up:
        """Return the cluster with the release installed, as `dev.up` leaves it."""
        done = None
        if topology == self._topology:
            _wait_for_namespaces()
            # The cluster's first `dev.up` has shown that `helm test` passes.
            done = up(topology, self._port, "--no-test")
        if not GIVEN and (done is None or done.returncode):
            # Also a cluster that an aborted run left, or that a module left broken.
            self.remove()
            self._topology, self._port = topology, free_port()
            done = up(topology, self._port)
        assert done, f"cluster {NAME} is of topology {self._topology}"
        print(done.stderr)
        assert done.returncode == 0, done.stderr
        ensure()
        return Up(topology, Cluster(NAME), self._port, json.loads(done.stdout))

    def remove(self) -> None:
        """Remove the cluster, if there is one."""
        down = [sys.executable, "-m", "dev.down", "--cluster", NAME]
        subprocess.run(down, check=True, capture_output=True)
        self._topology = ""


def _wait_for_namespaces() -> None:
    """Wait until the namespaces that the last module deleted are gone, with their NodePorts."""
    cluster = Cluster(NAME)
    deleted = wait.until(
        lambda: "Terminating" not in cluster.kubectl("get", "namespaces"), DELETED_SECONDS, pause=1
    )
    assert deleted, cluster.kubectl("get", "namespaces")


@pytest.fixture(scope="session")
def shared() -> Iterator[Shared]:
    """The cluster of all modules, deleted after the last one."""
    cluster = Shared()
    yield cluster
    if not GIVEN:
        cluster.remove()


@pytest.fixture(scope="module")
def installed(request: pytest.FixtureRequest, shared: Shared) -> Up:
    """The cluster, brought by `dev.up` to the topology that the test module names."""
    return shared.get(request.module.TOPOLOGY)


@pytest.fixture(scope="module")
def kube_config(installed: Up) -> str:
    """Point pytest-helm-charts' fixtures at the suite's own cluster."""
    return str(installed.cluster.kubeconfig)
