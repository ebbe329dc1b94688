"""Layer network: names, pods and Services, each asked from the tier that the NetworkPolicies allow."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from mcapp.config import VXLAN_PORTS, WIREGUARD_PORTS
from mcapp.doctor.checks import dns, hung, policies, wide
from mcapp.doctor.finding import Diagnosis, Evidence, Finding, Hop, Step
from mcapp.doctor.read.containers import own_container
from mcapp.doctor.read.snapshot import (
    LISTEN,
    PORT,
    TIERS,
    Object,
    Snapshot,
    name,
    node_of,
    spec,
    status,
)
from mcapp.doctor.read.view import View, said
from mcapp.doctor.words import NETWORK, REACHES
from mcapp.kube.hostport import hostport
from mcapp.kube.nodes import Node
from mcapp.kube.pods import ready
from mcapp.messages import Part

_FLANNEL = "flannel.alpha.coreos.com/backend-type"
# A name that the DNS of every cluster knows.
_ANY_NAME = "kubernetes.default"
# More than a packet holds in the usual networks; a server takes a longer request line.
WIDE_BYTES = 1500
Results = Mapping[str, Any]


def source_pods(snapshot: Snapshot, tier: str) -> list[Object]:
    """Return one running pod of a tier for each node that has one, at most two, Ready ones first."""
    running = [pod for pod in snapshot.pods(tier) if _running(pod)]
    chosen: dict[str, Object] = {}
    for pod in sorted(running, key=lambda pod: (not ready(pod), name(pod))):
        chosen.setdefault(node_of(pod), pod)
    return list(chosen.values())[:2]


def _running(pod: Object) -> bool:
    found = status(pod).get("containerStatuses") or ()
    return bool(found) and all("running" in (one.get("state") or {}) for one in found)


def questions(snapshot: Snapshot, pod: Object) -> dict[str, Any]:
    """Return what the probe in this pod of the api must try, in the shape that probe.py takes."""
    services = [service for tier in TIERS if _address(service := snapshot.service(tier))]
    tcp = _ends(snapshot, "db")
    # Within a node no packet is too large.
    apart = [f"pod/{name(one)}" for one in snapshot.ready_pods("db") if node_of(one) != node_of(pod)]
    own = ("127.0.0.1", LISTEN["api"])
    at = next((address for key, (address, _) in tcp.items() if key.startswith("service/")), "")
    login = {"hostaddr": at} if at else None
    if snapshot.external:
        host, _, port = snapshot.external.rpartition(":")
        tcp[f"database/{snapshot.external}"] = (host.strip("[]"), int(port) if port.isdigit() else PORT["db"])
        login = {}
    return {
        "names": [_ANY_NAME, *(name(service) for service in services if service)],
        "tcp": tcp,
        "http": {"readyz": (*own, "/readyz")},
        "tasks": {"api": own},
        "wide": {key: tcp[key] for key in apart if key in tcp},
        "login": login,
    }


def addresses(snapshot: Snapshot) -> dict[str, str]:
    """Return the URLs that a pod of web must fetch, by what they lead to; two lead through api to db."""
    own = f"http://127.0.0.1:{LISTEN['web']}"
    found = {"topology": f"{own}/api/topology", "tasks": f"{own}/api/tasks", "self": f"{own}/healthz"}
    for key, (host, port) in _ends(snapshot, "api").items():
        at = f"http://{hostport(host, port)}"
        found[key] = f"{at}/healthz"
        if key.startswith("pod/"):
            # Both the request and its answer fill whole packets.
            found[f"wide/{key}"] = f"{at}/api/openapi.json?{'x' * WIDE_BYTES}"
    return found


def _ends(snapshot: Snapshot, tier: str) -> dict[str, tuple[str, int]]:
    """Return the addresses of a tier: its ready pods, and its Service if that has endpoints."""
    found = {
        f"pod/{name(pod)}": (status(pod)["podIP"], _port_of(pod, tier))
        for pod in snapshot.ready_pods(tier)
        if "podIP" in status(pod)
    }
    service = snapshot.service(tier)
    if service and _address(service) and snapshot.endpoints(service):
        found[f"service/{name(service)}"] = (_address(service), PORT[tier])
    return found


def _port_of(pod: Object, tier: str) -> int:
    """Return the port on which the pod's container listens: the one it names, or the tier's usual one."""
    ports = own_container(pod).get("ports") or ()
    found: int = next((one["containerPort"] for one in ports if "containerPort" in one), LISTEN[tier])
    return found


def _address(service: Object | None) -> str:
    found: str = spec(service or {}).get("clusterIP", "")
    return "" if found == "None" else found


def check(snapshot: Snapshot, view: View, diagnosis: Diagnosis) -> Iterator[Finding]:
    """Yield what one pod's probe shows to be broken: between pods, in DNS, and at the Services."""
    failing = {key: found for key, found in view.part("tcp").items() if found["outcome"] != "connected"}
    yield from hung.check(snapshot, view)
    yield from _pods(snapshot, view, failing)
    yield from wide.check(snapshot, view)
    yield from dns.check(snapshot, view)
    yield from _services(snapshot, view, failing)
    _note(view, diagnosis)


