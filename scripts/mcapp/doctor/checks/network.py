"""Layer network: names, pods and Services, each asked from the tier that the NetworkPolicies allow."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from mcapp.doctor.checks import changed, hung, policies, wide
from mcapp.doctor.finding import Diagnosis, Evidence, Finding, Hop, Step
from mcapp.doctor.read.snapshot import (
    LISTEN,
    PORT,
    TIERS,
    Object,
    Snapshot,
    name,
    node_of,
    port_of,
    replicas,
    spec,
    status,
)
from mcapp.doctor.read.view import View
from mcapp.doctor.remedies import helm_upgrade
from mcapp.doctor.words import NETWORK, REACHES
from mcapp.kube.hostport import hostport
from mcapp.kube.pods import condition, ready

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
        f"pod/{name(pod)}": (status(pod)["podIP"], port_of(pod, tier))
        for pod in snapshot.ready_pods(tier)
        if "podIP" in status(pod)
    }
    service = snapshot.service(tier)
    if service and _address(service) and snapshot.endpoints(service):
        found[f"service/{name(service)}"] = (_address(service), PORT[tier])
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
    yield from _names(snapshot, view)
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
        packet = policies.Packet(view.pod, pods[key], port_of(pods[key], tier))
        if denying := policies.denying(snapshot.of("NetworkPolicy"), packet):
            yield _denied(snapshot, denying, packet, evidence, tier)
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


def _denied(
    snapshot: Snapshot,
    denying: list[Object],
    packet: policies.Packet,
    evidence: tuple[Evidence, ...],
    tier: str,
) -> Finding:
    """Return the finding that a policy keeps a packet out: the chart's own is set back, another can go."""
    own = [one for one in denying if one in snapshot.own("NetworkPolicy")]
    # Policies only add to each other, and the chart's let it through.
    policy = (own or denying)[0]
    space = policy["metadata"].get("namespace", snapshot.namespace)
    parts = {
        "policy": policies.title(policy, snapshot.namespace),
        "source": f"pod/{name(packet.source)}",
        "target": f"pod/{name(packet.target)}",
    }
    if own:
        by_hand = [one for one in snapshot.changes if one.what == f"networkpolicy/{name(policy)}"]
        undo = changed.back(snapshot, by_hand) or (helm_upgrade(snapshot),)
        return Finding("policy-changed", parts, evidence, undo, tier)
    where = ("networkpolicy", name(policy), "-n", space)
    # What is shown first can be applied again.
    steps = (Step(kubectl=("get", *where, "-o", "yaml")), Step(kubectl=("delete", *where)))
    return Finding("network-policy", parts, evidence, steps, tier)


def _overlay(snapshot: Snapshot, source: str, evidence: tuple[Evidence, ...], targets: list[str]) -> Finding:
    parts = {"source": source, "target": targets}
    nodes = [source, *targets]
    address = {
        node: next((a for kind, a in snapshot.nodes[node].addresses if kind == "InternalIP"), "")
        for node in nodes
        if node in snapshot.nodes
    }
    steps = []
    for node in nodes:
        for other in nodes:
            if other != node:
                rule = f"sudo ufw allow from {address.get(other) or other} to any port 8472 proto udp"
                steps.append(Step(line=rule, on=node))
    steps += [
        Step(line="sudo iptables -S | grep -i 8472; sudo nft list ruleset | grep -i 8472", on=node)
        for node in nodes
    ]
    return Finding("overlay-blocked", parts, evidence, tuple(steps), "db", soft=snapshot.changing)


def _tier(snapshot: Snapshot, pod: Object) -> str:
    return next((tier for tier in TIERS if pod in snapshot.pods(tier)), "")


def _names(snapshot: Snapshot, view: View) -> Iterator[Finding]:
    tried = view.part("names")
    bad = [key for key, found in tried.items() if found["outcome"] != "resolved"]
    if not bad:
        return
    evidence = tuple(
        Evidence(f"lookup {view.where}", f"{key}: {said(found)}") for key, found in tried.items()
    )
    why = f"{', '.join(bad)}: {said(tried[bad[0]])}"
    look = Step(kubectl=("-n", "kube-system", "get", "pods", "-l", "k8s-app=kube-dns", "-o", "wide"))
    soft = snapshot.changing or tried[bad[0]]["outcome"] != "timeout"
    yield Finding("dns-down", {"why": why}, evidence, (look,), soft=soft)


def dns(snapshot: Snapshot, found: Finding, items: list[Object], kept_out: list[Object]) -> Finding:
    """Add the state of the cluster's own DNS to the finding that names do not resolve.

    `kept_out` are the NetworkPolicies of its namespace: one of them, or of the release's, may be the cause.
    """
    listed = [*snapshot.of("NetworkPolicy"), *kept_out]
    for source in source_pods(snapshot, "api"):
        for target in (item for item in items if item.get("kind") == "Pod" and ready(item)):
            packet = policies.Packet(source, target, 53, "UDP")
            if denying := policies.denying(listed, packet):
                return _denied(snapshot, denying, packet, found.evidence, found.tier)
    lines = tuple(_server(item) for item in items)
    logs = Step(kubectl=("-n", "kube-system", "logs", "-l", "k8s-app=kube-dns", "--tail=30"))
    steps, up, stopped = (*found.steps, logs), not items, False
    for item in items:
        if item["kind"] != "Deployment":
            continue
        up = bool(status(item).get("readyReplicas"))
        stopped = replicas(item) == 0
        if stopped:
            scale = ("scale", f"deployment/{name(item)}", "-n", "kube-system", "--replicas=1")
            steps = (Step(kubectl=scale),)
    return replace(found, evidence=(*lines, *found.evidence), steps=steps, soft=up, safe=stopped)


def _server(item: Object) -> Evidence:
    source = f"{item['kind'].lower()}/{name(item)}"
    if item["kind"] == "Deployment":
        ready_ones = status(item).get("readyReplicas", 0)
        return Evidence(source, f"{replicas(item)} replicas wanted, {ready_ones} ready")
    told = condition(item, "Ready")
    return Evidence(
        source,
        f"on {node_of(item) or '-'}, Ready={told.get('status', '?')} {told.get('message', '')}".rstrip(),
    )


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


def said(found: Results) -> str:
    """Put one result of the probe in words."""
    address = f" {found['address']}" if "address" in found else ""
    detail = f" ({found['detail']})" if found.get("detail") else ""
    return f"{found['outcome']}{address}{detail} after {found['ms']} ms"
