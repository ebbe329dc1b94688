"""The database's volume: where existing data are, and which StorageClass serves a new one."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from mcapp.cli import Exit
from mcapp.inventory import Inventory, Object, object_name
from mcapp.messages import Problem, Text, text
from mcapp.nodes import Node

CLAIM = "postgres-pvc"
_DEFAULT = (
    "storageclass.kubernetes.io/is-default-class",
    "storageclass.beta.kubernetes.io/is-default-class",
)
_SELECTED = "volume.kubernetes.io/selected-node"
_PROVISIONERS = ("volume.kubernetes.io/storage-provisioner", "volume.beta.kubernetes.io/storage-provisioner")
_MANUAL = "kubernetes.io/no-provisioner"
_NODE_BOUND = ("rancher.io/local-path", "k8s.io/minikube-hostpath", "microk8s.io/hostpath")


@dataclass(frozen=True, slots=True)
class Data:
    """A bound claim. `nodes` are the names of those that can mount it; None means all of them."""

    claim: str
    volume: str
    storage_class: str
    size: str
    nodes: frozenset[str] | None


def existing(inventory: Inventory, namespace: str, prefix: str) -> Data | None:
    """Return the release's bound volume, None if there is none; Problem if no node can mount it."""
    name = object_name(prefix, CLAIM)
    for claim in inventory.of("PersistentVolumeClaim"):
        metadata, spec = claim.get("metadata", {}), claim.get("spec", {})
        if (metadata.get("namespace"), metadata.get("name")) != (namespace, name):
            continue
        if not spec.get("volumeName"):
            return None
        size = (spec.get("resources") or {}).get("requests", {}).get("storage", "")
        volume = spec["volumeName"]
        mountable = _mountable(inventory, claim, volume)
        return Data(name, volume, spec.get("storageClassName") or "", str(size), mountable)
    return None


def _mountable(inventory: Inventory, claim: Object, volume: str) -> frozenset[str] | None:
    for candidate in inventory.of("PersistentVolume"):
        if candidate.get("metadata", {}).get("name") == volume:
            required = (candidate.get("spec", {}).get("nodeAffinity") or {}).get("required")
            if not required:
                return None
            terms = required.get("nodeSelectorTerms") or []
            found = frozenset(node.name for node in inventory.nodes.values() if _matches(node, terms))
            return found or _gone(volume, list(_named(terms)))
    # Without rights to read volumes, the claim itself still tells where a node-bound one was made.
    annotations = claim.get("metadata", {}).get("annotations") or {}
    home = annotations.get(_SELECTED)
    if not home or not any(annotations.get(key) in _NODE_BOUND for key in _PROVISIONERS):
        return None
    return frozenset([home]) if home in inventory.nodes else _gone(volume, [home])


def _gone(volume: str, homes: list[str]) -> frozenset[str]:
    raise Problem(text("data.gone", volume=volume, nodes=homes), text("data.gone.remedy"), Exit.NO_PLACEMENT)


def _named(terms: Iterable[Object]) -> Iterable[str]:
    for term in terms:
        for key in ("matchExpressions", "matchFields"):
            for requirement in term.get(key) or []:
                yield from requirement.get("values") or []


def _number(value: str | None) -> int | None:
    try:
        return int(value or "")
    except ValueError:
        return None


def _compare(sign: int) -> Callable[[str | None, list[str]], bool]:
    def matches(value: str | None, values: list[str]) -> bool:
        have, bound = _number(value), _number(values[0] if values else None)
        return have is not None and bound is not None and (have - bound) * sign > 0

    return matches


_OPERATORS: dict[str, Callable[[str | None, list[str]], bool]] = {
    "In": lambda value, values: value in values,
    "NotIn": lambda value, values: value not in values,
    "Exists": lambda value, _: value is not None,
    "DoesNotExist": lambda value, _: value is None,
    "Gt": _compare(1),
    "Lt": _compare(-1),
}


def _matches(node: Node, terms: Iterable[Object]) -> bool:
    """Whether one term holds in all its requirements; an empty term holds nowhere."""
    for term in terms:
        wanted = [(node.labels.get(item["key"]), item) for item in term.get("matchExpressions") or []]
        wanted += [(node.name, item) for item in term.get("matchFields") or []]
        if wanted and all(
            _OPERATORS[item["operator"]](have, item.get("values") or []) for have, item in wanted
        ):
            return True
    return False


@dataclass(frozen=True, slots=True)
class Storage:
    """The StorageClass to write ("" leaves it to the cluster), why, and what to beware of."""

    name: str
    reason: Text
    warning: Text | None = None


def choose_class(inventory: Inventory, data: Data | None) -> Storage:
    """Choose the class of the claim: an existing claim's, the cluster's default, or the likeliest."""
    classes = {item["metadata"]["name"]: item for item in inventory.of("StorageClass")}
    defaults = sorted(name for name, item in classes.items() if _is_default(item))
    if data and data.storage_class and data.storage_class not in defaults[:1]:
        return Storage(data.storage_class, text("storage.kept", claim=data.claim, name=data.storage_class))
    if "StorageClass" not in inventory.objects:
        return Storage("", text("storage.unread"))
    if len(defaults) > 1:
        return Storage("", text("storage.several", names=defaults), text("storage.several", names=defaults))
    if defaults:
        return Storage("", text("storage.default", name=defaults[0]), _immediate(classes[defaults[0]]))
    usable = [name for name, item in classes.items() if item.get("provisioner") != _MANUAL]
    if not usable:
        return Storage("", text("storage.none"), text("storage.none"))
    name = min(usable, key=lambda candidate: (_rank(candidate, classes[candidate]), candidate))
    return Storage(name, text("storage.chosen", name=name), _immediate(classes[name]))


def _is_default(item: Any) -> bool:
    annotations = item["metadata"].get("annotations") or {}
    return any(annotations.get(key) == "true" for key in _DEFAULT)


def _rank(name: str, item: Any) -> int:
    if name in ("local-path", "standard"):
        return 0
    return 1 if item.get("volumeBindingMode") == "WaitForFirstConsumer" else 2


def _immediate(item: Any) -> Text | None:
    """Warn of a class that makes a node's volume before the pod has a node."""
    late = item.get("volumeBindingMode") == "WaitForFirstConsumer"
    if late or item.get("provisioner") not in _NODE_BOUND:
        return None
    return text("storage.immediate", name=item["metadata"]["name"])
