"""The Docker networks of the nodes, and the firewall rules that keep them inside this machine."""

from __future__ import annotations

import shutil
from dataclasses import dataclass

from dev.kind import host
from dev.kind.docker import docker
from dev.kind.process import output, succeeds
from mcapp.errors import FailedError
from mcapp.messages import announce

# The label of a network that names the image of its nodes, which has iptables.
_IMAGE = "mcapp.node-image"
# The kernel has two sets of tables; Docker's chain is in one of them.
_SAME_TABLES = """program=$1; shift
for kind in nft legacy; do
  "$program-$kind" -w -n -L DOCKER-USER >/dev/null 2>&1 && exec "$program-$kind" -w "$@"
done
exit 1"""


@dataclass(frozen=True)
class Network:
    """A Docker network with a bridge of its own; with `ipv6` its nodes have addresses of both IP families."""

    name: str
    bridge: str
    ipv6: bool = False

    def ensure(self, image: str = "") -> None:
        """Make the network where it is missing, and the rules that let no packet of a node leave.

        Who is not root sets them by a container of `image`, one of kind's node images, which the network
        keeps as a label.

        Raises:
            FailedError: no free subnet, or IPv6 is asked of a machine without it.

        """
        if not succeeds(["docker", "network", "inspect", self.name]):
            name = f"com.docker.network.bridge.name={self.bridge}"
            subnets = ["--subnet", _free_subnet()]
            if self.ipv6:
                _require_ipv6()
                subnets += ["--ipv6", "--subnet", "fd00:172:30::/64"]
            kept = ("--label", f"{_IMAGE}={image}")
            docker("network", "create", "--driver", "bridge", *subnets, *kept, "--opt", name, self.name)
        for program in self._firewalls:
            if not self._rule(program, "-C") and not self._rule(program, "-I"):
                announce(f"    {program} takes no rule of ours: the cluster's packets may leave this machine")

    def remove_unused(self) -> None:
        """Remove the rules and the network when no node is on it."""
        if self.nodes():
            return
        for program in self._firewalls:
            self._rule(program, "-D")
        succeeds(["docker", "network", "rm", self.name])

    def nodes(self) -> list[str]:
        """Return the ids of the node containers, of every cluster, that are on the network."""
        return docker("ps", "--all", "--quiet", "--filter", f"network={self.name}").splitlines()

    @property
    def _firewalls(self) -> tuple[str, ...]:
        return ("iptables", "ip6tables") if self.ipv6 else ("iptables",)

    def _rule(self, program: str, action: str) -> bool:
        """Check (-C), insert (-I) or delete (-D) the rule: packets from the bridge go to the bridge only."""
        rule = ["DOCKER-USER", "-i", self.bridge, "!", "-o", self.bridge, "-j", "REJECT"]
        if host.is_root():
            return succeeds([program, "-w", action, *rule])
        if not succeeds(["docker", "network", "inspect", self.name]):
            return False
        image = docker("network", "inspect", "--format", f'{{{{index .Labels "{_IMAGE}"}}}}', self.name)
        flags = ("--rm", "--network", "host", "--cap-add", "NET_ADMIN", "--entrypoint", "sh")
        return succeeds(["docker", "run", *flags, image, "-c", _SAME_TABLES, "sh", program, action, *rule])


IPV4 = Network("mcapp", "br-mcapp")
IPV6 = Network("mcapp6", "br-mcapp6", ipv6=True)
# kind's name of the families that a cluster has -> the network of its nodes.
NETWORKS = {"ipv4": IPV4, "dual": IPV6, "ipv6": IPV6}


def node_count() -> int:
    """Return the number of node containers of all clusters."""
    return sum(len(one.nodes()) for one in (IPV4, IPV6))


def _free_subnet() -> str:
    """Return a /24 that no route of this machine covers; a fixed subnet lets nodes keep their addresses."""
    # macOS has no such command, and its Docker routes of its own.
    routes = output(["ip", "-4", "route", "show"]) if shutil.which("ip") else ""
    for third in range(250, 200, -1):
        if f"172.30.{third}." not in routes:
            return f"172.30.{third}.0/24"
    raise FailedError("No free subnet below 172.30.0.0/16.", "Remove unused Docker networks.")


def _require_ipv6() -> None:
    if not output(["ip", "-6", "address", "show", "dev", "lo"]):
        raise FailedError(
            "IPv6 is switched off on this machine, and the cluster is asked for with it.",
            "Switch it on (`sysctl net.ipv6.conf.all.disable_ipv6=0`), or leave IP_FAMILY out.",
        )
