"""The database's volume: where existing data are, and which StorageClass serves a new one."""

from __future__ import annotations

from dataclasses import dataclass

from mcapp.errors import PlacementError
from mcapp.genvalues import words
from mcapp.kube.inventory import Inventory, object_name
from mcapp.kube.objects import NODE_BOUND, Claim, StorageClass
from mcapp.messages import Text

CLAIM, BACKUPS = "postgres-pvc", "backup-pvc"
_MANUAL = "kubernetes.io/no-provisioner"


@dataclass(frozen=True, slots=True)
class Data:
    """A bound claim. `nodes` are the names of those that can mount its volume; None means all of them."""

    claim: Claim
    nodes: frozenset[str] | None


def existing(inventory: Inventory, namespace: str, prefix: str, name: str = CLAIM) -> Data | None:
    """Return the release's bound claim, None if there is none; PlacementError if no node can mount it."""
    name = object_name(prefix, name)
    for claim in inventory.claims:
        if (claim.owner.namespace, claim.name) == (namespace, name) and claim.volume:
            return Data(claim, _mountable(inventory, claim))
    return None


def member_claim(inventory: Inventory, namespace: str, prefix: str) -> str:
    """Return the name of a claim of a member in mode ha, "" if there is none."""
    stem = f"data-{object_name(prefix, 'db')}-"
    owned = (claim.name for claim in inventory.claims if claim.owner.namespace == namespace)
    return next(
        (name for name in sorted(owned) if name.startswith(stem) and name.removeprefix(stem).isdigit()), ""
    )


def has_leader(inventory: Inventory, namespace: str, prefix: str) -> bool:
    """Whether Patroni's state of the data is there: after a move to mode ha, the old claim is, too.

    After a move to mode standalone, it is the other way round, and the state is marked.
    """
    wanted = (namespace, object_name(prefix, "db-config"))
    found = (one for one in inventory.services if (one.owner.namespace, one.name) == wanted)
    return any(not service.left for service in found)


def _mountable(inventory: Inventory, claim: Claim) -> frozenset[str] | None:
    volume = next((volume for volume in inventory.volumes if volume.name == claim.volume), None)
    if volume is not None and volume.terms is None:
        return None
    if volume is not None:
        named = volume.named
        found = [node.name for node in inventory.nodes.values() if volume.mountable(node)]
    elif claim.home:
        # Without the right to read volumes, the claim still names the node where a node-bound one was made.
        named = [claim.home]
        found = [name for name in named if name in inventory.nodes]
    else:
        return None
    if not found:
        problem = words.DATA_GONE(volume=claim.volume, nodes=named)
        raise PlacementError(problem, words.DATA_GONE_REMEDY())
    return frozenset(found)


@dataclass(frozen=True, slots=True)
class Storage:
    """The StorageClass to set ("" leaves it to the cluster), the reason, and a warning if one is due."""

    name: str
    reason: Text
    warning: Text | None = None


def choose_class(inventory: Inventory, data: Data | None) -> Storage:
    """Choose the class of the claim: an existing claim's, the cluster's default, or the best fit."""
    defaults = sorted(found.name for found in inventory.classes if found.default)
    if data and data.claim.storage_class and [data.claim.storage_class] != defaults:
        name = data.claim.storage_class
        return Storage(name, words.STORAGE_KEPT(claim=data.claim.name, name=name))
    if "storageclasses" in inventory.unread:
        return Storage("", words.STORAGE_UNREAD())
    if len(defaults) > 1:
        unclear = words.STORAGE_SEVERAL(names=defaults)
        return Storage("", unclear, unclear)
    usable = [found for found in inventory.classes if found.default or found.provisioner != _MANUAL]
    if not usable:
        return Storage("", words.STORAGE_NONE(), words.STORAGE_NONE())
    chosen = min(usable, key=_rank)
    if chosen.default:
        return Storage("", words.STORAGE_DEFAULT(name=chosen.name), _early(chosen))
    return Storage(chosen.name, words.STORAGE_CHOSEN(name=chosen.name), _early(chosen))


def _rank(found: StorageClass) -> tuple[bool, bool, bool, str]:
    usual = found.name in ("local-path", "standard")
    return (not found.default, not usual, not found.late, found.name)


def _early(found: StorageClass) -> Text | None:
    """Return a warning about a class that makes a node's volume before the pod has a node."""
    if found.late or found.provisioner not in NODE_BOUND:
        return None
    return words.STORAGE_IMMEDIATE(name=found.name)
