"""A node of the cluster, as the scheduler and a user's browser see it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from mcapp.errors import UserError
from mcapp.kube import words
from mcapp.kube.quantity import millis, whole

HOSTNAME = "kubernetes.io/hostname"
ARCH = "kubernetes.io/arch"
OS = "kubernetes.io/os"
_SERVER_LABELS = tuple(f"node-role.kubernetes.io/{role}" for role in ("control-plane", "etcd", "master"))
# Labels and taints of nodes that are no machines, and with which values; none stands for any.
_VIRTUAL: dict[str, tuple[str, ...]] = {
    "type": ("virtual-kubelet", "kwok"),
    "virtual-kubelet.io/provider": (),
    "kwok.x-k8s.io/node": (),
    "eks.amazonaws.com/compute-type": ("fargate",),
    "liqo.io/type": ("virtual-node",),
    "virtual-node.liqo.io/not-allowed": (),
    "virtual-node.interlink/no-schedule": (),
}
_PRESSURES = ("DiskPressure", "MemoryPressure", "PIDPressure")
_EFFECTS = ("NoSchedule", "PreferNoSchedule", "NoExecute")


def _virtual(key: str, value: str) -> bool:
    return key in _VIRTUAL and (not _VIRTUAL[key] or value in _VIRTUAL[key])


class Taint(NamedTuple):
    """One taint. The effect PreferNoSchedule keeps no pod away."""

    key: str
    value: str
    effect: str

    @property
    def virtual(self) -> bool:
        """Whether it marks a virtual node."""
        return _virtual(self.key, self.value)

    def __str__(self) -> str:
        return f"{self.key}={self.value}:{self.effect}" if self.value else f"{self.key}:{self.effect}"


class Resources(NamedTuple):
    """CPU in millicores, memory in bytes, number of pods."""

    cpu: int
    memory: int
    pods: int

    def less(self, other: Resources) -> Resources:
        """Return what is left when `other` is taken away."""
        return Resources(self.cpu - other.cpu, self.memory - other.memory, self.pods - other.pods)

    def plus(self, other: Resources) -> Resources:
        """Return the sum."""
        return Resources(self.cpu + other.cpu, self.memory + other.memory, self.pods + other.pods)

    def holds(self, other: Resources) -> bool:
        """Whether `other` fits in. As in the scheduler, a resource that is not requested is not compared."""
        return all(want <= 0 or want <= have for have, want in zip(self, other, strict=True))


@dataclass(frozen=True, slots=True)
class Node:
    """One node. `addresses` are (type, address) in the kubelet's order; None as `allocatable`: unknown.

    `pod_networks` are those of its pods, as CIDRs: one of each IP family that the cluster serves.
    """

    name: str
    labels: Mapping[str, str]
    annotations: Mapping[str, str]
    taints: tuple[Taint, ...]
    addresses: tuple[tuple[str, str], ...]
    ready: bool
    cordoned: bool
    pressures: tuple[str, ...]
    arch: str
    os: str
    allocatable: Resources | None
    pod_networks: tuple[str, ...] = ()

    @property
    def virtual(self) -> bool:
        """Whether it is no machine: nothing of a Service listens at its address."""
        return any(taint.virtual for taint in self.taints) or any(
            _virtual(key, self.labels[key]) for key in _VIRTUAL if key in self.labels
        )

    @property
    def server(self) -> bool:
        """Whether it is one of the cluster's own: control plane or etcd."""
        return any(label in self.labels for label in _SERVER_LABELS)

    def carries(self, labels: Mapping[str, str]) -> bool:
        """Whether it has all these labels with these values."""
        own = self.labels
        return all(own.get(key) == value for key, value in labels.items())


class _Reader:
    """Reads typed fields of one object. UserError names the node and the field that is wrong."""

    def __init__(self, where: str) -> None:
        self.where = where

    def mapping(self, owner: Mapping[str, Any], key: str) -> Mapping[str, Any]:
        found = owner.get(key)
        if found is None:
            return {}
        if not isinstance(found, dict):
            raise self.wrong(key)
        return found

    def strings(self, owner: Mapping[str, Any], key: str) -> Mapping[str, str]:
        found = self.mapping(owner, key)
        for value in found.values():
            if not isinstance(value, str):
                raise self.wrong(key)
        return found

    def objects(self, owner: Mapping[str, Any], key: str) -> list[dict[str, Any]]:
        found = owner.get(key)
        if found is None:
            return []
        if not isinstance(found, list) or not all(isinstance(item, dict) for item in found):
            raise self.wrong(key)
        return found

    def string(self, owner: Mapping[str, Any], key: str) -> str:
        found = owner.get(key)
        if found is None:
            return ""
        if not isinstance(found, str) or not _encodable(found):
            raise self.wrong(key)
        return found

    def wrong(self, key: str) -> UserError:
        return UserError(words.INPUT_FIELD(where=self.where, field=key), words.INPUT_REMEDY())


def _encodable(value: str) -> bool:
    """Whether UTF-8 can encode it: JSON can hold half a surrogate pair, a file cannot."""
    return value.isascii() or not any("\ud800" <= char <= "\udfff" for char in value)


def parse(raw: Mapping[str, Any], where: str) -> Node:
    """Make a Node of one object of kind Node. Wrong input raises UserError, in which `where` names it."""
    read = _Reader(where)
    metadata, spec, status = (read.mapping(raw, key) for key in ("metadata", "spec", "status"))
    name = read.string(metadata, "name")
    if not name:
        raise read.wrong("metadata.name")
    read.where = name
    labels = read.strings(metadata, "labels")
    info = read.mapping(status, "nodeInfo")
    conditions = {
        read.string(item, "type"): read.string(item, "status") for item in read.objects(status, "conditions")
    }
    return Node(
        name=name,
        labels=labels,
        annotations=read.strings(metadata, "annotations"),
        taints=tuple(_taint(read, item) for item in read.objects(spec, "taints")),
        addresses=tuple(
            (read.string(item, "type"), read.string(item, "address"))
            for item in read.objects(status, "addresses")
        ),
        ready=conditions.get("Ready") == "True",
        cordoned=spec.get("unschedulable") is True,
        pressures=tuple(kind for kind in _PRESSURES if conditions.get(kind) == "True"),
        arch=labels.get(ARCH) or read.string(info, "architecture"),
        os=labels.get(OS) or read.string(info, "operatingSystem") or "linux",
        allocatable=_allocatable(read, status),
        pod_networks=_pod_networks(read, spec),
    )


def _taint(read: _Reader, raw: Mapping[str, Any]) -> Taint:
    taint = Taint(read.string(raw, "key"), read.string(raw, "value"), read.string(raw, "effect"))
    if not taint.key or taint.effect not in _EFFECTS:
        raise read.wrong("spec.taints")
    return taint


def _pod_networks(read: _Reader, spec: Mapping[str, Any]) -> tuple[str, ...]:
    listed = spec.get("podCIDRs")
    if listed is None:
        listed = [read.string(spec, "podCIDR")]
    if not isinstance(listed, list) or not all(isinstance(network, str) for network in listed):
        raise read.wrong("spec.podCIDRs")
    return tuple(filter(None, listed))


def _allocatable(read: _Reader, status: Mapping[str, Any]) -> Resources | None:
    amounts = read.mapping(status, "allocatable")
    if "cpu" not in amounts or "memory" not in amounts:
        return None
    try:
        return Resources(millis(amounts["cpu"]), whole(amounts["memory"]), whole(amounts.get("pods", 110)))
    except ValueError:
        raise read.wrong("status.allocatable") from None
