"""What is known of a cluster: its nodes and, where the rights allow it, what else placement depends on."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

from mcapp.errors import UserError
from mcapp.kube import nodes, objects, words
from mcapp.kube.nodes import Node, Resources
from mcapp.kube.objects import Claim, Owner, Pod, Service, StorageClass, Volume

# Kind -> the name that kubectl lists it by. Node comes first: the rest is of no use without nodes.
KINDS = {
    "Node": "nodes",
    "StorageClass": "storageclasses",
    "Service": "services",
    "Pod": "pods",
    "PersistentVolume": "persistentvolumes",
    "PersistentVolumeClaim": "persistentvolumeclaims",
}
MAX_BYTES = 64 * 1024 * 1024


@dataclass(slots=True)
class Inventory:
    """Nodes by name, and the rest. `unread` are the kinds, as kubectl lists them, that were not read."""

    nodes: dict[str, Node]
    classes: list[StorageClass] = field(default_factory=list)
    services: list[Service] = field(default_factory=list)
    pods: list[Pod] = field(default_factory=list)
    volumes: list[Volume] = field(default_factory=list)
    claims: list[Claim] = field(default_factory=list)
    unread: tuple[str, ...] = ()

    def used(self, besides: Owner) -> dict[str, Resources]:
        """Return what pods request on each node, without those of a release, which is to be placed again."""
        total: dict[str, Resources] = {}
        for pod in self.pods:
            if pod.node and pod.owner != besides:
                total[pod.node] = total.get(pod.node, Resources(0, 0, 0)).plus(pod.requests)
        return total


def object_name(prefix: str, name: str) -> str:
    """Return an object's name as the chart makes it under values' namePrefix."""
    return f"{prefix.removesuffix('-')}-{name}" if prefix else name


def from_file(source: BinaryIO | Path) -> Inventory:
    """Read what `kubectl get nodes[,...] -o json` printed, from a file or a stream, up to 64 MiB."""
    name = str(source) if isinstance(source, Path) else "-"
    try:
        if isinstance(source, Path):
            with source.open("rb") as stream:
                content = stream.read(MAX_BYTES + 1)
        else:
            content = source.read(MAX_BYTES + 1)
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or str(error)
        raise UserError(words.INPUT_UNREADABLE(file=name, why=why), words.INPUT_REMEDY()) from None
    if len(content) > MAX_BYTES:
        raise UserError(words.INPUT_LARGE(file=name, limit=MAX_BYTES >> 20), words.INPUT_LARGE_REMEDY())
    if not content.strip():
        raise UserError(words.INPUT_EMPTY(file=name), words.INPUT_REMEDY())
    try:
        document = json.loads(content)
    except (ValueError, RecursionError):
        raise UserError(words.INPUT_JSON(file=name), words.INPUT_REMEDY()) from None
    return from_objects(_items(document, name), name, None)


def _items(document: Any, name: str) -> list[Any]:
    """Return the objects of a List; a single node counts as a list of one."""
    kind = document.get("kind") if isinstance(document, dict) else None
    if not isinstance(kind, str):
        raise UserError(words.INPUT_KIND(file=name), words.INPUT_REMEDY())
    if kind == "Node":
        return [document]
    items = document.get("items")
    if not kind.endswith("List") or not isinstance(items, list):
        raise UserError(words.INPUT_OTHER(file=name, kinds=kind), words.INPUT_REMEDY())
    # The items of a NodeList have no kind of their own.
    own = kind.removesuffix("List")
    for item in items:
        if isinstance(item, dict) and own:
            item.setdefault("kind", own)
    return items


def from_objects(items: Iterable[Any], name: str, read: Iterable[str] | None) -> Inventory:
    """Sort objects by kind. `read` are the kinds that were read; None means those that occur."""
    found = Inventory({})
    sort: dict[str, Callable[[Mapping[str, Any]], None]] = {
        "StorageClass": lambda item: found.classes.append(objects.storage_class(item)),
        "Service": lambda item: found.services.append(objects.service(item)),
        "Pod": lambda item: found.pods.append(objects.pod(item)),
        "PersistentVolume": lambda item: found.volumes.append(objects.volume(item)),
        "PersistentVolumeClaim": lambda item: found.claims.append(objects.claim(item)),
    }
    kinds: set[str] = set()
    for position, item in enumerate(items):
        kind = item.get("kind") if isinstance(item, dict) else None
        if not isinstance(kind, str):
            raise UserError(words.INPUT_ITEM(file=name, position=position), words.INPUT_REMEDY())
        kinds.add(kind)
        if kind == "Node":
            node = nodes.parse(item, f"items[{position}]")
            if node.name in found.nodes:
                raise UserError(words.INPUT_TWICE(file=name, node=node.name), words.INPUT_REMEDY())
            found.nodes[node.name] = node
        elif kind in sort:
            try:
                sort[kind](item)
            except objects.MALFORMED:
                raise UserError(
                    words.INPUT_OBJECT(file=name, position=position, kind=kind), words.INPUT_REMEDY()
                ) from None
    if not found.nodes:
        problem = words.INPUT_OTHER(file=name, kinds=sorted(kinds)) if kinds else words.INPUT_NONE(file=name)
        raise UserError(problem, words.INPUT_REMEDY())
    found.nodes = dict(sorted(found.nodes.items()))
    known = kinds if read is None else {"Node", *read}
    found.unread = tuple(plural for kind, plural in KINDS.items() if kind not in known)
    return found
