"""Why a pod cannot run on a node: those of the scheduler's filters that matter to this chart."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from mcapp.kube import taints, words
from mcapp.kube.nodes import Node, Resources, Taint
from mcapp.messages import Text

Toleration = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Demand:
    """What one pod of a tier needs. The node must carry all of `labels`, and not all of `avoid`."""

    requests: Resources
    labels: Mapping[str, str] = field(default_factory=dict)
    avoid: Mapping[str, str] = field(default_factory=dict)
    tolerations: Sequence[Toleration] = ()


def tolerates(tolerations: Iterable[Toleration], taint: Taint) -> bool:
    """Whether one of the tolerations accepts the taint, as Kubernetes defines it."""
    for accepted in tolerations:
        key, effect = accepted.get("key", ""), accepted.get("effect", "")
        operator = accepted.get("operator") or "Equal"
        if effect not in ("", taint.effect) or (
            key != taint.key and not (key == "" and operator == "Exists")
        ):
            continue
        if operator == "Exists" or accepted.get("value", "") == taint.value:
            return True
    return False


def refused_taints(node: Node, tolerations: Iterable[Toleration]) -> list[Taint]:
    """Return the node's taints that keep such a pod away."""
    hard = [taint for taint in node.taints if taint.effect != "PreferNoSchedule"]
    return [taint for taint in hard if not tolerates(tolerations, taint)] if hard else []


def toleration(taint: Taint) -> dict[str, str]:
    """Return the narrowest toleration that accepts the taint."""
    if taint.value:
        return {"key": taint.key, "operator": "Equal", "value": taint.value, "effect": taint.effect}
    return {"key": taint.key, "operator": "Exists", "effect": taint.effect}


def unfit(node: Node) -> list[Text]:
    """Return why no pod of this chart can start on the node now, whatever it tolerates."""
    reasons = []
    if not node.ready:
        reasons.append(words.NODE_NOTREADY())
    if node.cordoned:
        reasons.append(words.NODE_CORDONED())
    reasons += [words.NODE_PRESSURE(condition=condition) for condition in node.pressures]
    if node.os != "linux":
        reasons.append(words.NODE_OS(os=node.os))
    # Most of these taints only repeat a condition.
    return reasons or [
        taints.reason(taint)
        for taint in node.taints
        if taints.lifecycle(taint) and taint.effect != "PreferNoSchedule"
    ]


def why_not(node: Node, demand: Demand, used: Resources | None) -> list[Text]:
    """Return the reasons against the node, [] if the pod can run there. Other pods request `used`."""
    missing = [key for key, value in demand.labels.items() if node.labels.get(key) != value]
    if missing:
        return [words.NODE_LABEL(labels=[f"{key}={demand.labels[key]}" for key in missing])]
    if demand.avoid and node.carries(demand.avoid):
        return [words.NODE_AVOID(labels=[f"{key}={value}" for key, value in demand.avoid.items()])]
    reasons = unfit(node)
    if reasons:
        return reasons
    reasons = [taints.reason(taint) for taint in refused_taints(node, demand.tolerations)]
    if node.allocatable is not None:
        free = node.allocatable.less(used) if used else node.allocatable
        if not free.holds(demand.requests):
            reasons.append(words.NODE_RESOURCES(free=spoken(free), wanted=spoken(demand.requests)))
    return reasons


def spoken(amounts: Resources) -> Text:
    """Return CPU, memory and pods in words."""
    return words.RESOURCES(cpu=amounts.cpu, memory=amounts.memory >> 20, pods=amounts.pods)
