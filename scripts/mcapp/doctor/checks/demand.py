"""What a pod asks of its node, and the nodes that have it."""

from __future__ import annotations

from mcapp.doctor.read.snapshot import Object
from mcapp.kube.nodes import Node


def required(pod: Object) -> dict[str, list[str]]:
    """Return the labels, each with the values that will do, that the chart makes a pod ask of its node."""
    wanted = {key: [value] for key, value in (pod["spec"].get("nodeSelector") or {}).items()}
    for term in _terms(pod)[:1]:
        for rule in term.get("matchExpressions") or ():
            if rule["operator"] == "In":
                wanted[rule["key"]] = list(rule["values"])
    return wanted


def _terms(pod: Object) -> list[Object]:
    affinity = (pod["spec"].get("affinity") or {}).get("nodeAffinity") or {}
    found: list[Object] = (affinity.get("requiredDuringSchedulingIgnoredDuringExecution") or {}).get(
        "nodeSelectorTerms", []
    )
    return found


def allowed(pod: Object, nodes: dict[str, Node]) -> list[Node]:
    """Return the nodes that the pod's selector and required affinity admit, in whatever state they are."""
    terms = _terms(pod)
    selector = pod["spec"].get("nodeSelector") or {}
    return [
        node
        for node in nodes.values()
        if node.carries(selector) and (not terms or any(_holds(term, node) for term in terms))
    ]


def _holds(term: Object, node: Node) -> bool:
    for rule in term.get("matchExpressions") or ():
        value, values = node.labels.get(rule["key"]), rule.get("values") or []
        meets = {
            "In": value in values,
            "NotIn": value not in values,
            "Exists": value is not None,
            "DoesNotExist": value is None,
        }
        if not meets.get(rule["operator"], True):
            return False
    return True
