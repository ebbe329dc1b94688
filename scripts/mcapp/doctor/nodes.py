"""Layer nodes: those that the release is on or needs, and why a pod finds none."""

from __future__ import annotations

import re
from collections.abc import Iterator

from mcapp.doctor import storage
from mcapp.doctor.demand import allowed, required
from mcapp.doctor.finding import Diagnosis, Evidence, Finding, Note, Step
from mcapp.doctor.remedies import helm_upgrade
from mcapp.doctor.snapshot import TIERS, Object, Snapshot, condition, label, name, node_of
from mcapp.doctor.words import LABEL_LOST, NO_NODES, NODE_APART, NODES
from mcapp.nodes import Node
from mcapp.scheduling import refused_taints

_ROOM = re.compile(r"Insufficient (cpu|memory)|Too many pods")
_NOT_THERE = re.compile(r"didn't match Pod's node affinity/selector")


def check(snapshot: Snapshot, seen: Diagnosis) -> Iterator[Finding]:
    """Yield a NotReady node that the release is on, then whatever leaves a pod without a node."""
    if "nodes" in snapshot.unread:
        seen.left_out.append(Note(NO_NODES, {"kinds": sorted(snapshot.unread & {"nodes"})}))
    used = {node_of(pod) for tier in TIERS for pod in snapshot.pods(tier)} - {""}
    wanted = set(_labelled(snapshot))
    for node in snapshot.nodes.values():
        if node.name in used or node.name in wanted:
            yield from _unfit(snapshot, node)
        elif not node.ready:
            seen.warnings.append(Note(NODE_APART, {"node": node.name}))
    for tier in reversed(TIERS):
        for pod in snapshot.pods(tier):
            if not node_of(pod):
                yield from unscheduled(snapshot, pod, tier)
    _labels_lost(snapshot, seen)
    seen.seen["nodes"] = [Note(NODES, {"count": len(used), "nodes": sorted(used)})]


def _unfit(snapshot: Snapshot, node: Node) -> Iterator[Finding]:
    item = snapshot.find("Node", node.name)
    if item is None:
        return
    if not node.ready:
        told = condition(item, "Ready")
        why = told.get("message") or told.get("reason") or "?"
        line = f"Ready={told.get('status', '?')} {told.get('reason', '')}: {told.get('message', '')}"
        yield Finding(
            "node-not-ready",
            {"node": node.name, "why": why.rstrip(".")},
            (Evidence(f"node/{node.name}", line),),
            (
                Step(kubectl=("describe", "node", node.name)),
                Step(line=_start(item), on=node.name),
            ),
        )
    for pressure in node.pressures:
        told = condition(item, pressure)
        line = f"{pressure}=True {told.get('reason', '')}: {told.get('message', '')}"
        yield Finding(
            "node-pressure",
            {"node": node.name, "condition": pressure},
            (Evidence(f"node/{node.name}", line),),
            (Step(kubectl=("describe", "node", node.name)), Step(line="df -h", on=node.name)),
        )


def _start(node: Object) -> str:
    """Return the command that starts what runs pods on the node."""
    if "+k3s" not in node["status"].get("nodeInfo", {}).get("kubeletVersion", ""):
        return "sudo systemctl restart kubelet"
    server = label(node, "node-role.kubernetes.io/control-plane") or label(
        node, "node-role.kubernetes.io/master"
    )
    return f"sudo systemctl restart {'k3s' if server else 'k3s-agent'}"


def unscheduled(snapshot: Snapshot, pod: Object, tier: str) -> Iterator[Finding]:
    """Yield why a pod has no node: its storage, or the nodes."""
    told = condition(pod, "PodScheduled")
    message = told.get("message", "")
    source = f"pod/{name(pod)}"
    evidence = (
        Evidence(source, f"PodScheduled={told.get('status', '?')} {told.get('reason', '')}: {message}"),
    )
    yield from storage.unbound(snapshot, pod, evidence, allowed(pod, snapshot.nodes))
    fits = allowed(pod, snapshot.nodes)
    parts = {"pod": source, "tier": tier, "nodes": [node.name for node in fits]}
    if (snapshot.nodes and not fits) or (not snapshot.nodes and _NOT_THERE.search(message)):
        yield _nowhere(snapshot, pod, tier, evidence)
        return
    up = [node for node in fits if node.ready]
    for node in fits if not up else []:
        yield from _unfit(snapshot, node)
    open_ = [node for node in up if not node.cordoned]
    if up and not open_:
        steps = tuple(Step(kubectl=("uncordon", node.name)) for node in up)
        yield Finding("node-cordoned", parts, evidence, steps, tier, safe=True)
    tolerations = pod["spec"].get("tolerations") or ()
    refused = {str(taint): node for node in open_ for taint in refused_taints(node, tolerations)}
    if open_ and all(refused_taints(node, tolerations) for node in open_):
        steps = tuple(
            Step(kubectl=("taint", "node", node.name, f"{taint}-")) for taint, node in refused.items()
        )
        yield Finding("node-tainted", {**parts, "taints": list(refused)}, evidence, steps, tier)
    elif _ROOM.search(message):
        steps = tuple(Step(kubectl=("describe", "node", node.name)) for node in open_)
        yield Finding("node-full", {**parts, "why": message}, evidence, steps, tier)
    elif told.get("status") == "False":
        steps = (Step(line="python scripts/genvalues.py"), helm_upgrade(snapshot))
        yield Finding("unschedulable", {**parts, "why": message}, evidence, steps, tier, soft=True)


def _nowhere(snapshot: Snapshot, pod: Object, tier: str, evidence: tuple[Evidence, ...]) -> Finding:
    labels = [f"{key}={value}" for key, values in required(pod).items() for value in values[:1]]
    lines = tuple(
        Evidence(
            f"node/{node.name}", "labels " + ",".join(f"{k}={v}" for k, v in sorted(node.labels.items()))
        )
        for node in snapshot.nodes.values()
    )
    if not labels:
        why = condition(pod, "PodScheduled").get("message", "")
        steps = (Step(line="python scripts/genvalues.py"), helm_upgrade(snapshot))
        parts = {"pod": f"pod/{name(pod)}", "why": why}
        return Finding("unschedulable", parts, (*evidence, *lines), steps, tier)
    home = storage.home_of(snapshot, pod)
    agents = [node.name for node in snapshot.nodes.values() if not node.server and node.ready]
    chosen = home or (agents[0] if len(agents) == 1 else "")
    step = Step(kubectl=("label", "node", chosen or "NODE", *labels))
    parts = {"pod": f"pod/{name(pod)}", "labels": ", ".join(labels)}
    # The node that has the data, or the only machine there is for them: no choice to get wrong.
    return Finding("no-labelled-node", parts, (*evidence, *lines), (step,), tier, safe=bool(chosen))


def _labelled(snapshot: Snapshot) -> Iterator[str]:
    for pod in snapshot.pods("db"):
        if required(pod):
            yield from (node.name for node in allowed(pod, snapshot.nodes))


def _labels_lost(snapshot: Snapshot, seen: Diagnosis) -> None:
    for pod in snapshot.pods("db"):
        wanted = required(pod)
        if snapshot.nodes and wanted and node_of(pod) and not allowed(pod, snapshot.nodes):
            labels = [f"{key}={values[0]}" for key, values in wanted.items()]
            seen.warnings.append(Note(LABEL_LOST, {"labels": labels}))
