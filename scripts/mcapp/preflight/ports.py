"""The ports of k3s with flannel: which role connects to which, why, and what each role binds."""

from __future__ import annotations

from typing import Literal, NamedTuple

from mcapp.config import NODE_PORT, VXLAN_PORTS, WIREGUARD_PORTS
from mcapp.preflight import family, words

Role = Literal["server", "agent"]
Proto = Literal["tcp", "udp"]
# How flannel carries the pods' packets between two machines, by k3s' own names.
Backend = Literal["vxlan", "wireguard-native"]
BACKENDS: tuple[Backend, ...] = ("vxlan", "wireguard-native")


class Port(NamedTuple):
    """A port by number and protocol."""

    number: int
    proto: Proto

    def __str__(self) -> str:
        return f"{self.number}/{self.proto}"

    @property
    def id(self) -> str:
        """Its part of a check's id."""
        return f"{self.number}.{self.proto}"


API = Port(6443, "tcp")
KUBELET = Port(10250, "tcp")
VXLAN = Port(VXLAN_PORTS[0], "udp")
WIREGUARD, WIREGUARD6 = (Port(number, "udp") for number in WIREGUARD_PORTS)
ETCD = (Port(2379, "tcp"), Port(2380, "tcp"))
PAGE = Port(NODE_PORT, "tcp")

# k3s has no default networks of IPv6: the first is that of the pods, the second that of the Services.
CLUSTER_NETWORKS6 = ("fd42::/56", "fd43::/112")

REASONS = {
    API: words.WHY_API,
    KUBELET: words.WHY_KUBELET,
    VXLAN: words.WHY_VXLAN,
    **dict.fromkeys((WIREGUARD, WIREGUARD6), words.WHY_WIREGUARD),
    **dict.fromkeys(ETCD, words.WHY_ETCD),
    PAGE: words.WHY_PAGE,
}

# Other ports that k3s binds on a machine: on every node, and on servers only.
_OF_NODES = (Port(6444, "tcp"), Port(10010, "tcp"), *(Port(n, "tcp") for n in (10248, 10249, 10256)))
_OF_SERVERS = tuple(Port(n, "tcp") for n in (10257, 10258, 10259))
# Bound on every node by k3s' Traefik, which this app does not need.
TRAEFIK = (Port(80, "tcp"), Port(443, "tcp"))


def peer_role(role: Role, etcd: bool) -> Role:
    """Return what the peer is: with embedded etcd a server's peer is another server."""
    return "server" if role == "agent" or etcd else "agent"


def overlay(backend: Backend, address: str) -> Port:
    """Return the port by which the pods' packets reach the machine with this address."""
    if backend == "vxlan":
        return VXLAN
    return WIREGUARD6 if family.of(address) is family.IPV6 else WIREGUARD


def required(source: Role, target: Role, etcd: bool, carried: Port = VXLAN) -> tuple[Port, ...]:
    """Return the ports that ``source`` must reach on ``target``; ``carried`` is that of the pods' packets."""
    ports: tuple[Port, ...] = (KUBELET, carried)
    if target == "server" and (source == "agent" or etcd):
        ports = (API, *ports)
    if source == target == "server" and etcd:
        ports = (*ports, *ETCD)
    return ports


def bound(role: Role, etcd: bool, carried: Port = VXLAN) -> tuple[Port, ...]:
    """Return the ports that must be free on this machine."""
    ports: tuple[Port, ...] = (KUBELET, carried, PAGE, *_OF_NODES)
    if role == "server":
        ports = (API, *ports, *_OF_SERVERS)
        if etcd:
            ports = (*ports, *ETCD)
    return ports


def listened(etcd: bool, backend: Backend = "vxlan") -> tuple[Port, ...]:
    """Return the ports at which the listener waits, whatever its machine's role will be."""
    carried = (VXLAN,) if backend == "vxlan" else (WIREGUARD, WIREGUARD6)
    return (API, KUBELET, *carried, PAGE, *(ETCD if etcd else ()))
