"""How users reach the page: the NodePort, the nodes' addresses and the URLs made of them."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from mcapp.errors import UserError
from mcapp.genvalues import words
from mcapp.kube.inventory import Inventory, object_name
from mcapp.kube.nodes import Node
from mcapp.kube.objects import Owner
from mcapp.messages import Text

MAX_URLS = 10
_USUAL = 30080
_PORTS = range(30000, 32768)
_HOST = re.compile(r"(?=.{1,253}$)[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?(\.[A-Za-z0-9-]{1,63})*")
_NAMES = ("ExternalDNS", "InternalDNS", "Hostname")
_K3S_INTERNAL = "k3s.io/internal-ip"
_K3S_EXTERNAL = "k3s.io/external-ip"
_FLANNEL = "flannel.alpha.coreos.com/public-ip"
# Somebody chose flannel's address on purpose.
_FLANNEL_CHOSEN = "flannel.alpha.coreos.com/public-ip-overwrite"

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


class Reach(NamedTuple):
    """A node's addresses, best first: what users reach, then the rest (one of each family)."""

    addresses: tuple[str, ...]
    warning: Text | None = None


def _ips(values: Iterable[str]) -> Iterator[Address]:
    for value in filter(None, values):
        try:
            address = ipaddress.ip_address(value.strip())
        except ValueError:
            continue
        # A link-local address needs an interface of the machine that uses it.
        if not (
            address.is_loopback or address.is_link_local or address.is_unspecified or address.is_multicast
        ):
            yield address


def _listed(node: Node, kind: str, annotation: str) -> list[Address]:
    """Return a node's IPs of one type; those in k3s' own annotation come first."""
    found = list(dict.fromkeys(_ips(value for own, value in node.addresses if own == kind)))
    meant = list(_ips(node.annotations.get(annotation, "").split(",")))
    return sorted(found, key=lambda ip: ip not in meant) if found else meant


def reach(node: Node) -> Reach:
    """Return where the node answers: external before internal, IPv4 before IPv6, names only without IPs."""
    external = _listed(node, "ExternalIP", _K3S_EXTERNAL)
    internal = _listed(node, "InternalIP", _K3S_INTERNAL)
    best: dict[tuple[bool, int], str] = {}
    for group, outside in ((external, True), (internal, False)):
        for ip in group:
            best.setdefault((not outside, ip.version), str(ip))
    found = list(dict.fromkeys(best[key] for key in sorted(best)))
    overlay = list(_ips([node.annotations.get(_FLANNEL, "")]))
    if not found:
        found = [str(ip) for ip in overlay]
    if not found:
        by_kind = [value for kind in _NAMES for own, value in node.addresses if own == kind]
        return Reach(tuple(dict.fromkeys(value for value in by_kind if _HOST.fullmatch(value)))[:1])
    stray = [str(ip) for ip in overlay if ip not in external and ip not in internal]
    if stray and _FLANNEL_CHOSEN not in node.annotations:
        return Reach(tuple(found), words.ADDRESS_OVERLAY(node=node.name, overlay=stray[0], address=found[0]))
    return Reach(tuple(found))


def url(address: str, port: int) -> str:
    """Return the page's URL at a node's address; IPv6 stands in brackets."""
    return f"http://[{address}]:{port}" if ":" in address else f"http://{address}:{port}"


def named_urls(values: Mapping[str, Any]) -> list[str]:
    """Return the page's URLs at host names: the Ingress's, then the HTTPRoute's, as NOTES.txt shows them."""
    ingress, route = values["ingress"], values["httpRoute"]
    secure = {host for certificate in ingress["tls"] for host in certificate.get("hosts", ())}
    hosts = ingress["hosts"] if ingress["enabled"] else []
    names = route["hostnames"] if route["enabled"] else []
    return [
        *(f"{'https' if host in secure else 'http'}://{host}" for host in hosts),
        *(f"http://{name}" for name in names),
    ]


class Port(NamedTuple):
    """The NodePort and why; None leaves the choice to Kubernetes."""

    number: int | None
    reason: Text


def choose_port(inventory: Inventory, wanted: int | None, given: bool, owner: Owner, prefix: str) -> Port:
    """Choose web's NodePort: the one given, the one it has, the usual one, or the next free one."""
    if given and wanted is None:
        return Port(None, words.PORT_ANY())
    taken: dict[int, str] = {}
    own: int | None = None
    for service in inventory.services:
        if service.owner == owner and service.name == object_name(prefix, "web"):
            own = next(iter(service.ports), None)
        else:
            taken.update(dict.fromkeys(service.ports, f"{service.owner.namespace}/{service.name}"))
    return _pick(taken, own, wanted or _USUAL, given, "services" not in inventory.unread)


def _pick(taken: dict[int, str], own: int | None, wanted: int, given: bool, known: bool) -> Port:
    if given and wanted in taken:
        raise UserError(words.PORT_GIVEN_TAKEN(port=wanted, service=taken[wanted]), words.PORT_REMEDY())
    if given:
        return Port(wanted, words.GIVEN())
    if own not in (None, wanted):
        return Port(own, words.PORT_KEPT(port=own))
    if not known:
        return Port(wanted, words.PORT_UNREAD(port=wanted))
    if wanted not in taken:
        return Port(wanted, words.PORT_FREE(port=wanted))
    start = wanted - _PORTS[0]
    for step in range(1, len(_PORTS)):
        candidate = _PORTS[(start + step) % len(_PORTS)]
        if candidate not in taken:
            return Port(candidate, words.PORT_TAKEN(wanted=wanted, service=taken[wanted], port=candidate))
    raise UserError(words.PORT_NONE(), words.PORT_REMEDY())
