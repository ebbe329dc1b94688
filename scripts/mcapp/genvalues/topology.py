"""Decides single or multi, and how db finds its node: by label, or by the node's name."""

from __future__ import annotations

import re

from mcapp.errors import PlacementError, UserError
from mcapp.genvalues import storage, words
from mcapp.genvalues.plan import Case, names, pairs
from mcapp.genvalues.values import OVERRIDE
from mcapp.kube.nodes import HOSTNAME, Node
from mcapp.kube.scheduling import refused_taints
from mcapp.kube.taints import role
from mcapp.messages import Text

# What Kubernetes accepts as the value of a label in a selector.
_VALUE = re.compile(r"[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?")


def choose(case: Case) -> None:
    """Decide the topology and db's node; PlacementError where multi is asked for and no node is labelled."""
    if "db" not in case.tiers:
        _without_database(case)
        return
    topology, reason = _topology(case)
    case.plan.put(("topology",), topology, reason)
    if topology == "multi":
        _find_by_label(case)
        _propose_ha(case)
    if case.asked.db_node:
        _pin(case, case.inventory.nodes[case.asked.db_node])


def _without_database(case: Case) -> None:
    """Choose single, since there is no db to place; UserError where an option asks for its place."""
    if case.asked.topology == "multi" or case.asked.db_node:
        raise UserError(words.EXTERNAL_PLACE(), words.EXTERNAL_PLACE_REMEDY())
    case.plan.put(("topology",), "single", words.TOPOLOGY_EXTERNAL())


def _topology(case: Case) -> tuple[str, Text]:
    asked = case.asked.topology
    if asked == "auto":
        asked = case.asked.given.get("topology") or "auto"
    if asked != "auto":
        return asked, words.TOPOLOGY_ASKED(topology=asked)
    chosen = case.asked.db_node
    if not chosen:
        return _automatic(case)
    if any(node.name != chosen for node in _ordinary(case)):
        return "multi", words.TOPOLOGY_DBNODE(node=chosen)
    return "single", words.TOPOLOGY_DBNODE_ALONE(node=chosen)


def _ordinary(case: Case) -> list[Node]:
    """Return the nodes where web could run; a taint that only marks a server does not count."""
    tolerations = case.wanted["web"]["tolerations"]
    usable = case.usable(case.all, "web")
    return [node for node in usable if all(map(role, refused_taints(node, tolerations)))]


def _automatic(case: Case) -> tuple[str, Text]:
    labels, labelled = pairs(case.labels), case.carrying()
    agents = [node for node in labelled if not node.server]
    usable = names(case.usable(agents, "db"))
    if not labelled:
        return "single", words.TOPOLOGY_NONE(labels=labels)
    if not agents:
        return "single", words.TOPOLOGY_SERVER(labels=labels, nodes=names(labelled))
    if not usable:
        return "single", words.TOPOLOGY_UNUSABLE(labels=labels, nodes=names(agents))
    home = case.home
    if home is None or any(node.name in usable for node in home):
        return "multi", words.TOPOLOGY_MULTI(labels=labels, nodes=usable)
    if any(not node.server for node in home):
        return "multi", words.TOPOLOGY_DATA(nodes=names(home), labels=labels, labelled=usable)
    return "single", words.TOPOLOGY_STAY(nodes=names(home), labels=labels, labelled=usable, node=usable[0])


def _find_by_label(case: Case) -> None:
    """Set the labels by which db finds its node: the usual ones, else the one with the node's own name."""
    path = ("placement", case.label_key)
    labels, labelled = pairs(case.labels), case.carrying()
    if case.home is None and not labelled:
        raise PlacementError(words.MULTI_NONE(labels=labels), case.advise_label())
    found = labelled if case.home is None else [node for node in labelled if node in case.home]
    if found:
        case.plan.put(path, dict(case.labels), words.LABELS_CARRIED(labels=labels, nodes=names(found)))
        return
    home = case.home or []
    node = [*case.usable(home, "db"), *home][0]
    own = _own_label(case, node)
    # Helm merges mappings: only null removes a key of the chart. The override is empty there.
    less = () if case.label_key == OVERRIDE else case.labels
    gone: dict[str, str | None] = dict.fromkeys(key for key in less if key not in own)
    why = words.LABELS_DBNODE if case.asked.db_node else words.LABELS_DATA
    case.plan.put(path, {**gone, **own}, why(node=node.name, labels=labels))
    case.labels = own


def _propose_ha(case: Case) -> None:
    """Propose mode ha for new data where enough nodes are labelled, and keep it; warn where too few are."""
    path, labels = ("db", "mode"), pairs(case.labels)
    usable = names(case.usable(case.carrying(), "db"))
    wanted = case.wanted["db"]["ha"]["members"]
    if not case.given(*path):
        where = (case.inventory, case.asked.namespace, case.wanted["namePrefix"])
        claim = storage.member_claim(*where)
        if case.data is not None and not (claim and storage.has_leader(*where)):
            # Only a move takes existing data from one server to several.
            if len(usable) >= wanted:
                case.plan.left.append(words.HA_MOVE(claim=case.data.claim.name))
        elif claim:
            case.plan.put(path, "ha", words.HA_KEPT(claim=claim))
        elif len(usable) >= wanted and not case.asked.db_node:
            case.plan.put(path, "ha", words.HA_PROPOSED(nodes=usable, labels=labels))
    if case.is_ha and case.wanted["db"]["ha"]["antiAffinity"] == "required" and len(usable) < wanted:
        case.plan.warnings.append(words.HA_FEW(nodes=usable, labels=labels, wanted=wanted))


def _own_label(case: Case, node: Node) -> dict[str, str]:
    value = node.labels.get(HOSTNAME, "")
    if not _VALUE.fullmatch(value) or sum(other.labels.get(HOSTNAME) == value for other in case.all) > 1:
        problem = words.HOSTNAME_MISSING(node=node.name, label=HOSTNAME)
        if not _VALUE.fullmatch(node.name):
            raise PlacementError(problem, words.HOSTNAME_OTHER())
        raise PlacementError(problem, words.HOSTNAME_REMEDY(node=node.name, label=f"{HOSTNAME}={node.name}"))
    return {HOSTNAME: value}


def _pin(case: Case, node: Node) -> None:
    """Pin db to the node that was asked for, where the labels alone leave it a choice."""
    if case.value("topology") == "multi" and case.carrying() == [node]:
        return
    selector = {**case.wanted["db"]["nodeSelector"], **_own_label(case, node)}
    case.plan.put(("db", "nodeSelector"), selector, words.DBNODE_PINNED(node=node.name))
