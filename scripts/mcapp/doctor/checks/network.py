"""Layer network: names, pods and Services, each asked from the tier that the NetworkPolicies allow."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from mcapp.doctor.finding import Diagnosis, Evidence, Finding, Hop, Step
from mcapp.doctor.read.snapshot import (
    PORT,
    TIERS,
    Object,
    Snapshot,
    container,
    name,
    node_of,
    selects,
)
from mcapp.doctor.read.view import View
from mcapp.doctor.words import NETWORK, REACHES
from mcapp.kube.pods import condition, ready

# A name that the DNS of every cluster knows.
_ANY_NAME = "kubernetes.default"
Results = Mapping[str, Any]


def source_pods(snapshot: Snapshot, tier: str) -> list[Object]:
    """Return one running pod of a tier for each node that has one, at most two, Ready ones first."""
    running = [pod for pod in snapshot.pods(tier) if _running(pod)]
    chosen: dict[str, Object] = {}
    for pod in sorted(running, key=lambda pod: (not ready(pod), name(pod))):
        chosen.setdefault(node_of(pod), pod)
    return list(chosen.values())[:2]


def _running(pod: Object) -> bool:
    statuses = pod.get("status", {}).get("containerStatuses") or ()
    return bool(statuses) and all("running" in status["state"] for status in statuses)


def questions(snapshot: Snapshot) -> dict[str, Any]:
    """Return what the probe in a pod of the api must try, in the shape that probe.py takes."""
    services = [service for tier in TIERS if _address(service := snapshot.service(tier))]
    tcp = _ends(snapshot, "db")
    at = next((address for key, (address, _) in tcp.items() if key.startswith("service/")), "")
    login = {"hostaddr": at} if at else None
    if snapshot.external:
        host, _, port = snapshot.external.rpartition(":")
        tcp[f"database/{snapshot.external}"] = (host.strip("[]"), int(port))
        login = {}
    return {
        "names": [_ANY_NAME, *(name(service) for service in services if service)],
        "tcp": tcp,
        "http": {"readyz": ("127.0.0.1", 8000, "/readyz")},
        "login": login,
    }


def addresses(snapshot: Snapshot) -> dict[str, str]:
    """Return the URLs that a pod of web must fetch, by what they lead to; one leads through api to db."""
    found = {key: f"http://{host}:{port}/healthz" for key, (host, port) in _ends(snapshot, "api").items()}
    return {**found, "topology": "http://127.0.0.1:8080/api/topology"}


def _ends(snapshot: Snapshot, tier: str) -> dict[str, tuple[str, int]]:
    """Return the addresses of a tier: its ready pods, and its Service if that has endpoints."""
    found = {
        f"pod/{name(pod)}": (pod["status"]["podIP"], container(pod)["ports"][0]["containerPort"])
        for pod in snapshot.ready_pods(tier)
    }
    service = snapshot.service(tier)
    if service and _address(service) and snapshot.endpoints(service):
        found[f"service/{name(service)}"] = (_address(service), PORT[tier])
    return found


def _address(service: Object | None) -> str:
    found = (service or {"spec": {}})["spec"].get("clusterIP", "")
    return "" if found in ("None", None) else found


def check(snapshot: Snapshot, view: View, diagnosis: Diagnosis) -> Iterator[Finding]:
    """Yield what one pod's probe shows to be broken: between pods, in DNS, and at the Services."""
    failing = {key: found for key, found in view.part("tcp").items() if found["outcome"] != "connected"}
    yield from _pods(snapshot, view, failing)
    yield from _names(view)
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
        policies = _denying(snapshot, view.pod, pods[key])
        if policies:
            parts = {"policy": policies[0], "source": view.source, "target": key}
            look = Step(kubectl=("describe", "networkpolicy", policies[0], "-n", snapshot.namespace))
            yield Finding("network-policy", parts, evidence, (look,), _tier(snapshot, pods[key]))
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
    yield Finding("pod-unreachable", parts, evidence, (logs,), _tier(snapshot, pods[first]), soft=True)


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
    return Finding("overlay-blocked", parts, evidence, tuple(steps), "db", soft=True)


def _tier(snapshot: Snapshot, pod: Object) -> str:
    return next((tier for tier in TIERS if pod in snapshot.pods(tier)), "")


def _denying(snapshot: Snapshot, source: Object, target: Object) -> list[str]:
    """Return the policies that keep `source` from `target`, judged by their pod selectors."""
    checks = (("Ingress", "ingress", "from", target, source), ("Egress", "egress", "to", source, target))
    found: list[str] = []
    for kind, rules, peers, selected, other in checks:
        policies = [
            item
            for item in snapshot.of("NetworkPolicy")
            if kind in item["spec"].get("policyTypes", ["Ingress"])
            and _matches(item["spec"]["podSelector"], selected)
        ]
        admitted = any(
            _admits(rule.get(peers), other) for item in policies for rule in item["spec"].get(rules) or ()
        )
        if policies and not admitted:
            found += [name(item) for item in policies]
    return found


def _admits(peers: list[Object] | None, other: Object) -> bool:
    # A peer by namespace or address may allow the pod: what is unknown here does not count as a denial.
    return not peers or any(
        "podSelector" not in peer or _matches(peer["podSelector"], other) for peer in peers
    )


def _matches(selector: Object, pod: Object) -> bool:
    plain = selector.get("matchLabels") or {}
    return not plain or selects(plain, pod)


def _names(view: View) -> Iterator[Finding]:
    tried = view.part("names")
    bad = [key for key, found in tried.items() if found["outcome"] != "resolved"]
    if not bad:
        return
    evidence = tuple(
        Evidence(f"lookup {view.where}", f"{key}: {said(found)}") for key, found in tried.items()
    )
    why = f"{', '.join(bad)}: {said(tried[bad[0]])}"
    look = Step(kubectl=("-n", "kube-system", "get", "pods", "-l", "k8s-app=kube-dns", "-o", "wide"))
    yield Finding("dns-down", {"why": why}, evidence, (look,), soft=True)


def dns(found: Finding, items: list[Object]) -> Finding:
    """Add the state of the cluster's own DNS to the finding that names do not resolve."""
    lines = tuple(_server(item) for item in items)
    logs = Step(kubectl=("-n", "kube-system", "logs", "-l", "k8s-app=kube-dns", "--tail=30"))
    steps, up, stopped = (*found.steps, logs), not items, False
    for item in items:
        if item["kind"] != "Deployment":
            continue
        up = bool(item.get("status", {}).get("readyReplicas"))
        stopped = item["spec"].get("replicas", 1) == 0
        if stopped:
            scale = ("scale", f"deployment/{name(item)}", "-n", "kube-system", "--replicas=1")
            steps = (Step(kubectl=scale),)
    return replace(found, evidence=(*lines, *found.evidence), steps=steps, soft=up, safe=stopped)


def _server(item: Object) -> Evidence:
    status, source = item.get("status", {}), f"{item['kind'].lower()}/{name(item)}"
    if item["kind"] == "Deployment":
        wanted = item["spec"].get("replicas", 1)
        return Evidence(source, f"{wanted} replicas wanted, {status.get('readyReplicas', 0)} ready")
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
        yield Finding("service-address", parts, evidence, steps, tier, soft=True)


def chain(snapshot: Snapshot, view: View) -> Iterator[Finding]:
    """Yield that web answers, but not with the api's answer."""
    answer = view.http("topology")
    if not answer or answer.get("status") == 200:
        return
    body = " ".join(str(answer.get("body", "")).split())[:300]
    why = f"HTTP {answer['status']} {body}" if "status" in answer else said(answer)
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
