"""What is known of a cluster: its nodes and, where they could be read, what else bears on placement."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

from mcapp.kube import nodes, objects
from mcapp.kube.nodes import Node, Room
from mcapp.kube.objects import Claim, Owner, Pod, Service, StorageClass, Volume
from mcapp.messages import Problem, text

# Kind -> the name kubectl lists it by. Node comes first: nothing works without it.
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
    """Nodes by name, and the rest; `unread` are the kinds (as kubectl lists them) nothing is known of."""

    nodes: dict[str, Node]
    classes: list[StorageClass] = field(default_factory=list)
    services: list[Service] = field(default_factory=list)
    pods: list[Pod] = field(default_factory=list)
    volumes: list[Volume] = field(default_factory=list)
    claims: list[Claim] = field(default_factory=list)
    unread: tuple[str, ...] = ()

    def used(self, besides: Owner) -> dict[str, Room]:
        """Return what pods ask for on each node, without those of a release, which are placed anew."""
        total: dict[str, Room] = {}
        for pod in self.pods:
            if pod.node and pod.owner != besides:
                total[pod.node] = total.get(pod.node, Room(0, 0, 0)).plus(pod.asks)
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
        raise Problem(text("input.unreadable", file=name, why=why), text("input.remedy")) from None
    if len(content) > MAX_BYTES:
        raise Problem(text("input.large", file=name, limit=MAX_BYTES >> 20), text("input.large.remedy"))
    if not content.strip():
        raise Problem(text("input.empty", file=name), text("input.remedy"))
    try:
        document = json.loads(content)
    except (ValueError, RecursionError):
        raise Problem(text("input.json", file=name), text("input.remedy")) from None
    return from_objects(_items(document, name), name, None)


def _items(document: Any, name: str) -> list[Any]:
    """Return the objects of a List; a single node counts as a list of one."""
    kind = document.get("kind") if isinstance(document, dict) else None
    if not isinstance(kind, str):
        raise Problem(text("input.kind", file=name), text("input.remedy"))
    if kind == "Node":
        return [document]
    items = document.get("items")
    if not kind.endswith("List") or not isinstance(items, list):
        raise Problem(text("input.other", file=name, kinds=kind), text("input.remedy"))
    # The items of a NodeList say no kind of their own.
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
            raise Problem(text("input.item", file=name, position=position), text("input.remedy"))
        kinds.add(kind)
        if kind == "Node":
            node = nodes.parse(item, f"items[{position}]")
            if node.name in found.nodes:
                raise Problem(text("input.twice", file=name, node=node.name), text("input.remedy"))
            found.nodes[node.name] = node
        elif kind in sort:
            try:
                sort[kind](item)
            except objects.MALFORMED:
                raise Problem(
                    text("input.object", file=name, position=position, kind=kind), text("input.remedy")
                ) from None
    if not found.nodes:
        problem = (
            text("input.other", file=name, kinds=sorted(kinds)) if kinds else text("input.none", file=name)
        )
        raise Problem(problem, text("input.remedy"))
    found.nodes = dict(sorted(found.nodes.items()))
    known = kinds if read is None else {"Node", *read}
    found.unread = tuple(plural for kind, plural in KINDS.items() if kind not in known)
    return found
