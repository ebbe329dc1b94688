"""Decides where each tier may run: selectors, tolerations and the resulting nodes, each with its reason."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping

from mcapp.config import ARCHITECTURES
from mcapp.errors import PlacementError, UserError
from mcapp.genvalues import provision, remedies, topology, words
from mcapp.genvalues.plan import ANY_TAINT, Asked, Case, Plan, names
from mcapp.kube.inventory import Inventory
from mcapp.kube.nodes import ARCH, OS, Node, Taint
from mcapp.kube.scheduling import Demand, refused_taints, toleration, why_not
from mcapp.kube.taints import acceptable, role
from mcapp.messages import Text, Words


def decide(inventory: Inventory, asked: Asked) -> Plan:
    """Return the whole plan; PlacementError where a tier has no node, UserError where a wish is wrong."""
    case = Case(inventory, asked)
    topology.choose(case)
    _platform(case)
    _place(case)
    _compare_architectures(case)
    provision.decide_replicas(case)
    if "db" in case.tiers:
        provision.decide_storage(case)
    provision.decide_access(case)
    return case.plan


def _platform(case: Case) -> None:
    """Select the nodes that can run the images: those with Linux, and of one architecture."""
    if any(node.os != "linux" for node in case.all):
        for tier in case.tiers:
            _select(case, tier, {OS: "linux"}, words.PLATFORM_OS())
    off = _avoided(case)
    apps = case.usable([node for node in case.all if node.name not in off], "api")
    pool = [node for node in apps if not refused_taints(node, ())] or apps
    kinds = Counter(node.arch for node in pool if node.labels.get(ARCH))
    if len(kinds) < 2:
        return
    # Images are usually built on the server, and run only on the architecture of the machine that built them.
    likely = Counter(node.arch for node in pool if node.server and node.labels.get(ARCH)) or kinds
    arch = min(likely, key=lambda kind: (-likely[kind], kind))
    together = case.plan.topology == "single" and case.home is None
    for tier in case.tiers if together else ("web", "api"):
        if ARCH not in case.wanted[tier]["nodeSelector"]:
            _select(case, tier, {ARCH: arch}, words.PLATFORM_ARCH(arch=arch, kinds=sorted(kinds)))


def _select(case: Case, tier: str, labels: Mapping[str, str], reason: Text) -> None:
    path = (tier, "nodeSelector")
    before = case.plan.reasons.get(path)
    told = words.BOTH(first=before, second=reason) if before else reason
    case.plan.put(path, {**case.value(*path), **labels}, told)


def _avoided(case: Case) -> set[str]:
    """Return the names of the nodes that web and api must avoid."""
    avoid = case.demand("web").avoid
    return {node.name for node in case.all if avoid and node.carries(avoid)}


def _place(case: Case) -> None:
    """Find the nodes of each tier; tolerate taints where the tier needs it."""
    multi = case.plan.topology == "multi"
    if multi or case.home is not None:
        meant = _set_apart(case)
        _tolerate(case, "db", lambda node, _: node.name in meant, words.TOLERATIONS_MEANT)
    for tier in case.tiers:
        may, refused = _judge(case, tier)
        if not may and not (multi and tier == "db"):
            _tolerate(case, tier, lambda _, refusing: all(map(role, refusing)), words.TOLERATIONS_ROLE)
            may, refused = _judge(case, tier)
        if not may and tier != "db" and _give_way(case):
            _place(case)
            return
        if not may:
            raise _no_place(case, tier, refused)
        case.plan.nodes[tier] = names(may)
        case.plan.refused[tier] = refused


def _judge(case: Case, tier: str) -> tuple[list[Node], dict[str, list[Text]]]:
    """Return the nodes where the tier's pod may run, and why not for the others."""
    demand = case.demand(tier)
    # In mode ha the data are on other claims.
    data = case.data if tier == "db" and not case.is_ha else None
    may: list[Node] = []
    refused: dict[str, list[Text]] = {}
    for node in case.all:
        reasons = why_not(node, demand, case.used.get(node.name))
        if data and data.nodes is not None and node.name not in data.nodes:
            reasons.insert(0, words.NODE_DATA(volume=data.claim.volume))
        if reasons:
            refused[node.name] = reasons
        else:
            may.append(node)
    return may, refused


def _set_apart(case: Case) -> set[str]:
    """Return the names of the nodes that are set apart for db by label, data or option."""
    nodes = case.all if case.home is None or case.is_ha else case.home
    if case.plan.topology == "multi":
        nodes = [node for node in nodes if node.carries(case.labels)]
    return set(names(nodes))


def _tolerate(case: Case, tier: str, on: Callable[[Node, list[Taint]], bool], why: Words) -> None:
    """Tolerate the taints of the nodes that `on` chooses, where only the taints keep the tier off."""
    demand = case.demand(tier)
    accepting = Demand(demand.requests, demand.labels, demand.avoid, ANY_TAINT)
    taints: set[Taint] = set()
    tainted: list[str] = []
    for node in case.all:
        refusing = refused_taints(node, demand.tolerations)
        if not refusing or not all(map(acceptable, refusing)) or not on(node, refusing):
            continue
        if not why_not(node, accepting, case.used.get(node.name)):
            taints.update(refusing)
            tainted.append(node.name)
    if taints:
        new = [toleration(taint) for taint in sorted(taints)]
        reason = why(nodes=tainted, taints=[str(taint) for taint in sorted(taints)])
        case.plan.put((tier, "tolerations"), [*map(dict, demand.tolerations), *new], reason)


def _give_way(case: Case) -> bool:
    """Let web and api share db's node; False if they may already, or the user decided about it."""
    path = ("placement", "appOffDatabaseNode")
    if not case.demand("web").avoid or case.given(*path):
        return False
    case.plan.put(path, "preferred", words.APP_SHARES())
    return True


def _no_place(case: Case, tier: str, refused: Mapping[str, list[Text]]) -> UserError:
    # Only the nodes that are meant for the tier are named: theirs are the reasons to fix.
    meant = _set_apart(case) if tier == "db" else case.inventory.nodes.keys() - _avoided(case)
    told = {name: reasons for name, reasons in refused.items() if name in meant} or refused
    verdicts = [words.VERDICT(node=name, reasons=reasons) for name, reasons in told.items()]
    if tier == "db" and case.data is not None and case.data.nodes is not None:
        problem = words.DATA_BLOCKED(volume=case.data.claim.volume, verdicts=verdicts)
    else:
        problem = words.TIER_NOWHERE(tier=tier, verdicts=verdicts)
    stuck = {tier: told}
    for other in case.tiers:
        may, reasons = _judge(case, other)
        if not may:
            stuck.setdefault(other, reasons)
    return PlacementError(problem, remedies.choose(case, stuck))


def _compare_architectures(case: Case) -> None:
    """Warn of an architecture without images, and where db has another than web and api."""
    known = {node.name: node.arch for node in case.all if node.arch}
    kinds = {tier: {known[name] for name in at if name in known} for tier, at in case.plan.nodes.items()}
    used = {name for at in case.plan.nodes.values() for name in at}
    foreign = sorted(name for name in used & known.keys() if known[name] not in ARCHITECTURES)
    if foreign:
        arch = sorted({known[name] for name in foreign})
        case.plan.warnings.append(words.PLATFORM_NONE(nodes=foreign, arch=arch, served=list(ARCHITECTURES)))
    strange, apps = sorted(kinds.get("db", set()) - kinds["web"]), sorted(kinds["web"])
    if strange and apps:
        case.plan.warnings.append(words.PLATFORM_DB(nodes=case.plan.nodes["db"], arch=strange, apps=apps))
