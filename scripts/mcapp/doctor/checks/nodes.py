"""Layer nodes: those that the release uses or needs."""

from __future__ import annotations

from collections.abc import Iterator

from mcapp.doctor.checks.demand import allowed, required
from mcapp.doctor.finding import Diagnosis, Evidence, Finding, Step
from mcapp.doctor.read.snapshot import TIERS, Object, Snapshot, label, node_of, status
from mcapp.doctor.words import LABEL_LOST, NO_NODES, NODE_APART, NODES
from mcapp.kube.nodes import Node
from mcapp.kube.pods import condition


def check(snapshot: Snapshot, diagnosis: Diagnosis) -> Iterator[Finding]:
    """Yield what is wrong with a node that the release uses or needs."""
    if "nodes" in snapshot.unread:
        diagnosis.left_out.append(NO_NODES(kinds=sorted(snapshot.unread & {"nodes"})))
    used = {node_of(pod) for tier in TIERS for pod in snapshot.pods(tier)} - {""}
    wanted = set(_labelled(snapshot))
    apart = []
    for node in snapshot.nodes.values():
        if node.name in used or node.name in wanted:
            yield from unfit(snapshot, node)
        elif not node.ready:
            apart.append(node.name)
    if apart:
        diagnosis.warnings.append(NODE_APART(nodes=apart))
    _labels_lost(snapshot, diagnosis)
    diagnosis.notes["nodes"] = [NODES(count=len(used), nodes=sorted(used))]


def unfit(snapshot: Snapshot, node: Node) -> Iterator[Finding]:
    """Yield why a node runs no pods now."""
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
    """Return the command that starts the node's kubelet."""
    if "+k3s" not in (status(node).get("nodeInfo") or {}).get("kubeletVersion", ""):
        return "sudo systemctl restart kubelet"
    server = label(node, "node-role.kubernetes.io/control-plane") or label(
        node, "node-role.kubernetes.io/master"
    )
    return f"sudo systemctl restart {'k3s' if server else 'k3s-agent'}"


def _labelled(snapshot: Snapshot) -> Iterator[str]:
    for pod in snapshot.pods("db"):
        if required(pod):
            yield from (node.name for node in allowed(pod, snapshot.nodes))


def _labels_lost(snapshot: Snapshot, diagnosis: Diagnosis) -> None:
    for pod in snapshot.pods("db"):
        wanted = required(pod)
        if snapshot.nodes and wanted and node_of(pod) and not allowed(pod, snapshot.nodes):
            labels = [f"{key}={values[0]}" for key, values in wanted.items()]
            diagnosis.warnings.append(LABEL_LOST(labels=labels))
