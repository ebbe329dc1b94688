"""Whether names resolve, and what keeps the cluster's own DNS from answering."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from mcapp.doctor.checks import policies
from mcapp.doctor.finding import Evidence, Finding, Step
from mcapp.doctor.read.snapshot import Object, Snapshot, name, node_of, replicas, status
from mcapp.doctor.read.view import View, said
from mcapp.kube.pods import condition, ready


def check(snapshot: Snapshot, view: View) -> Iterator[Finding]:
    """Yield the names that a pod could not look up."""
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


def explain(
    snapshot: Snapshot, found: Finding, asking: list[Object], items: list[Object], kept_out: list[Object]
) -> Finding:
    """Add the state of the cluster's own DNS to the finding that names do not resolve.

    `asking` are the pods that look up, `items` the DNS's Deployment and pods. `kept_out` are the policies of
    its namespace: one of them, or of the release's, may be the cause.
    """
    listed = [*snapshot.of("NetworkPolicy"), *kept_out]
    for source in asking:
        for target in (item for item in items if item.get("kind") == "Pod" and ready(item)):
            packet = policies.Packet(source, target, 53, "UDP")
            if denying := policies.denying(listed, packet):
                return policies.finding(snapshot, denying, packet, found.evidence, found.tier)
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
    lines = (*lines, *found.evidence)
    if items and up and not any("timeout" in one.line for one in found.evidence):
        edit = Step(kubectl=("-n", "kube-system", "get", "configmap", "coredns", "-o", "yaml"))
        again = Step(kubectl=("-n", "kube-system", "rollout", "restart", "deployment/coredns"))
        return replace(found, cause="dns-wrong", evidence=lines, steps=(edit, logs, again), soft=True)
    return replace(found, evidence=lines, steps=steps, soft=up, safe=stopped)


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
