"""What is known of a cluster: its nodes and, where they could be read, what else bears on placement."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

from mcapp import nodes
from mcapp.messages import Problem, text
from mcapp.nodes import Node, Room
from mcapp.quantity import millis, whole

Object = Mapping[str, Any]

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


@dataclass(frozen=True, slots=True)
class Inventory:
    """Nodes by name, the other objects by kind; `unread` are the kinds nothing is known of."""

    nodes: dict[str, Node]
    objects: Mapping[str, list[Object]] = field(default_factory=dict)
    unread: tuple[str, ...] = ()

    def of(self, kind: str) -> list[Object]:
        """Return the objects of a kind, none if it was not read."""
        return self.objects.get(kind, [])

    def used(self, namespace: str, release: str) -> dict[str, Room]:
        """Return what pods ask for on each node, without the release's own, which are placed anew."""
        total: dict[str, Room] = {}
        for pod in self.of("Pod"):
            node = pod.get("spec", {}).get("nodeName")
            if node and not _over(pod) and not owned(pod, namespace, release):
                total[node] = total.get(node, Room(0, 0, 0)).plus(_asks(pod))
        return total


def owned(item: Object, namespace: str, release: str) -> bool:
    """Whether an object belongs to the Helm release."""
    metadata = item.get("metadata", {})
    label = (metadata.get("labels") or {}).get("app.kubernetes.io/instance")
    return metadata.get("namespace") == namespace and label == release


def object_name(prefix: str, name: str) -> str:
    """Return an object's name as the chart makes it under values' namePrefix."""
    return f"{prefix.removesuffix('-')}-{name}" if prefix else name


def _over(pod: Object) -> bool:
    return pod.get("status", {}).get("phase") in ("Succeeded", "Failed")


def _asks(pod: Object) -> Room:
    """Return a pod's effective request: containers and sidecars, or the largest moment of its start."""
    spec = pod.get("spec", {})
    running = _total(spec.get("containers"))
    sidecars = peak = Room(0, 0, 0)
    for container in spec.get("initContainers") or []:
        now = _request(container).plus(sidecars)
        if container.get("restartPolicy") == "Always":
            sidecars = now
        peak = Room(max(peak.cpu, now.cpu), max(peak.memory, now.memory), 0)
    running = running.plus(sidecars)
    whole_pod = _request(spec)
    cpu, memory, _ = running
    wanted = Room(whole_pod.cpu or max(cpu, peak.cpu), whole_pod.memory or max(memory, peak.memory), 1)
    return wanted.plus(_amounts(spec.get("overhead") or {}))


def _total(containers: Any) -> Room:
    total = Room(0, 0, 0)
    for container in containers or []:
        total = total.plus(_request(container))
    return total


def _request(container: Object) -> Room:
    return _amounts((container.get("resources") or {}).get("requests") or {})


def _amounts(amounts: Object) -> Room:
    return Room(millis(amounts.get("cpu", 0)), whole(amounts.get("memory", 0)), 0)


def from_file(source: BinaryIO | Path) -> Inventory:
    """Read what `kubectl get nodes[,...] -o json` printed, from a file or a stream, up to 64 MiB."""
    name = str(source) if isinstance(source, Path) else "-"
    try:
        if isinstance(source, Path):
            with source.open("rb") as stream:
                content = stream.read(MAX_BYTES + 1)
        else:
            content = source.read(MAX_BYTES + 1)
    except OSError as error:
        raise Problem(
            text("input.unreadable", file=name, why=error.strerror or str(error)), text("input.remedy")
        ) from None
    if len(content) > MAX_BYTES:
        raise Problem(text("input.large", file=name, limit=MAX_BYTES >> 20), text("input.large.remedy"))
    if not content.strip():
        raise Problem(text("input.empty", file=name), text("input.remedy"))
    try:
        document = json.loads(content)
    except (ValueError, RecursionError):
        raise Problem(text("input.json", file=name), text("input.remedy")) from None
    return from_objects(_items(document, name), name, None)


def _items(document: Any, name: str) -> list[Object]:
    """Return the objects of a List; NodeList items say no kind of their own."""
    if not isinstance(document, dict) or not isinstance(document.get("kind"), str):
        raise Problem(text("input.kind", file=name), text("input.remedy"))
    kind: str = document["kind"]
    if kind == "Node":
        return [document]
    items = document.get("items")
    if not kind.endswith("List") or not isinstance(items, list):
        raise Problem(text("input.other", file=name, kinds=kind), text("input.remedy"))
    own = kind.removesuffix("List")
    for position, item in enumerate(items):
        if not isinstance(item, dict) or not isinstance(item.setdefault("kind", own), str):
            raise Problem(text("input.item", file=name, position=position), text("input.remedy"))
    return items


def from_objects(items: Iterable[Object], name: str, read: Iterable[str] | None) -> Inventory:
    """Sort objects by kind. `read` are the kinds that were read; None means those that occur."""
    objects: dict[str, list[Object]] = {kind: [] for kind in read or ()}
    others: Counter[str] = Counter()
    found: dict[str, Node] = {}
    for position, item in enumerate(items):
        kind = item.get("kind", "")
        if kind == "Node":
            node = nodes.parse(item, f"items[{position}]")
            if node.name in found:
                raise Problem(text("input.twice", file=name, node=node.name), text("input.remedy"))
            found[node.name] = node
        elif kind in KINDS:
            objects.setdefault(kind, []).append(item)
        else:
            others[kind] += 1
    if not found:
        kinds = sorted({*objects, *others} - {""})
        problem = text("input.other", file=name, kinds=kinds) if kinds else text("input.none", file=name)
        raise Problem(problem, text("input.remedy"))
    unread = tuple(KINDS[kind] for kind in KINDS if kind != "Node" and kind not in objects)
    return Inventory(dict(sorted(found.items())), objects, unread)
