"""Decides what follows once the tiers have their nodes: number of pods, storage, port and addresses."""

from __future__ import annotations

from mcapp.genvalues import storage, urls, words
from mcapp.genvalues.plan import Case
from mcapp.kube.nodes import Resources
from mcapp.kube.quantity import whole
from mcapp.kube.scheduling import spoken


def decide_replicas(case: Case) -> None:
    """Set one api pod, but only where the wanted number does not fit beside the rest."""
    path = _count(case, "api")
    web, api = case.value(*_count(case, "web")), case.value(*path)
    if _fits(case, web, api):
        return
    if _fits(case, web, 1) and not case.given(*path):
        case.plan.put(path, 1, words.REPLICAS_ONE(wanted=api))
        return
    wanted = _times(case.requests("web"), web).plus(_times(case.requests("api"), api))
    case.plan.warnings.append(words.REPLICAS_ROOM(wanted=spoken(wanted)))


def _count(case: Case, tier: str) -> tuple[str, ...]:
    """Return the key of the tier's number of pods; with an autoscaler, of its smallest number."""
    if case.wanted[tier]["autoscaling"]["enabled"]:
        return (tier, "autoscaling", "minReplicas")
    return (tier, "replicas")


def _fits(case: Case, web: int, api: int) -> bool:
    """Whether the pods of all tiers fit on their nodes together, each on the first node that holds it."""
    free = {
        node.name: node.allocatable.less(case.used.get(node.name, Resources(0, 0, 0)))
        for node in case.all
        if node.allocatable is not None
    }
    if case.is_ha:
        # Each member has a node of its own.
        for name in case.plan.nodes["db"][: case.wanted["db"]["ha"]["members"]]:
            if name in free:
                free[name] = free[name].less(case.requests("db"))
    for tier, count in (("db", 0 if case.is_ha else 1), ("web", web), ("api", api)):
        asked = case.requests(tier)
        for _ in range(count if tier in case.tiers else 0):
            for name in case.plan.nodes[tier]:
                if name not in free:
                    break
                if free[name].holds(asked):
                    free[name] = free[name].less(asked)
                    break
            else:
                return False
    return True


def _times(one: Resources, count: int) -> Resources:
    return Resources(one.cpu * count, one.memory * count, one.pods * count)


def decide_storage(case: Case) -> None:
    """Set a StorageClass only where the cluster's default does not do; keep an existing claim's size."""
    path = ("db", "persistence")
    if not case.given(*path, "storageClass"):
        chosen = storage.choose_class(case.inventory, case.data)
        if chosen.name:
            case.plan.put((*path, "storageClass"), chosen.name, chosen.reason)
        else:
            case.plan.left.append(chosen.reason)
        if chosen.warning:
            case.plan.warnings.append(chosen.warning)
    claim = case.data.claim if case.data else None
    size = case.wanted["db"]["persistence"]["size"]
    if claim and claim.size and whole(claim.size) > whole(size):
        # A claim cannot shrink: Kubernetes would refuse the upgrade.
        reason = words.STORAGE_SIZE(claim=claim.name, size=str(size))
        case.plan.put((*path, "size"), claim.size, reason)


def decide_access(case: Case) -> None:
    """Decide web's NodePort, and list the nodes with their addresses and the page's URLs."""
    service = case.wanted["web"]["service"]
    number = None
    if service["type"] == "NodePort":
        given = case.given("web", "service", "nodePort")
        wanted = case.asked.given["web"]["service"]["nodePort"] if given else service["nodePort"]
        port = urls.choose_port(case.inventory, wanted, given, case.owner, case.wanted["namePrefix"])
        number = port.number
        case.plan.put(("web", "service", "nodePort"), number, port.reason)
    tiers = {tier: set(case.plan.nodes[tier]) for tier in case.tiers}
    # A virtual node where nothing may run is nobody's business here, and a cluster may have thousands.
    others = {node.name for node in case.all if node.virtual} - set().union(*tiers.values())
    reached = _reached(case, others)
    listed = [
        {
            "name": name,
            **({"address": where.addresses[0]} if where.addresses else {}),
            "tiers": [tier for tier in case.tiers if name in tiers[tier]],
        }
        for name, where in reached.items()
        if name not in others
    ]
    case.plan.put(("cluster", "nodes"), listed, words.CLUSTER_NODES(count=len(listed)))
    if not case.given("cluster", "urls"):
        _decide_urls(case, {name: where.addresses for name, where in reached.items()}, number)


def _reached(case: Case, others: set[str]) -> dict[str, urls.Reach]:
    """Return where each node answers, and say which addresses are left out, and why; not of `others`."""
    served = urls.families(case.all)
    reached = {node.name: urls.Reach(()) if node.virtual else urls.reach(node, served) for node in case.all}
    case.plan.warnings += [where.warning for where in reached.values() if where.warning][:3]
    virtual = [node.name for node in case.all if node.virtual and node.name not in others]
    if virtual:
        case.plan.left.append(words.ADDRESS_VIRTUAL(nodes=virtual))
    unserved = [address for where in reached.values() for address in where.unserved]
    if unserved and served:
        family = " / ".join(f"IPv{version}" for version in sorted(served))
        case.plan.left.append(words.ADDRESS_FAMILY(addresses=unserved, family=family))
    elif unserved:
        case.plan.left.append(words.ADDRESS_UNTOLD(addresses=unserved))
    return reached


def _decide_urls(case: Case, addresses: dict[str, tuple[str, ...]], port: int | None) -> None:
    path = ("cluster", "urls")
    named = urls.named_urls(case.wanted)
    if port is None:
        case.plan.put(path, named, (words.URLS_NAMED if named else words.URLS_NONE)())
        return
    # A node that may run web answers even where forwarding between nodes is broken.
    web = set(case.plan.nodes["web"])
    ready = sorted((node.name for node in case.all if node.ready), key=lambda name: (name not in web, name))
    found = list(dict.fromkeys(urls.url(address, port) for name in ready for address in addresses[name]))
    shown = urls.MAX_URLS
    reason = words.URLS_SOME(count=len(found), shown=shown) if len(found) > shown else words.URLS_ALL()
    if named:
        reason = words.BOTH(first=words.URLS_NAMED(), second=reason)
    case.plan.put(path, [*named, *found[:shown]], reason)