def _pods(snapshot: Snapshot, view: View, failing: Results) -> Iterator[Finding]:
    pods = {f"pod/{name(pod)}": pod for tier in TIERS for pod in snapshot.ready_pods(tier)}
    broken = [key for key in pods if key in failing]
    if not broken or view.pod is None:
        return
    tried = view.part("tcp")
    evidence = tuple(_line(view, key, tried[key]) for key in tried if key in pods)
    for key in broken:
        tier = _tier(snapshot, pods[key])
        packet = policies.Packet(view.pod, pods[key], _port_of(pods[key], tier))
        if denying := policies.denying(snapshot.of("NetworkPolicy"), packet):
            yield policies.finding(snapshot, denying, packet, evidence, tier)
            return
    apart = [key for key, pod in pods.items() if node_of(pod) != view.node and key in tried]
    silent = all(failing[key]["outcome"] != "refused" for key in broken)
    if silent and apart and set(broken) == set(apart):
        yield _overlay(snapshot, view.node, evidence, sorted({node_of(pods[key]) for key in broken}))
        return
    first = broken[0]
    why = f"{failing[first]['outcome']} {failing[first].get('detail', '')}".strip()
    parts = {"target": first, "source": view.source, "why": why}
    logs = Step(kubectl=("logs", first, "-n", snapshot.namespace, "--tail=50"))
    soft = snapshot.changing or failing[first]["outcome"] != "timeout"
    yield Finding("pod-unreachable", parts, evidence, (logs,), _tier(snapshot, pods[first]), soft=soft)


def _carrier(nodes: list[Node]) -> tuple[str, int]:
    """Return what carries the pods' packets between nodes, as flannel notes on each, and its port."""
    addresses = [address for node in nodes for kind, address in node.addresses if kind == "InternalIP"]
    ipv6 = ":" in next(iter(addresses), "")
    if any(node.annotations.get(_FLANNEL, "").startswith("wireguard") for node in nodes):
        return "WireGuard", WIREGUARD_PORTS[ipv6]
    return "VXLAN", VXLAN_PORTS[ipv6]


def _overlay(snapshot: Snapshot, source: str, evidence: tuple[Evidence, ...], targets: list[str]) -> Finding:
    nodes = [source, *targets]
    carrier, port = _carrier([snapshot.nodes[node] for node in nodes if node in snapshot.nodes])
    parts: dict[str, Part] = {"source": source, "target": targets, "carrier": carrier, "port": port}
    address = {
        node: next((a for kind, a in snapshot.nodes[node].addresses if kind == "InternalIP"), "")
        for node in nodes
        if node in snapshot.nodes
    }
    steps = []
    for node in nodes:
        for other in nodes:
            if other != node:
                rule = f"sudo ufw allow from {address.get(other) or other} to any port {port} proto udp"
                steps.append(Step(line=rule, on=node))
    steps += [
        Step(line=f"sudo iptables -S | grep -i {port}; sudo nft list ruleset | grep -i {port}", on=node)
        for node in nodes
    ]
    return Finding("overlay-blocked", parts, evidence, tuple(steps), "db", soft=snapshot.changing)


def _tier(snapshot: Snapshot, pod: Object) -> str:
    return next((tier for tier in TIERS if pod in snapshot.pods(tier)), "")


def _services(snapshot: Snapshot, view: View, failing: Results) -> Iterator[Finding]:
    for tier in TIERS:
        service = snapshot.service(tier)
        key = f"service/{name(service)}" if service else ""
        if service is None or key not in failing:
            continue
        evidence = (_line(view, key, failing[key]),)
        address = f"{_address(service)}:{PORT[tier]}"
        parts = {"tier": tier, "address": address, "node": view.node}
        steps = (Step(kubectl=("-n", "kube-system", "get", "pods", "-o", "wide")),)
        soft = snapshot.changing or failing[key]["outcome"] != "timeout"
        yield Finding("service-address", parts, evidence, steps, tier, soft=soft)


def chain(snapshot: Snapshot, view: View) -> Iterator[Finding]:
    """Yield that web answers, but not with the api's answer."""
    answer = view.http("topology")
    wrong = [(key, one["status"]) for key, one in view.part("tcp").items() if one.get("status", 200) >= 400]
    if not wrong and (not answer or answer.get("status") == 200):
        return
    body = " ".join(str(answer.get("body", "")).split())[:300]
    why = f"HTTP {answer['status']} {body}" if "status" in answer else said(answer)
    if wrong:
        why = f"{wrong[0][0]} answers HTTP {wrong[0][1]}"
    evidence = (Evidence(f"GET /api/topology {view.where}", why),)
    web = snapshot.object_name("web")
    logs = Step(kubectl=("logs", f"deployment/{web}", "-n", snapshot.namespace, "--tail=30"))
    yield Finding("web-api", {"why": why}, evidence, (logs,), "web", soft=True)


def _note(view: View, diagnosis: Diagnosis) -> None:
    if view.pod is None:
        return
    lookups = {key: found for key, found in view.part("names").items() if found["outcome"] == "resolved"}
    joined = [key for key, found in view.part("tcp").items() if found["outcome"] == "connected"]
    notes = diagnosis.notes.setdefault("network", [])
    if lookups:
        names = [key for key in lookups if key != _ANY_NAME]
        slowest = max(found["ms"] for found in lookups.values())
        diagnosis.hops.append(Hop("api", "dns", slowest))
        notes.append(NETWORK(pod=view.source, names=names, ms=f"{slowest:g}"))
    if joined:
        notes.append(REACHES(pod=view.source, what=joined))


def _line(view: View, key: str, found: Results) -> Evidence:
    return Evidence(f"connect {view.where}", f"{key}: {said(found)}")
