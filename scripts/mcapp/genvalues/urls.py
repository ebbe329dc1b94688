"""How users reach the page: the NodePort, the nodes' addresses and the URLs made of them."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from mcapp.errors import UserError
from mcapp.genvalues import words
from mcapp.kube.hostport import hostport
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
    """A node's addresses, best first: what users reach, then the rest (one of each family).

    `unserved` are those of a family that the cluster does not serve.
    """

    addresses: tuple[str, ...]
    warning: Text | None = None
    unserved: tuple[str, ...] = ()


def families(nodes: Iterable[Node]) -> frozenset[int]:
    """Return the IP versions that the cluster serves, by the networks of its pods; none if no node tells."""
    return frozenset(6 if ":" in network else 4 for node in nodes for network in node.pod_networks)


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


def reach(node: Node, served: frozenset[int]) -> Reach:
    """Return where the node answers: external before internal, IPv4 before IPv6, names only without IPs.

    `served` are the IP versions of the cluster; with none, only the node's own first counts.
    """
    external = _listed(node, "ExternalIP", _K3S_EXTERNAL)
    internal = _listed(node, "InternalIP", _K3S_INTERNAL)
    overlay = list(_ips([node.annotations.get(_FLANNEL, "")]))
    best: dict[tuple[bool, int], str] = {}
    for group, outside in ((external, True), (internal, False)):
        for ip in group:
            best.setdefault((not outside, ip.version), str(ip))
    versions = served or {ip.version for ip in (internal or external)[:1]}
    every = {best[key]: key[1] in versions for key in sorted(best)}
    found = [ip for ip, answers in every.items() if answers]
    unserved = tuple(ip for ip, answers in every.items() if not answers)
    if not every:
        found = [str(ip) for ip in overlay]
    if not found and not every:
        by_kind = [value for kind in _NAMES for own, value in node.addresses if own == kind]
        return Reach(tuple(dict.fromkeys(value for value in by_kind if _HOST.fullmatch(value)))[:1])
    stray = [str(ip) for ip in overlay if ip not in external and ip not in internal]
    warning = None
    if stray and found and _FLANNEL_CHOSEN not in node.annotations:
        warning = words.ADDRESS_OVERLAY(node=node.name, overlay=stray[0], address=found[0])
    return Reach(tuple(found), warning, unserved)


def url(address: str, port: int) -> str:
    """Return the page's URL at a node's address; IPv6 stands in brackets."""
    return f"http://{hostport(address, port)}"


def named_urls(values: Mapping[str, Any]) -> list[str]:
    """Return the page's URLs at host names: the Ingress's, then the HTTPRoute's, as NOTES.txt shows them."""
    ingress, route = values["ingress"], values["httpRoute"]
    secure = {host for certificate in ingress["tls"] for host in certificate.get("hosts", ())}
    hosts = ingress["hosts"] if ingress["enabled"] else []
    names = route["hostnames"] if route["enabled"] else []
    scheme = "https" if route["redirectParentRefs"] else "http"
    return [
        *(f"{'https' if host in secure else 'http'}://{host}" for host in hosts),
        *(f"{scheme}://{name}" for name in names),
    ]


class Port(NamedTuple):
    """The NodePort and why; None leaves the choice to Kubernetes."""

    number: int | None
    reason: Text


def choose_port(
    inventory: Inventory, wanted: int | str | None, given: bool, owner: Owner, prefix: str
) -> Port:
    """Choose web's NodePort: the one given, the one it has, the usual one, or the next free one."""
    if given and not wanted:
        return Port(None, words.PORT_ANY())
    taken: dict[int, str] = {}
    own: int | None = None
    for service in inventory.services:
        if service.owner == owner and service.name == object_name(prefix, "web"):
            own = next(iter(service.ports), None)
        else:
            taken.update(dict.fromkeys(service.ports, f"{service.owner.namespace}/{service.name}"))
    return _pick(taken, own, int(wanted or _USUAL), given, "services" not in inventory.unread)


def _pick(taken: dict[int, str], own: int | None, wanted: int, given: bool, known: bool) -> Port:
    if given and wanted in taken:
        problem = words.PORT_GIVEN_TAKEN(port=wanted, service=taken[wanted])
        free = _next_free(taken, wanted)
        raise UserError(problem, words.PORT_REMEDY(free=free) if free else words.PORT_NONE_REMEDY())
    if given:
        return Port(wanted, words.GIVEN())
    if own not in (None, wanted):
        return Port(own, words.PORT_KEPT(port=own))
    if not known:
        return Port(wanted, words.PORT_UNREAD(port=wanted))
    if wanted not in taken:
        return Port(wanted, words.PORT_FREE(port=wanted))
    candidate = _next_free(taken, wanted)
    if candidate is None:
        raise UserError(words.PORT_NONE(), words.PORT_NONE_REMEDY())
    return Port(candidate, words.PORT_TAKEN(wanted=wanted, service=taken[wanted], port=candidate))


def _next_free(taken: Mapping[int, str], wanted: int) -> int | None:
    """Return the next port that no Service has, past the last one from the first on."""
    start = wanted - _PORTS[0]
    following = (_PORTS[(start + step) % len(_PORTS)] for step in range(1, len(_PORTS)))
    return next((port for port in following if port not in taken), None)
