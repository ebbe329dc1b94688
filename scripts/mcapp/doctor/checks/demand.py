"""What a pod requires of its node, and the nodes that have it."""

from __future__ import annotations

from mcapp.doctor.read.snapshot import Object, spec
from mcapp.kube.affinity import admits, required_by
from mcapp.kube.nodes import Node


def required(pod: Object) -> dict[str, list[str]]:
    """Return the labels that a pod requires of its node, each with the values that are allowed."""
    wanted = {key: [value] for key, value in (spec(pod).get("nodeSelector") or {}).items()}
    for term in (required_by(pod) or ())[:1]:
        wanted |= {rule.key: list(rule.values) for rule in term if rule.key and rule.operator == "In"}
    return wanted


def allowed(pod: Object, nodes: dict[str, Node]) -> list[Node]:
    """Return the nodes that the pod's selector and required affinity allow, whatever their state."""
    terms = required_by(pod)
    selector = spec(pod).get("nodeSelector") or {}
    return [node for node in nodes.values() if node.carries(selector) and admits(terms, node)]
