"""A small scheduler: the nodes on which a rendered pod may run, by the rules of Kubernetes."""

from __future__ import annotations

import operator
from collections.abc import Iterable
from typing import Any

from dev.local.kube_objects import Object

_COMPARE = {"Gt": operator.gt, "Lt": operator.lt}


def feasible(pod: Object, nodes: list[Object], volume: Object | None = None) -> set[str]:
    """Return the names of the nodes that pass every filter; `pod` is a pod's spec."""
    return {node["metadata"]["name"] for node in nodes if _passes(pod, node, volume)}


def _passes(pod: Object, node: Object, volume: Object | None) -> bool:
    affinity = pod.get("affinity", {}).get("nodeAffinity", {})
    required = affinity.get("requiredDuringSchedulingIgnoredDuringExecution")
    mounts = ((volume or {}).get("spec", {}).get("nodeAffinity") or {}).get("required")
    labels = node["metadata"]["labels"]
    return (
        not node["spec"].get("unschedulable")
        and all(labels.get(key) == value for key, value in pod.get("nodeSelector", {}).items())
        and (required is None or _any_term(required["nodeSelectorTerms"], labels))
        and (mounts is None or _any_term(mounts["nodeSelectorTerms"], labels))
        and all(_tolerated(taint, pod.get("tolerations", [])) for taint in node["spec"].get("taints", []))
        and _roomy(pod, node["status"]["allocatable"])
    )


def _any_term(terms: Iterable[Object], labels: dict[str, str]) -> bool:
    return any(all(_holds(item, labels) for item in term["matchExpressions"]) for term in terms)


def _holds(item: Object, labels: dict[str, str]) -> bool:
    have: Any = labels.get(item["key"])
    match item["operator"]:
        case "In":
            return have in item["values"]
        case "NotIn":
            return have not in item["values"]
        case "Exists":
            return have is not None
        case "DoesNotExist":
            return have is None
        case compared:
            return have is not None and bool(_COMPARE[compared](int(have), int(item["values"][0])))


def _tolerated(taint: Object, tolerations: list[Object]) -> bool:
    if taint["effect"] == "PreferNoSchedule":
        return True
    return any(
        item.get("key", "") in ("", taint["key"])
        and item.get("effect", "") in ("", taint["effect"])
        and (item.get("operator") == "Exists" or item.get("value", "") == taint.get("value", ""))
        for item in tolerations
    )


_UNITS = {"m": 0.001, "Ki": 2**10, "Mi": 2**20, "Gi": 2**30}


def _number(quantity: str) -> float:
    for unit, factor in _UNITS.items():
        if quantity.endswith(unit):
            return float(quantity.removesuffix(unit)) * factor
    return float(quantity)


def _roomy(pod: Object, allocatable: dict[str, str]) -> bool:
    if _number(allocatable["pods"]) < 1:
        return False
    return all(
        sum(_number(str(c["resources"]["requests"].get(name, "0"))) for c in pod["containers"])
        <= _number(allocatable[name])
        for name in ("cpu", "memory")
    )
