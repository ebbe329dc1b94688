"""The request (Asked), all that is known for the decision (Case), and the decision (Plan)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from mcapp.errors import PlacementError, UserError
from mcapp.genvalues import storage, words
from mcapp.genvalues.values import Values, defaults, effective, label_key, merge
from mcapp.kube.inventory import Inventory
from mcapp.kube.nodes import Node, Resources
from mcapp.kube.objects import Owner
from mcapp.kube.quantity import millis, whole
from mcapp.kube.scheduling import Demand, refused_taints, why_not
from mcapp.kube.taints import acceptable
from mcapp.messages import Text

TIERS = ("web", "api", "db")
ANY_TAINT = ({"operator": "Exists"},)


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
    """The values decided on, the reason for each by key, where each tier may run and why not elsewhere.

    `left` has the reasons for keys that stay unset.
    """

    values: Values = field(default_factory=dict)
    reasons: dict[tuple[str, ...], Text] = field(default_factory=dict)
    left: list[Text] = field(default_factory=list)
    warnings: list[Text] = field(default_factory=list)
    nodes: dict[str, list[str]] = field(default_factory=dict)
    refused: dict[str, dict[str, list[Text]]] = field(default_factory=dict)

    def put(self, path: tuple[str, ...], value: Any, reason: Text) -> None:
        """Set one key, with the reason."""
        nested = value
        for key in reversed(path):
            nested = {key: nested}
        self.values = merge(self.values, nested)
        self.reasons[path] = reason

    @property
    def topology(self) -> str:
        """The topology decided on."""
        chosen: str = self.values["topology"]
        return chosen


class Case:
    """One cluster and one request.

    `tiers` are those to place; `labels` lead db to its node; `home` are the only nodes db may use.
    """

    def __init__(self, inventory: Inventory, asked: Asked) -> None:
        self.inventory = inventory
        self.asked = asked
        self.plan = Plan()
        self.all = list(inventory.nodes.values())
        seen = effective(asked.given)
        # A key that the user set to null counts here with the chart's value.
        self.wanted = merge(defaults(), seen)
        self.label_key = label_key(self.wanted)
        usual: dict[str, str] = self.wanted["placement"][self.label_key]
        self.labels: dict[str, str] = seen.get("placement", {}).get(self.label_key) or usual
        self.tiers = TIERS if self.wanted["db"]["mode"] != "external" else ("web", "api")
        self.owner = Owner(asked.namespace, asked.release)
        self.used = inventory.used(self.owner)
        self.data = self._data()
        self.home = self._home()

    def _data(self) -> storage.Data | None:
        """Return the data that the release's own database has on this cluster."""
        if "db" not in self.tiers:
            return None
        return storage.existing(self.inventory, self.asked.namespace, self.wanted["namePrefix"])

    def _home(self) -> list[Node] | None:
        """Return the only nodes that db may use by its data or by --db-node; None if it may use any."""
        nodes, chosen = self.inventory.nodes, self.asked.db_node
        if chosen and chosen not in nodes:
            raise UserError(words.DBNODE_UNKNOWN(node=chosen, nodes=sorted(nodes)), words.DBNODE_REMEDY())
        if self.data is None or self.data.nodes is None:
            return [nodes[chosen]] if chosen else None
        if chosen and chosen not in self.data.nodes:
            held, name = sorted(self.data.nodes), self.data.claim.volume
            problem = words.DBNODE_DATA(node=chosen, volume=name, nodes=held)
            raise PlacementError(problem, words.DATA_MOVE(node=chosen))
        return [nodes[name] for name in ([chosen] if chosen else sorted(self.data.nodes))]

    @property
    def is_ha(self) -> bool:
        """Whether the database runs in mode ha, as decided so far."""
        return bool(self.value("db", "mode") == "ha")

    def given(self, *path: str) -> bool:
        """Whether the user gave a value for the key; null is one."""
        found: Any = self.asked.given
        for key in path:
            if not isinstance(found, dict) or key not in found:
                return False
            found = found[key]
        return True

    def value(self, *path: str) -> Any:
        """Return the value of a key: the one decided on, or the one wanted."""
        for found in (self.plan.values, self.wanted):
            at: Any = found
            for key in path:
                at = at.get(key) if isinstance(at, dict) else None
            if at is not None:
                return at
        return None

    def requests(self, tier: str) -> Resources:
        """Return what one pod of the tier asks for."""
        asked = self.wanted[tier]["resources"].get("requests") or {}
        return Resources(millis(asked.get("cpu", 0)), whole(asked.get("memory", 0)), 1)

    def demand(self, tier: str) -> Demand:
        """Return what one pod of the tier needs, as decided so far."""
        selector: Mapping[str, str] = self.value(tier, "nodeSelector")
        tolerations = self.value(tier, "tolerations")
        multi = self.value("topology") == "multi"
        if tier == "db":
            return Demand(
                self.requests(tier), {**self.labels, **selector} if multi else selector, {}, tolerations
            )
        required = self.value("placement", "appOffDatabaseNode") == "required"
        return Demand(self.requests(tier), selector, self.labels if multi and required else {}, tolerations)

    def usable(self, nodes: list[Node], tier: str) -> list[Node]:
        """Return those where the tier's pod could start if it tolerated their taints, labels left aside.

        A taint that no toleration helps against counts, and a virtual node is never proposed.
        """
        demand = Demand(self.requests(tier), self.wanted[tier]["nodeSelector"], {}, ANY_TAINT)
        given = self.wanted[tier]["tolerations"]
        return [
            node
            for node in nodes
            if not node.virtual
            and all(map(acceptable, refused_taints(node, given)))
            and not why_not(node, demand, self.used.get(node.name))
        ]

    def carrying(self) -> list[Node]:
        """Return the nodes that carry the database's labels."""
        return [node for node in self.all if node.carries(self.labels)]

    def advise_label(self) -> Text:
        """Name the node to label: the largest that could run db; best an agent without such a label."""
        candidates = self.usable(self.all, "db")
        if not candidates:
            return words.REMEDY_JOIN()

        def has_other(node: Node) -> bool:
            return any(node.labels.get(key, value) != value for key, value in self.labels.items())

        best = max(
            candidates,
            key=lambda node: (
                not has_other(node),
                not node.server,
                node.allocatable or Resources(0, 0, 0),
            ),
        )
        labels = [*pairs(self.labels), *(["--overwrite"] if has_other(best) else [])]
        return words.MULTI_NONE_REMEDY(node=best.name, labels=labels)


def pairs(labels: Mapping[str, str]) -> list[str]:
    """Return labels the way kubectl writes them."""
    return [f"{key}={value}" for key, value in labels.items()]


def names(nodes: list[Node]) -> list[str]:
    """Return the nodes' names."""
    return [node.name for node in nodes]
