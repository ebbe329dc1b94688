"""What NetworkPolicies let through, judged by those of both ends' namespaces."""

from __future__ import annotations

from collections.abc import Iterable
from ipaddress import ip_address, ip_network
from typing import NamedTuple

from mcapp.doctor.checks import changed
from mcapp.doctor.finding import Evidence, Finding, Step
from mcapp.doctor.read.snapshot import Object, Snapshot, addresses, name, selects, spec
from mcapp.doctor.remedies import helm_upgrade

# Kubernetes itself gives every namespace this label.
_NAMESPACE = "kubernetes.io/metadata.name"


class Packet(NamedTuple):
    """Where a packet goes: from a pod to a pod's port."""

    source: Object
    target: Object
    port: int
    protocol: str = "TCP"


def denying(policies: Iterable[Object], packet: Packet) -> list[Object]:
    """Return the policies that keep a packet out; [] where it is let through, or that is not known."""
    sides = (
        ("Ingress", "ingress", "from", packet.target, packet.source),
        ("Egress", "egress", "to", packet.source, packet.target),
    )
    listed, found = list(policies), []
    for kind, rules, peers, selected, other in sides:
        chosen = [
            item
            for item in listed
            if kind in _types(item)
            and _space(item) == _space(selected)
            and _matches(spec(item).get("podSelector") or {}, selected)
        ]
        admitted = any(
            _admits(rule.get(peers), item, other) and _open(rule.get("ports"), packet)
            for item in chosen
            for rule in spec(item).get(rules) or ()
        )
        if chosen and not admitted:
            found += chosen
    return found


def _types(policy: Object) -> list[str]:
    """Return the directions that a policy is for, as Kubernetes reads it where it names none."""
    usual = ["Ingress", *(["Egress"] if spec(policy).get("egress") else [])]
    found: list[str] = spec(policy).get("policyTypes") or usual
    return found


def _space(item: Object) -> str:
    found: str = item["metadata"].get("namespace", "")
    return found


def _admits(peers: list[Object] | None, policy: Object, other: Object) -> bool:
    return not peers or any(_is(peer, policy, other) for peer in peers)


def _is(peer: Object, policy: Object, other: Object) -> bool:
    """Whether a peer may be this pod: what is unknown here does not count as a denial."""
    if "ipBlock" in peer:
        return _in_block(peer["ipBlock"] or {}, other)
    if "namespaceSelector" in peer:
        wanted = ((peer["namespaceSelector"] or {}).get("matchLabels") or {}).get(_NAMESPACE)
        if wanted not in (None, _space(other)):
            return False
    elif _space(policy) != _space(other):
        return False
    return "podSelector" not in peer or _matches(peer["podSelector"] or {}, other)


def _in_block(block: Object, pod: Object) -> bool:
    try:
        whole = ip_network(block["cidr"], strict=False)
        but = [ip_network(one, strict=False) for one in block.get("except") or ()]
    except (ValueError, KeyError):
        return True
    found = [ip_address(one) for one in addresses(pod)]
    return not found or any(one in whole and not any(one in part for part in but) for one in found)


def _open(ports: list[Object] | None, packet: Packet) -> bool:
    if not ports:
        return True
    for one in ports:
        if one.get("protocol", "TCP") != packet.protocol:
            continue
        first = one.get("port", packet.port)
        # A name of a port is the container's affair.
        if not isinstance(first, int) or first <= packet.port <= one.get("endPort", first):
            return True
    return False


def _matches(selector: Object, pod: Object) -> bool:
    labels = pod["metadata"].get("labels") or {}
    plain = selector.get("matchLabels") or {}
    if plain and not selects(plain, pod):
        return False
    return all(_meets(one, labels) for one in selector.get("matchExpressions") or ())


def _meets(rule: Object, labels: Object) -> bool:
    value, values = labels.get(str(rule.get("key"))), rule.get("values") or []
    return {
        "In": value in values,
        "NotIn": value not in values,
        "Exists": value is not None,
        "DoesNotExist": value is None,
    }.get(str(rule.get("operator")), True)


def title(policy: Object, namespace: str) -> str:
    """Return a policy's name, with its namespace where that is another one."""
    return name(policy) if _space(policy) in ("", namespace) else f"{_space(policy)}/{name(policy)}"


def finding(
    snapshot: Snapshot,
    denying: list[Object],
    packet: Packet,
    evidence: tuple[Evidence, ...],
    tier: str,
) -> Finding:
    """Return the finding that a policy keeps a packet out: the chart's own is set back, another can go."""
    own = [one for one in denying if snapshot.is_ours(one)]
    # Policies only add to each other, and the chart's let it through.
    policy = (own or denying)[0]
    space = policy["metadata"].get("namespace", snapshot.namespace)
    parts = {
        "policy": title(policy, snapshot.namespace),
        "source": f"pod/{name(packet.source)}",
        "target": f"pod/{name(packet.target)}",
    }
    if own:
        by_hand = [one for one in snapshot.changes if one.what.startswith("networkpolicy/")]
        if gone := [one.what.partition("/")[2] for one in by_hand if one.gone]:
            parts["policy"] = ", ".join(gone)
        undo = changed.back(snapshot, by_hand) or (helm_upgrade(snapshot),)
        return Finding("policy-changed", parts, evidence, undo, tier)
    where = ("networkpolicy", name(policy), "-n", space)
    # What is shown first can be applied again.
    steps = (Step(kubectl=("get", *where, "-o", "yaml")), Step(kubectl=("delete", *where)))
    return Finding("network-policy", parts, evidence, steps, tier)
