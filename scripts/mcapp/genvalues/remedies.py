"""What helps where a tier has no node: the smallest step, and only one that genvalues then accepts."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from mcapp.genvalues import words
from mcapp.genvalues.plan import Case
from mcapp.kube import words as kube
from mcapp.kube.nodes import Node, Resources
from mcapp.kube.scheduling import refused_taints, toleration
from mcapp.messages import Text, Words

# What helps a node against which there is only this reason, best first.
_REMEDIES: dict[Words, Words] = {
    kube.NODE_CORDONED: words.REMEDY_UNCORDON,
    kube.NODE_NOTREADY: words.REMEDY_READY,
    kube.NODE_UNINITIALIZED: words.REMEDY_UNINITIALIZED,
    kube.NODE_SHUTDOWN: words.REMEDY_SHUTDOWN,
    kube.NODE_OUT_OF_SERVICE: words.REMEDY_OUT_OF_SERVICE,
    kube.NODE_NETWORK: words.REMEDY_NETWORK,
    kube.NODE_PRESSURE: words.REMEDY_PRESSURE,
    kube.NODE_UNDER_PRESSURE: words.REMEDY_PRESSURE,
    kube.NODE_STARTING: words.REMEDY_STARTING,
    kube.NODE_SYSTEM: words.REMEDY_SYSTEM,
}


# Each tier without a node, the one to place first, and the reasons against each node.
Stuck = Mapping[str, Mapping[str, list[Text]]]


def choose(case: Case, stuck: Stuck) -> Text:
    """Name the smallest step that gives these tiers a node."""
    tier, refused = next(iter(stuck.items()))
    only: dict[Words, str] = {}
    for name, reasons in refused.items():
        kinds = {reason.words for reason in reasons}
        if len(kinds) == 1:
            only.setdefault(kinds.pop(), name)
    for reason, remedy in _REMEDIES.items():
        if reason in only:
            return remedy(node=only[reason])
    for reason, offer in ((kube.NODE_RESOURCES, _ask_less), (kube.NODE_TAINT, _accept)):
        if reason in only:
            name = only[reason]
            same = [other for other in stuck if all(why.words == reason for why in stuck[other][name])]
            return offer(case, same, case.inventory.nodes[name])
    if tier == "db" and case.plan.topology == "multi" and case.home is None:
        return case.advise_label()
    return words.REMEDY_JOIN()


def _accept(case: Case, tiers: Sequence[str], node: Node) -> Text:
    """Offer to remove the node's taints, or to let each of these tiers tolerate them."""
    options: list[str] = []
    removed: list[str] = []
    for tier in tiers:
        known = case.demand(tier).tolerations
        taints = refused_taints(node, known)
        removed += [f"{taint}-" for taint in taints]
        new = [*map(dict, known), *map(toleration, taints)]
        options += ["--set", f"{tier}.tolerations={json.dumps(new)}"]
    return words.REMEDY_TAINT(node=node.name, taints=list(dict.fromkeys(removed)), options=options)


def _ask_less(case: Case, tiers: Sequence[str], node: Node) -> Text:
    """Offer to ask for as much as the node has left, where that is anything."""
    free = node.allocatable or Resources(0, 0, 0)
    if node.name in case.used:
        free = free.less(case.used[node.name])
    if free.pods < len(tiers) or free.cpu < len(tiers) or free.memory >> 20 < len(tiers):
        return words.REMEDY_FREE(node=node.name)
    options: list[str] = []
    for tier in tiers:
        wanted, key = case.requests(tier), f"{tier}.resources.requests"
        cpu = min(wanted.cpu, free.cpu // len(tiers))
        memory = min(wanted.memory, free.memory // len(tiers)) >> 20
        options += ["--set", f"{key}.cpu={cpu}m", "--set", f"{key}.memory={memory}Mi"]
    return words.REMEDY_ROOM(node=node.name, options=options)
