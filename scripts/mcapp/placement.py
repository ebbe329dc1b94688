"""Which tier may run where, and every value that follows from it, each with its reason."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from mcapp import access, volume
from mcapp.cli import Exit
from mcapp.inventory import Inventory
from mcapp.messages import Problem, Text, text
from mcapp.nodes import ARCH, HOSTNAME, OS, Node, Room
from mcapp.quantity import millis, whole
from mcapp.scheduling import (
    Demand,
    lifecycle,
    pairs,
    refused_taints,
    role,
    spoken,
    toleration,
    unfit,
    why_not,
)
from mcapp.values import Values, effective, merge

TIERS = ("web", "api", "db")
_ANY_TAINT = ({"operator": "Exists"},)


@dataclass(frozen=True, slots=True)
class Asked:
    """What the user asked for: `topology` auto, single or multi; the values given with --base and --set."""

    topology: str = "auto"
    db_node: str = ""
    given: Values = field(default_factory=dict)
    namespace: str = "mcapp"
    release: str = "mcapp"


@dataclass(slots=True)
class Plan:
    """The values decided on, the reason for each by key, where each tier may run and why not elsewhere."""

    topology: str
    values: Values = field(default_factory=dict)
    reasons: dict[tuple[str, ...], Text] = field(default_factory=dict)
    left: list[Text] = field(default_factory=list)
    warnings: list[Text] = field(default_factory=list)
    nodes: dict[str, list[str]] = field(default_factory=dict)
    refused: dict[str, dict[str, list[Text]]] = field(default_factory=dict)

    def put(self, path: tuple[str, ...], value: Any, reason: Text) -> None:
        """Decide one key."""
        nested = value
        for key in reversed(path):
            nested = {key: nested}
        self.values = merge(self.values, nested)
        self.reasons[path] = reason


def decide(inventory: Inventory, asked: Asked) -> Plan:
    """Decide everything; Problem (NO_PLACEMENT) says what to do when a tier has no node."""
    return _Decision(inventory, asked).plan()


class _Decision:
    def __init__(self, inventory: Inventory, asked: Asked) -> None:
        self.inventory = inventory
        self.asked = asked
        self.all = list(inventory.nodes.values())
        self.wanted = effective(asked.given)
        self.labels: dict[str, str] = self.wanted["placement"]["databaseNodeLabels"]
        self.used = inventory.used(asked.namespace, asked.release)
        self.data = volume.existing(inventory, asked.namespace, self.wanted["namePrefix"])
        self.home = self._home()
        self.labelled = [node for node in self.all if node.carries(self.labels)]

    def plan(self) -> Plan:
        topology, reason = self._topology()
        made = self.made = Plan(topology)
        made.put(("topology",), topology, reason)
        if topology == "multi":
            self._label_database()
        self._pin_database()
        self._pin_platform()
        self._place()
        self._replicas()
        self._storage()
        self._access()
        return made

    # Where db has to be.

    def _home(self) -> list[Node] | None:
        """Return the only nodes db may use, by its data or by --db-node; None if it is free."""
        nodes = self.inventory.nodes
        held = self.data.nodes if self.data else None
        chosen = self.asked.db_node
        if chosen and chosen not in nodes:
            raise Problem(text("dbnode.unknown", node=chosen, nodes=sorted(nodes)), text("dbnode.remedy"))
        if chosen and held is not None and chosen not in held:
            assert self.data is not None  # noqa: S101 - held comes from data
            raise Problem(
                text("dbnode.data", node=chosen, volume=self.data.volume, nodes=sorted(held)),
                text("data.move"),
                Exit.NO_PLACEMENT,
            )
        if chosen:
            return [nodes[chosen]]
        return None if held is None else [nodes[name] for name in sorted(held)]

    def _usable(self, node: Node, tier: str = "db") -> bool:
        """Whether the tier's pod could start on the node if it tolerated its taints."""
        demand = Demand(self._room(tier), self.wanted[tier]["nodeSelector"], tolerations=_ANY_TAINT)
        return not why_not(node, demand, self.used.get(node.name))

    def _topology(self) -> tuple[str, Text]:
        asked = self.asked.topology
        if asked == "auto":
            asked = self.asked.given.get("topology", "auto")
        if asked != "auto":
            return asked, text("topology.asked", topology=asked)
        if self.asked.db_node:
            others = [
                node
                for node in self.all
                if node.name != self.asked.db_node
                and self._usable(node, "web")
                and all(map(role, refused_taints(node, self.wanted["web"]["tolerations"])))
            ]
            if others:
                return "multi", text("topology.dbnode", node=self.asked.db_node)
            return "single", text("topology.dbnode.alone", node=self.asked.db_node)
        return self._auto()

    def _auto(self) -> tuple[str, Text]:
        labels = pairs(self.labels)
        agents = [node for node in self.labelled if not node.server]
        usable = [node.name for node in agents if self._usable(node)]
        if not usable:
            if not self.labelled:
                return "single", text("topology.none", labels=labels)
            if not agents:
                return "single", text("topology.server", labels=labels, nodes=_names(self.labelled))
            return "single", text("topology.unusable", labels=labels, nodes=_names(agents))
        if self.home is None or any(node.name in usable for node in self.home):
            return "multi", text("topology.multi", labels=labels, nodes=usable)
        if any(not node.server for node in self.home):
            return "multi", text("topology.data", nodes=_names(self.home), labels=labels, labelled=usable)
        return "single", text("topology.stay", nodes=_names(self.home), labels=labels, labelled=usable)

    def _label_database(self) -> None:
        """Write the labels that lead db to its node: the usual ones, or its own name if need be."""
        path = ("placement", "databaseNodeLabels")
        home = self.home
        if home is None or any(node in self.labelled for node in home):
            if not self.labelled:
                raise self._nothing_labelled()
            names = _names(node for node in self.labelled if home is None or node in home)
            self.made.put(
                path, dict(self.labels), text("labels.carried", labels=pairs(self.labels), nodes=names)
            )
            return
        node = next((node for node in home if self._usable(node)), home[0])
        own = self._own_label(node)
        # Helm merges mappings: null takes the default's keys away.
        gone: dict[str, str | None] = dict.fromkeys(self.labels)
        why = "labels.dbnode" if self.asked.db_node else "labels.data"
        self.made.put(path, {**gone, **own}, text(why, node=node.name, labels=pairs(self.labels)))
        self.labels = own

    def _nothing_labelled(self) -> Problem:
        problem = text("multi.none", labels=pairs(self.labels))
        return Problem(problem, self._advise_label(), Exit.NO_PLACEMENT)

    def _advise_label(self) -> Text:
        """Name the node to label: of those that could run db an agent, and the one with most memory."""
        candidates = [node for node in self.all if self._usable(node)]
        if not candidates:
            return text("remedy.join")
        best = max(candidates, key=lambda node: (not node.server, node.room or Room(0, 0, 0)))
        return text("multi.none.remedy", node=best.name, labels=pairs(self.labels))

    def _own_label(self, node: Node) -> dict[str, str]:
        value = node.labels.get(HOSTNAME, "")
        if sum(other.labels.get(HOSTNAME) == value for other in self.all) != 1 or not value:
            raise Problem(
                text("hostname.missing", node=node.name, label=HOSTNAME),
                text("multi.none.remedy", node=node.name, labels=pairs(self.labels)),
                Exit.NO_PLACEMENT,
            )
        return {HOSTNAME: value}

    def _pin_database(self) -> None:
        """Hold db to --db-node where the labels alone would leave it a choice."""
        if not self.asked.db_node:
            return
        node = self.inventory.nodes[self.asked.db_node]
        if self.made.topology == "multi" and not any(
            other.carries(self.labels) for other in self.all if other is not node
        ):
            return
        selector = {**self.wanted["db"]["nodeSelector"], **self._own_label(node)}
        self.made.put(("db", "nodeSelector"), selector, text("dbnode.pinned", node=node.name))

    # What images need: Linux, and one architecture.

    def _pin_platform(self) -> None:
        linux = [node for node in self.all if node.os == "linux"]
        if len(linux) < len(self.all):
            for tier in TIERS:
                self._select(tier, {OS: "linux"}, text("platform.os"))
        # Images built on one machine run on its architecture alone.
        apps = [node for node in linux if not self._off(node) and self._usable(node, "api")]
        pool = [node for node in apps if not refused_taints(node, ())] or apps
        kinds = Counter(node.arch for node in pool if node.labels.get(ARCH))
        if len(kinds) > 1:
            servers = Counter(node.arch for node in pool if node.server and node.labels.get(ARCH))
            arch = min(servers or kinds, key=lambda kind: (-(servers or kinds)[kind], kind))
            free = self.made.topology == "single" and self.home is None
            for tier in TIERS if free else TIERS[:2]:
                if ARCH not in self.wanted[tier]["nodeSelector"]:
                    self._select(tier, {ARCH: arch}, text("platform.arch", arch=arch, kinds=sorted(kinds)))

    def _select(self, tier: str, labels: Mapping[str, str], reason: Text) -> None:
        path = (tier, "nodeSelector")
        selector = {**self.wanted[tier]["nodeSelector"], **self._decided(*path, default={}), **labels}
        before = self.made.reasons.get(path)
        self.made.put(path, selector, text("both", first=before, second=reason) if before else reason)

    def _decided(self, *path: str, default: Any) -> Any:
        found: Any = self.made.values
        for key in path:
            if key not in found:
                return default
            found = found[key]
        return found

    # Where pods may run.

    def _off(self, node: Node) -> bool:
        """Whether web and api must keep off the node."""
        required = self.wanted["placement"]["appOffDatabaseNode"] == "required"
        return self.made.topology == "multi" and required and node.carries(self.labels)

    def _room(self, tier: str) -> Room:
        requests = self.wanted[tier]["resources"].get("requests", {})
        return Room(millis(requests.get("cpu", 0)), whole(requests.get("memory", 0)), 1)

    def _demand(self, tier: str) -> Demand:
        selector = self._decided(tier, "nodeSelector", default=self.wanted[tier]["nodeSelector"])
        tolerations = self._decided(tier, "tolerations", default=self.wanted[tier]["tolerations"])
        multi = self.made.topology == "multi"
        required = self.wanted["placement"]["appOffDatabaseNode"] == "required"
        return Demand(
            self._room(tier),
            {**self.labels, **selector} if multi and tier == "db" else selector,
            self.labels if multi and required and tier != "db" else {},
            tolerations,
        )

    def _judge(self, tier: str) -> tuple[list[Node], dict[str, list[Text]]]:
        """Return the nodes where the tier's pod may run, and why not for the others."""
        demand = self._demand(tier)
        may: list[Node] = []
        refused: dict[str, list[Text]] = {}
        home = None if tier != "db" or self.data is None or self.data.nodes is None else self.data.nodes
        for node in self.all:
            reasons = why_not(node, demand, self.used.get(node.name))
            if home is not None and node.name not in home:
                reasons.insert(0, text("node.data", volume=self.data.volume if self.data else ""))
            if reasons:
                refused[node.name] = reasons
            else:
                may.append(node)
        return may, refused

    def _place(self) -> None:
        multi = self.made.topology == "multi"
        if multi or self.home is not None:
            self._tolerate("db", lambda node, _: node.name in self._meant(), "tolerations.meant")
        for tier in TIERS:
            may, refused = self._judge(tier)
            if not may and (tier != "db" or not multi):
                self._tolerate(tier, lambda _, refusing: all(map(role, refusing)), "tolerations.role")
                may, refused = self._judge(tier)
            if not may and tier != "db" and self._give_way():
                return self._place()
            if not may:
                raise self._no_place(tier, refused)
            self.made.nodes[tier] = _names(may)
            self.made.refused[tier] = refused
        self._architecture()
        return None

    def _meant(self) -> set[str]:
        """Return the nodes that were set apart for db, by label, data or option."""
        nodes = self.all if self.home is None else self.home
        if self.made.topology == "multi":
            nodes = [node for node in nodes if node.carries(self.labels)]
        return set(_names(nodes))

    def _tolerate(self, tier: str, on: Callable[[Node, list[Any]], bool], why: str) -> None:
        """Add tolerations for the taints that alone keep the tier off the nodes it is to have."""
        demand = self._demand(tier)
        added: dict[Any, list[str]] = {}
        for node in self.all:
            refusing = refused_taints(node, demand.tolerations)
            if not refusing or unfit(node) or any(map(lifecycle, refusing)) or not on(node, refusing):
                continue
            accepting = Demand(demand.room, demand.labels, demand.avoid, _ANY_TAINT)
            if why_not(node, accepting, self.used.get(node.name)):
                continue
            for taint in refusing:
                added.setdefault(taint, []).append(node.name)
        if added:
            path = (tier, "tolerations")
            new = [toleration(taint) for taint in sorted(added)]
            nodes = sorted({name for names in added.values() for name in names})
            reason = text(why, nodes=nodes, taints=[str(taint) for taint in sorted(added)])
            self.made.put(path, [*map(dict, demand.tolerations), *new], reason)

    def _give_way(self) -> bool:
        """Let web and api share db's node when there is no other; False if that was settled before."""
        given = self.asked.given.get("placement", {})
        placement = self.wanted["placement"]
        if self.made.topology != "multi" or placement["appOffDatabaseNode"] != "required":
            return False
        if "appOffDatabaseNode" in given:
            return False
        self.wanted = merge(self.wanted, {"placement": {"appOffDatabaseNode": "preferred"}})
        self.made.put(("placement", "appOffDatabaseNode"), "preferred", text("app.shares"))
        return True

    def _no_place(self, tier: str, refused: Mapping[str, list[Text]]) -> Problem:
        # The nodes meant for the tier come first: their reasons are the ones to mend.
        meant = self._meant() if tier == "db" else {node.name for node in self.all if not self._off(node)}
        told = {name: reasons for name, reasons in refused.items() if name in meant} or refused
        if tier == "db" and self.data is not None and self.data.nodes is not None:
            problem = text("data.blocked", volume=self.data.volume, verdicts=_verdicts(told))
        else:
            problem = text("tier.nowhere", tier=tier, verdicts=_verdicts(told))
        return Problem(problem, self._remedy(tier, told), Exit.NO_PLACEMENT)

    def _remedy(self, tier: str, told: Mapping[str, list[Text]]) -> Text:
        for name, reasons in told.items():
            if all(reason.key == "node.cordoned" for reason in reasons):
                return text("remedy.uncordon", node=name)
        for name, reasons in told.items():
            if all(reason.key == "node.notready" for reason in reasons):
                return text("remedy.ready", node=name)
        for reasons in told.values():
            if any(reason.key == "node.room" for reason in reasons):
                return text("remedy.room", tier=tier)
        for name, reasons in told.items():
            if all(reason.key == "node.taint" for reason in reasons):
                return text("remedy.taint", node=name, tier=tier)
        if self.made.topology == "multi" and tier == "db":
            return self._advise_label()
        return text("remedy.join")

    def _architecture(self) -> None:
        """Warn when db's image must be of another architecture than the rest."""
        kinds = {
            tier: {self.inventory.nodes[name].arch for name in names} - {""}
            for tier, names in self.made.nodes.items()
        }
        strange, apps = sorted(kinds["db"] - kinds["web"]), sorted(kinds["web"])
        if strange and apps:
            self.made.warnings.append(
                text("platform.db", nodes=self.made.nodes["db"], arch=strange, apps=apps)
            )

    # How many, on what storage, at which address.

    def _replicas(self) -> None:
        """Write one api pod only when two do not fit beside the rest."""
        api, web = self.wanted["api"]["replicas"], self.wanted["web"]["replicas"]
        if self._fits(web, api):
            return
        if self._fits(web, 1) and "replicas" not in self.asked.given.get("api", {}):
            self.made.put(("api", "replicas"), 1, text("replicas.one", wanted=api))
            return
        wanted = _times(self._room("web"), web).plus(_times(self._room("api"), api))
        self.made.warnings.append(text("replicas.room", wanted=spoken(wanted)))

    def _fits(self, web: int, api: int) -> bool:
        """Whether db, web and api pods can be put on their nodes together, first fit."""
        free: dict[str, Room] = {}
        for node in self.all:
            if node.room is not None:
                free[node.name] = node.room.less(self.used.get(node.name, Room(0, 0, 0)))
        for tier, count in (("db", 1), ("web", web), ("api", api)):
            for _ in range(count):
                name = next(
                    (
                        name
                        for name in self.made.nodes[tier]
                        if name not in free or free[name].holds(self._room(tier))
                    ),
                    None,
                )
                if name is None:
                    return False
                if name in free:
                    free[name] = free[name].less(self._room(tier))
        return True

    def _storage(self) -> None:
        persistence = self.asked.given.get("db", {}).get("persistence", {})
        path = ("db", "persistence")
        if "storageClass" not in persistence:
            storage = volume.choose_class(self.inventory, self.data)
            if storage.name:
                self.made.put((*path, "storageClass"), storage.name, storage.reason)
            else:
                self.made.left.append(storage.reason)
            if storage.warning:
                self.made.warnings.append(storage.warning)
        size = self.wanted["db"]["persistence"]["size"]
        if self.data and self.data.size and whole(self.data.size) > whole(size):
            # A claim cannot shrink: Kubernetes would refuse the upgrade.
            self.made.put(
                (*path, "size"), self.data.size, text("storage.size", claim=self.data.claim, size=size)
            )

    def _access(self) -> None:
        service = self.wanted["web"]["service"]
        number: int | None = None
        if service["type"] == "NodePort":
            given = self.asked.given.get("web", {}).get("service", {})
            port = access.choose_port(
                self.inventory,
                service.get("nodePort"),
                "nodePort" in given,
                self.asked.namespace,
                self.asked.release,
                self.wanted["namePrefix"],
            )
            number = port.number
            self.made.put(("web", "service", "nodePort"), number, port.reason)
        reached = {node.name: access.reach(node) for node in self.all}
        self.made.warnings += [where.warning for where in reached.values() if where.warning][:3]
        tiers = {tier: set(self.made.nodes[tier]) for tier in TIERS}
        listed = []
        for name, where in reached.items():
            address = {"address": where.addresses[0]} if where.addresses else {}
            listed.append({"name": name, **address, "tiers": [tier for tier in TIERS if name in tiers[tier]]})
        self.made.put(("cluster", "nodes"), listed, text("cluster.nodes", count=len(listed)))
        self._urls(reached, number)

    def _urls(self, reached: Mapping[str, access.Reach], port: int | None) -> None:
        if "urls" in self.asked.given.get("cluster", {}):
            return
        if port is None:
            self.made.put(("cluster", "urls"), [], text("urls.none"))
            return
        # A node that may run web answers even where forwarding between nodes is broken.
        web = set(self.made.nodes["web"])
        order = sorted(
            (node for node in self.all if node.ready), key=lambda node: (node.name not in web, node.name)
        )
        urls = [access.url(address, port) for node in order for address in reached[node.name].addresses]
        shown = list(dict.fromkeys(urls))
        self.made.put(
            ("cluster", "urls"),
            shown[: access.MAX_URLS],
            text("urls.some", count=len(shown), shown=access.MAX_URLS)
            if len(shown) > access.MAX_URLS
            else text("urls.all"),
        )


def _names(nodes: Iterable[Node]) -> list[str]:
    return [node.name for node in nodes]


def _times(room: Room, count: int) -> Room:
    return Room(room.cpu * count, room.memory * count, room.pods * count)


def _verdicts(refused: Mapping[str, list[Text]]) -> list[Text]:
    return [text("verdict", node=name, reasons=reasons) for name, reasons in refused.items()]
