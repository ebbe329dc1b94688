"""How many pods, on what storage, at which address: what follows once the tiers have their nodes."""

from __future__ import annotations

from mcapp.genvalues import storage as volume
from mcapp.genvalues import urls as reaching
from mcapp.genvalues import words
from mcapp.genvalues.plan import Case
from mcapp.kube.nodes import Room
from mcapp.kube.quantity import whole
from mcapp.kube.scheduling import spoken


def replicas(case: Case) -> None:
    """Write one api pod only when those wanted do not fit beside the rest."""
    path = _count(case, "api")
    web, api = case.value(*_count(case, "web")), case.value(*path)
    if _fits(case, web, api):
        return
    if _fits(case, web, 1) and not case.given(*path):
        case.plan.put(path, 1, words.REPLICAS_ONE(wanted=api))
        return
    wanted = _times(case.room("web"), web).plus(_times(case.room("api"), api))
    case.plan.warnings.append(words.REPLICAS_ROOM(wanted=spoken(wanted)))


def _count(case: Case, tier: str) -> tuple[str, ...]:
    """Return the key of the tier's number of pods: the least one, with an autoscaler."""
    if case.wanted[tier]["autoscaling"]["enabled"]:
        return (tier, "autoscaling", "minReplicas")
    return (tier, "replicas")


def _fits(case: Case, web: int, api: int) -> bool:
    """Whether the pods of all tiers can be put on their nodes together, first fit."""
    free = {
        node.name: node.room.less(case.used.get(node.name, Room(0, 0, 0)))
        for node in case.all
        if node.room is not None
    }
    if case.several:
        # One on each of so many nodes.
        for name in case.plan.nodes["db"][: case.wanted["db"]["ha"]["members"]]:
            if name in free:
                free[name] = free[name].less(case.room("db"))
    for tier, count in (("db", 0 if case.several else 1), ("web", web), ("api", api)):
        asked = case.room(tier)
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


def _times(room: Room, count: int) -> Room:
    return Room(room.cpu * count, room.memory * count, room.pods * count)


def storage(case: Case) -> None:
    """Name a StorageClass only where the cluster's default would not serve; keep an existing claim's size."""
    path = ("db", "persistence")
    if not case.given(*path, "storageClass"):
        chosen = volume.choose_class(case.inventory, case.data)
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


def access(case: Case) -> None:
    """Decide web's NodePort, and list the nodes with their addresses and the page's URLs."""
    service = case.wanted["web"]["service"]
    number = None
    if service["type"] == "NodePort":
        given = case.given("web", "service", "nodePort")
        wanted = case.asked.given["web"]["service"]["nodePort"] if given else service["nodePort"]
        port = reaching.choose_port(case.inventory, wanted, given, case.owner, case.wanted["namePrefix"])
        number = port.number
        case.plan.put(("web", "service", "nodePort"), number, port.reason)
    reached = {node.name: reaching.reach(node) for node in case.all}
    case.plan.warnings += [where.warning for where in reached.values() if where.warning][:3]
    tiers = {tier: set(case.plan.nodes[tier]) for tier in case.tiers}
    listed = [
        {
            "name": name,
            **({"address": where.addresses[0]} if where.addresses else {}),
            "tiers": [tier for tier in case.tiers if name in tiers[tier]],
        }
        for name, where in reached.items()
    ]
    case.plan.put(("cluster", "nodes"), listed, words.CLUSTER_NODES(count=len(listed)))
    if not case.given("cluster", "urls"):
        _urls(case, {name: where.addresses for name, where in reached.items()}, number)


def _urls(case: Case, addresses: dict[str, tuple[str, ...]], port: int | None) -> None:
    path = ("cluster", "urls")
    named = reaching.named_urls(case.wanted)
    if port is None:
        case.plan.put(path, named, (words.URLS_NAMED if named else words.URLS_NONE)())
        return
    # A node that may run web answers even where forwarding between nodes is broken.
    web = set(case.plan.nodes["web"])
    ready = sorted((node.name for node in case.all if node.ready), key=lambda name: (name not in web, name))
    urls = list(dict.fromkeys(reaching.url(address, port) for name in ready for address in addresses[name]))
    shown = reaching.MAX_URLS
    reason = words.URLS_SOME(count=len(urls), shown=shown) if len(urls) > shown else words.URLS_ALL()
    if named:
        reason = words.BOTH(first=words.URLS_NAMED(), second=reason)
    case.plan.put(path, [*named, *urls[:shown]], reason)
