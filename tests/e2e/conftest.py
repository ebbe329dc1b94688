"""A cluster of the suite's own, made by the very command that the README gives.

MCAPP_TEST_CLUSTER names one that is there already and is to stay, for quick rounds while a test is written.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import ip_network
from typing import Any

import pytest

from dev.kind.cluster import NETWORK, Cluster, port_of, topology_of
from dev.kind.docker import docker, ensure
from dev.kind.release import HA_NODES, Release
from mcapp.config import NODE_PORT
from tests.support.postgres import free_port

GIVEN = os.environ.get("MCAPP_TEST_CLUSTER")
NAME = GIVEN or "mcapp-test"
# What a module may ask for, as the command line asks for it.
SHAPES = {
    "single": ("--topology", "single"),
    "multi": ("--topology", "multi"),
    "ha": ("--topology", "multi", "--db-nodes", str(HA_NODES)),
}


@dataclass(frozen=True)
class Up:
    """What `dev.up` made: the cluster, and what it reported."""

    topology: str
    cluster: Cluster
    port: int
    report: dict[str, Any]

    def again(self) -> subprocess.CompletedProcess[str]:
        """Run the same command once more."""
        return up(self.topology, self.port)

    @property
    def release(self) -> Release:
        """The release that it installed."""
        return Release(self.cluster)

    def pages(self) -> list[str]:
        """Return the page's address through this machine's port and through every node."""
        nodes = (f"http://{address}:{NODE_PORT}" for address in self.cluster.addresses())
        return [f"http://localhost:{self.port}", *nodes]

    def machine(self) -> str:
        """Return this machine's address on the nodes' network, where pods reach it."""
        network = json.loads(docker("network", "inspect", NETWORK))[0]
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
    """The suite's one cluster, handed from module to module while they ask for the same topology."""

    def __init__(self) -> None:
        self._topology = ""
        self._port = 0
        if GIVEN:
            ensure()
            several = len(Cluster(NAME).containers()) > HA_NODES
            self._topology = "ha" if several else topology_of(Cluster(NAME))
            self._port = port_of(Cluster(NAME))

    def get(self, topology: str) -> Up:
        """Return the cluster with the release installed, as `dev.up` leaves it."""
        done = None
        if topology == self._topology:
            _wait_for_the_last_module()
            done = up(topology, self._port)
        if not GIVEN and (done is None or done.returncode):
            # Also one that an earlier run left behind when it was cut off, or a module in disorder.
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


def _wait_for_the_last_module() -> None:
    """Wait until the namespaces that it deleted are gone, and with them the ports that they held."""
    while "Terminating" in Cluster(NAME).kubectl("get", "namespaces"):
        time.sleep(1)


@pytest.fixture(scope="session")
def shared() -> Iterator[Shared]:
    """The cluster of all modules; it is gone after the last one."""
    cluster = Shared()
    yield cluster
    if not GIVEN:
        cluster.remove()


@pytest.fixture(scope="module")
def installed(request: pytest.FixtureRequest, shared: Shared) -> Up:
    """`dev.up` in the topology that the test module names."""
    return shared.get(request.module.TOPOLOGY)


@pytest.fixture(scope="module")
def kube_config(installed: Up) -> str:
    """Hand pytest-helm-charts' fixtures the suite's own cluster."""
    return str(installed.cluster.kubeconfig)
