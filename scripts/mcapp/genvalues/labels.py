"""Labels nodes for the database: only those that the user names."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from mcapp.errors import FailedError, UserError
from mcapp.genvalues import words
from mcapp.genvalues.plan import pairs
from mcapp.kube.inventory import Inventory
from mcapp.kube.kubectl import Kubectl
from mcapp.kube.nodes import Node
from mcapp.messages import Text


def command(node: str, labels: Mapping[str, str], kubectl: Kubectl) -> str:
    """Return the command line that labels the node, quoted for a shell."""
    return kubectl.typed("label", "node", node, *pairs(labels))


def find(name: str, inventory: Inventory) -> Node:
    """Return the node of this name; UserError if there is none."""
    if name not in inventory.nodes:
        known = sorted(inventory.nodes)
        raise UserError(words.DBNODE_UNKNOWN(node=name, nodes=known), words.DBNODE_REMEDY())
    return inventory.nodes[name]


def apply(
    names: Sequence[str], labels: Mapping[str, str], inventory: Inventory, kubectl: Kubectl
) -> list[Text]:
    """Label these nodes and return what was done to each; if one of them cannot be labelled, none is."""
    for name in names:
        node = find(name, inventory)
        other = [
            f"{key}={node.labels[key]}"
            for key, value in labels.items()
            if node.labels.get(key, value) != value
        ]
        if other:
            raise FailedError(
                words.LABEL_OTHER(node=name, label=other),
                words.LABEL_OTHER_REMEDY(
                    command=kubectl.typed("label", "--overwrite", "node", name, *pairs(labels))
                ),
            )
    done = []
    for name in dict.fromkeys(names):
        if inventory.nodes[name].carries(labels):
            done.append(words.LABEL_ALREADY(node=name, labels=pairs(labels)))
            continue
        kubectl.label(name, pairs(labels))
        done.append(words.LABEL_DONE(node=name, labels=pairs(labels)))
    return done
