"""The interfaces of this machine: which one flannel will take, and whether it is the one to the peer."""

from __future__ import annotations

import fcntl
import socket
import struct
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

from mcapp.preflight import words
from mcapp.preflight.checks import Check, Status

_SIOCGIFADDR = 0x8915
_UP = 1
# Interfaces of container engines and of k3s itself: none of them is a network of the machine's own.
_VIRTUAL = ("lo", "docker", "br-", "veth", "virbr", "cni", "flannel", "cali", "kube", "podman", "tailscale")


class Network(NamedTuple):
    """The machine's own IPv4 networks; ``towards`` is the interface on the way to the peer, "" if none."""

    addresses: Mapping[str, str]
    default: str
    towards: str

    @property
    def has_choice(self) -> bool:
        """Whether flannel has more than one interface to choose from."""
        return len(self.addresses) > 1

    @property
    def misled(self) -> bool:
        """Whether flannel would take another interface than the one that leads to the peer."""
        return bool(self.towards) and self.towards != self.default

    @property
    def flags(self) -> list[str]:
        """The flags that have k3s use the interface towards the peer; none where there is no choice."""
        if not self.towards or not (self.has_choice or self.misled):
            return []
        return ["--node-ip", self.addresses[self.towards], "--flannel-iface", self.towards]


def read(source: str | None) -> Network:
    """Read the interfaces; ``source`` is this machine's address on the way to the peer."""
    addresses = dict(_addresses())
    towards = next((name for name, address in addresses.items() if address == source), "")
    table = Path("/proc/net/route")
    routes = table.read_text().splitlines() if table.exists() else []
    own = {
        name: address
        for name, address in addresses.items()
        if name == towards or not name.startswith(_VIRTUAL)
    }
    return Network(own, default_interface(routes), towards)


def default_interface(routes: Sequence[str]) -> str:
    """Return the interface of the default route of least metric from /proc/net/route, "" if there is none."""
    found = []
    for line in routes[1:]:
        name, destination, _, flags, _, _, metric, mask, *_ = line.split()
        if destination == mask == "00000000" and int(flags, 16) & _UP:
            found.append((int(metric), name))
    return min(found)[1] if found else ""


def _addresses() -> Iterator[tuple[str, str]]:
    with closing(socket.socket(type=socket.SOCK_DGRAM)) as asking:
        for _, name in socket.if_nameindex():
            wanted = struct.pack("256s", name.encode()[:15])
            try:
                told = fcntl.ioctl(asking.fileno(), _SIOCGIFADDR, wanted)
            except OSError:
                continue
            yield name, socket.inet_ntoa(told[20:24])


def is_own(address: str) -> bool:
    """Tell whether the address is one of this machine's."""
    return address in dict(_addresses()).values()


def checks(networks: Network) -> Iterator[Check]:
    """Yield the checks of the default route and of the interface that flannel takes."""
    if not networks.default:
        device = networks.towards or "eth0"
        remedy = words.RUN(command=f"sudo ip route add default dev {device} metric 1000")
        yield Check("route", Status.FAIL, words.ROUTE_NONE(), remedy)
        return
    yield Check("route", Status.OK, words.ROUTE_OK(interface=networks.default))
    address = networks.addresses.get(networks.default, "?")
    named = [f"{name} {own}" for name, own in networks.addresses.items()]
    flags = words.INTERFACES_FLAGS(flags=" ".join(networks.flags))
    if networks.misled:
        detail = words.INTERFACES_MISLED(
            interface=networks.default, address=address, towards=networks.towards
        )
        yield Check("interfaces", Status.WARN, detail, flags)
    elif networks.has_choice:
        detail = words.INTERFACES_SEVERAL(interface=networks.default, address=address, all=named)
        yield Check("interfaces", Status.WARN, detail, flags if networks.flags else None)
    else:
        detail = words.INTERFACES_ONE(interface=networks.default, address=address)
        yield Check("interfaces", Status.OK, detail)
