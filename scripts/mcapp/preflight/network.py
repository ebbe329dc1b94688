"""The interfaces of this machine: which one flannel will take, and whether it is the one to the peer."""

from __future__ import annotations

import fcntl
import socket
import struct
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

from mcapp.preflight import family, words
from mcapp.preflight.checks import Check, Status
from mcapp.shell import joined

_SIOCGIFADDR = 0x8915
_UP, _REJECTED = 1, 0x200
# In /proc/net/if_inet6: the scope, and the flags of a temporary, a deprecated and a tentative address.
_GLOBAL = 0
_PASSING = 0x01 | 0x20 | 0x40
# Interfaces of container engines and of k3s itself: none of them is a network of the machine's own.
_VIRTUAL = ("lo", "docker", "br-", "veth", "virbr", "cni", "flannel", "cali", "kube", "podman", "tailscale")


class Network(NamedTuple):
    """The machine's own networks of one IP version.

    ``addresses`` are by interface; ``towards`` is the interface on the way to the peer, "" if none.
    """

    addresses: Mapping[str, str]
    default: str
    towards: str
    version: int = 4

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
    version = family.of(source or "").version
    addresses = dict(_addresses() if version == 4 else _addresses6())
    towards = next((name for name, address in _own(version) if address == source), "")
    table = Path("/proc/net/route" if version == 4 else "/proc/net/ipv6_route")
    routes = table.read_text().splitlines() if table.exists() else []
    if towards and source:
        addresses[towards] = source
    own = {
        name: address
        for name, address in addresses.items()
        if name == towards or not name.startswith(_VIRTUAL)
    }
    default = default_interface(routes) if version == 4 else default_interface6(routes)
    return Network(own, default, towards, version)


def default_interface(routes: Sequence[str]) -> str:
    """Return the interface of the default route of least metric from /proc/net/route, "" if there is none."""
    found = []
    for line in routes[1:]:
        name, destination, _, flags, _, _, metric, mask, *_ = line.split()
        if destination == mask == "00000000" and int(flags, 16) & _UP:
            found.append((int(metric), name))
    return min(found)[1] if found else ""


def default_interface6(routes: Sequence[str]) -> str:
    """Return the same from /proc/net/ipv6_route."""
    found = []
    for line in routes:
        destination, length, _, _, _, metric, _, _, flags, name = line.split()
        usable = int(flags, 16) & (_UP | _REJECTED) == _UP
        if int(destination, 16) == int(length, 16) == 0 and usable and name != "lo":
            found.append((int(metric, 16), name))
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


def _addresses6() -> Iterator[tuple[str, str]]:
    """Yield each interface's first address that is not temporary, and is valid beyond its own link."""
    named: set[str] = set()
    for name, address, scope, flags in _listed6():
        if scope == _GLOBAL and not flags & _PASSING and name not in named:
            named.add(name)
            yield name, address


def _listed6() -> Iterator[tuple[str, str, int, int]]:
    table = Path("/proc/net/if_inet6")
    for line in table.read_text().splitlines() if table.exists() else []:
        address, _, _, scope, flags, name = line.split()
        yield name, socket.inet_ntop(socket.AF_INET6, bytes.fromhex(address)), int(scope, 16), int(flags, 16)


def _own(version: int) -> Iterator[tuple[str, str]]:
    if version == 4:
        yield from _addresses()
    else:
        yield from ((name, address) for name, address, _, _ in _listed6())


def is_own(address: str) -> bool:
    """Tell whether the address is one of this machine's."""
    return any(address == own for _, own in _own(family.of(address).version))


def checks(networks: Network) -> Iterator[Check]:
    """Yield the checks of the default route and of the interface that flannel takes."""
    if not networks.default:
        device = networks.towards or "eth0"
        route = ["ip", *(["-6"] if networks.version == 6 else []), "route", "add", "default", "dev", device]
        remedy = words.RUN(command=joined(["sudo", *route, "metric", "1000"]))
        yield Check("route", Status.FAIL, words.ROUTE_NONE(), remedy)
        return
    yield Check("route", Status.OK, words.ROUTE_OK(interface=networks.default))
    address = networks.addresses.get(networks.default, "?")
    named = [f"{name} {own}" for name, own in networks.addresses.items()]
    flags = words.INTERFACES_FLAGS(flags=networks.flags)
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
