"""The Docker network of the nodes, and the firewall rule that keeps it inside this machine."""

from __future__ import annotations

from dev.kind.docker import docker
from dev.kind.process import output, succeeds
from mcapp.errors import FailedError

NETWORK = "mcapp"
BRIDGE = "br-mcapp"


def ensure_network() -> None:
    """Make the network where it is missing, and the rule that lets no packet of a node leave this machine."""
    if not succeeds(["docker", "network", "inspect", NETWORK]):
        name = f"com.docker.network.bridge.name={BRIDGE}"
        subnet = _free_subnet()
        docker("network", "create", "--driver", "bridge", "--subnet", subnet, "--opt", name, NETWORK)
    if not _rule("-C"):
        _rule("-I")


def remove_network() -> None:
    """Remove the rule and the network."""
    _rule("-D")
    succeeds(["docker", "network", "rm", NETWORK])


def node_count() -> int:
    """Return the number of node containers, of every cluster, that are on the network."""
    return len(docker("ps", "--all", "--quiet", "--filter", f"network={NETWORK}").splitlines())


def _free_subnet() -> str:
    """Return a /24 that no route of this machine covers; a fixed subnet lets nodes keep their addresses."""
    routes = output(["ip", "-4", "route", "show"])
    for third in range(250, 200, -1):
        if f"172.30.{third}." not in routes:
            return f"172.30.{third}.0/24"
    raise FailedError("No free subnet below 172.30.0.0/16.", "Remove unused Docker networks.")


def _rule(action: str) -> bool:
    """Check (-C), insert (-I) or delete (-D) the rule: packets from the bridge go to the bridge only."""
    rule = ["DOCKER-USER", "-i", BRIDGE, "!", "-o", BRIDGE, "-j", "REJECT"]
    return succeeds(["iptables", "-w", action, *rule])
