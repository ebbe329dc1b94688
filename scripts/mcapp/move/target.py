"""Where the data are, and which node is meant by `--to multi|single|NODE`."""

from __future__ import annotations

from mcapp.errors import UserError
from mcapp.genvalues import storage as volume
from mcapp.genvalues.values import effective
from mcapp.kube.inventory import Inventory
from mcapp.move.release import Deployed

TOPOLOGIES = ("multi", "single")


def home(deployed: Deployed, inventory: Inventory) -> str:
    """Return the node that the data are on.

    Raises UserError where there are none, or they are on storage that every node can mount.
    """
    mode = effective(dict(deployed.given))["db"]["mode"]
    if mode != "standalone":
        raise UserError(
            f"Release {deployed.name} has db.mode {mode}; only a database of mode standalone is moved.",
            "In mode ha, each node has its copy; an external database is moved where it runs.",
        )
    prefix = deployed.given.get("namePrefix") or ""
    data = volume.existing(inventory, deployed.namespace, prefix)
    if data is None:
        raise UserError(
            f"Release {deployed.name} has no data in namespace {deployed.namespace}.",
            "Name another release with --release and -n; `helm list -A` shows all of them.",
        )
    if data.nodes is None or len(data.nodes) != 1:
        raise UserError(
            f"Volume {data.claim.volume} is not on one node's disk: any node it allows can mount it.",
            "Upgrade the release with other values (genvalues.py); the data need no moving.",
        )
    return next(iter(data.nodes))


def strands_backups(deployed: Deployed, inventory: Inventory, topology: str, node: str) -> bool:
    """Tell whether the backups' volume is on the target: in topology multi its pods keep off db's node."""
    prefix = deployed.given.get("namePrefix") or ""
    kept = volume.existing(inventory, deployed.namespace, prefix, volume.BACKUPS)
    return topology == "multi" and kept is not None and kept.nodes == frozenset({node})


def choose(deployed: Deployed, inventory: Inventory, to: str, source: str) -> tuple[str, str]:
    """Return the topology and the node that are meant.

    Raises UserError where there is no such node, or the data are there already.
    UserError, where no node can run db in that topology.
    """
    now = str(effective(dict(deployed.given))["topology"])
    topology = to if to in TOPOLOGIES else now
    if to not in TOPOLOGIES and to not in inventory.nodes:
        known = ", ".join(sorted(inventory.nodes))
        raise UserError(f"There is no node {to}.", f"Nodes: {known}; or `multi`, `single`.")
    made, _ = deployed.plan(inventory, topology, "")
    able = made.nodes["db"]
    if to not in TOPOLOGIES:
        if to == source:
            raise UserError(f"The data are on {to} already.", "Nothing was changed.")
        if to not in able:
            raise UserError(
                f"Node {to} cannot run the database in topology {topology}.",
                f"It can run on: {', '.join(able)}. `genvalues.py --apply-labels {to}` labels one for multi.",
            )
        return topology, to
    if source in able and topology == now:
        raise UserError(
            f"The data are on {source}, where topology {topology} has them.", "Nothing was changed."
        )
    others = [name for name in able if name != source]
    if not others:
        raise UserError(
            f"Only {source} can run the database in topology {topology}, and the data are there.",
            "`helm upgrade` with values of genvalues.py changes the topology without moving anything.",
        )
    # The server is the machine that stays when the lab machine goes.
    servers = [name for name in others if inventory.nodes[name].server]
    return topology, (servers if topology == "single" and servers else others)[0]
