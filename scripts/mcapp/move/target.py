"""The node that has the data, and the node that `--to multi|single|NODE` means."""

from __future__ import annotations

from mcapp.errors import UserError
from mcapp.genvalues import storage
from mcapp.genvalues.values import effective
from mcapp.kube import words as kube_words
from mcapp.kube.inventory import Inventory
from mcapp.kube.scheduling import unfit
from mcapp.move import words
from mcapp.move.release import Deployed

TOPOLOGIES = ("multi", "single")


def home(deployed: Deployed, inventory: Inventory) -> str:
    """Return the node that has the data.

    Raises UserError where there are no data, or several nodes can mount their volume.
    """
    mode = effective(dict(deployed.given))["db"]["mode"]
    if mode != "standalone":
        problem = words.NOT_STANDALONE(release=deployed.name, mode=mode)
        raise UserError(problem, words.NOT_STANDALONE_REMEDY())
    prefix = deployed.given.get("namePrefix") or ""
    data = storage.existing(inventory, deployed.namespace, prefix)
    if data is None:
        problem = words.NO_DATA(release=deployed.name, namespace=deployed.namespace)
        raise UserError(problem, words.NO_DATA_REMEDY())
    if data.nodes is None or len(data.nodes) != 1:
        raise UserError(words.SHARED(volume=data.claim.volume), words.SHARED_REMEDY())
    return next(iter(data.nodes))


def strands_backups(deployed: Deployed, inventory: Inventory, topology: str, node: str) -> bool:
    """Whether the backups' volume is on the target node, where topology multi runs none of its pods."""
    prefix = deployed.given.get("namePrefix") or ""
    kept = storage.existing(inventory, deployed.namespace, prefix, storage.BACKUPS)
    return topology == "multi" and kept is not None and kept.nodes == frozenset({node})


def choose(deployed: Deployed, inventory: Inventory, to: str, source: str) -> tuple[str, str]:
    """Return the topology and the node that `to` means.

    Raises UserError where there is no such node, the data are there already, or no node can run db there.
    """
    now = str(effective(dict(deployed.given))["topology"])
    topology = to if to in TOPOLOGIES else now
    if to not in TOPOLOGIES and to not in inventory.nodes:
        known = sorted(inventory.nodes)
        raise UserError(words.NO_NODE(node=to), words.NO_NODE_REMEDY(nodes=known))
    made, _ = deployed.plan(inventory, topology, "")
    able = made.nodes["db"]
    if to not in TOPOLOGIES:
        if to == source:
            raise UserError(words.THERE_ALREADY(node=to), words.NOTHING_CHANGED())
        if to not in able:
            why = made.refused["db"][to]
            unlabelled = all(reason.words == kube_words.NODE_LABEL for reason in why)
            labelling = unlabelled and not unfit(inventory.nodes[to])
            remedy = words.CANNOT_RUN_LABEL if labelling else words.CANNOT_RUN_REMEDY
            problem = words.CANNOT_RUN(node=to, topology=topology, why=why)
            raise UserError(problem, remedy(nodes=able, node=to))
        return topology, to
    if source in able and topology == now:
        raise UserError(words.IN_PLACE(node=source, topology=topology), words.NOTHING_CHANGED())
    others = [name for name in able if name != source]
    if not others:
        raise UserError(
            words.ONLY_HERE(node=source, topology=topology), words.ONLY_HERE_REMEDY(topology=topology)
        )
    # A server: it stays when the lab machine is taken away.
    servers = [name for name in others if inventory.nodes[name].server]
    return topology, (servers if topology == "single" and servers else others)[0]
