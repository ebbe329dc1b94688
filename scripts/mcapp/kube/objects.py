"""The cluster's other objects, as far as they bear on placement: parsed once, typed from then on."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from mcapp.kube.nodes import Node, Room
from mcapp.kube.quantity import millis, whole

_DEFAULT_CLASS = (
    "storageclass.kubernetes.io/is-default-class",
    "storageclass.beta.kubernetes.io/is-default-class",
)
_SELECTED_NODE = "volume.kubernetes.io/selected-node"
_PROVISIONERS = ("volume.kubernetes.io/storage-provisioner", "volume.beta.kubernetes.io/storage-provisioner")
# Their volumes are folders on one node.
NODE_BOUND = frozenset({"rancher.io/local-path", "k8s.io/minikube-hostpath", "microk8s.io/hostpath"})


class Owner(NamedTuple):
    """The namespace an object is in, and the Helm release it belongs to, "" if to none."""

    namespace: str
    release: str


@dataclass(frozen=True, slots=True)
class StorageClass:
    """A class; `late` if it makes a volume only when the pod has a node."""

    name: str
    provisioner: str
    late: bool
    default: bool


@dataclass(frozen=True, slots=True)
class Service:
    """A Service and the ports it has on every node."""

    name: str
    owner: Owner
    ports: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Pod:
    """What a pod asks for, on the node it is bound to ("" if none, or if it is over)."""

    owner: Owner
    node: str
    asks: Room


class Requirement(NamedTuple):
    """One requirement of a node selector term; `key` is "" for the node's name."""

    key: str
    operator: str
    values: tuple[str, ...]

    def holds(self, node: Node) -> bool:
        """Whether the node meets it."""
        return _OPERATORS[self.operator](node.labels.get(self.key) if self.key else node.name, self.values)


@dataclass(frozen=True, slots=True)
class Volume:
    """A PersistentVolume and the terms of its node affinity; None lets every node mount it."""

    name: str
    terms: tuple[tuple[Requirement, ...], ...] | None

    def mountable(self, node: Node) -> bool:
        """Whether the node can mount it: all of one term's requirements hold; an empty term never does."""
        if self.terms is None:
            return True
        return any(term and all(requirement.holds(node) for requirement in term) for term in self.terms)

    @property
    def named(self) -> list[str]:
        """The values its terms ask for, which are nodes' names for a volume on a node's disk."""
        return [value for term in self.terms or () for requirement in term for value in requirement.values]


@dataclass(frozen=True, slots=True)
class Claim:
    """A PersistentVolumeClaim; `home` is the node its volume was made on, if the claim itself tells."""

    name: str
    owner: Owner
    volume: str
    storage_class: str
    size: str
    home: str


def _ordered(sign: int) -> Callable[[str | None, tuple[str, ...]], bool]:
    def holds(value: str | None, values: tuple[str, ...]) -> bool:
        try:
            return (int(value or "") - int(values[0])) * sign > 0
        except (ValueError, IndexError):
            return False

    return holds


_OPERATORS: dict[str, Callable[[str | None, tuple[str, ...]], bool]] = {
    "In": lambda value, values: value in values,
    "NotIn": lambda value, values: value not in values,
    "Exists": lambda value, _: value is not None,
    "DoesNotExist": lambda value, _: value is None,
    "Gt": _ordered(1),
    "Lt": _ordered(-1),
}


def storage_class(raw: Mapping[str, Any]) -> StorageClass:
    """Parse one; as all parsers here, raise one of MALFORMED if it is not what Kubernetes writes."""
    annotations = _annotations(raw)
    return StorageClass(
        _string(raw["metadata"]["name"]),
        _string(raw.get("provisioner")),
        raw.get("volumeBindingMode") == "WaitForFirstConsumer",
        any(annotations.get(key) == "true" for key in _DEFAULT_CLASS),
    )


def service(raw: Mapping[str, Any]) -> Service:
    """Parse one."""
    spec = raw.get("spec") or {}
    ports = [port.get("nodePort") for port in spec.get("ports") or ()]
    ports.append(spec.get("healthCheckNodePort"))
    return Service(_string(raw["metadata"]["name"]), _owner(raw), tuple(int(port) for port in ports if port))


def pod(raw: Mapping[str, Any]) -> Pod:
    """Parse one."""
    over = (raw.get("status") or {}).get("phase") in ("Succeeded", "Failed")
    spec = raw.get("spec") or {}
    return Pod(_owner(raw), "" if over else _string(spec.get("nodeName")), _asks(spec))


def volume(raw: Mapping[str, Any]) -> Volume:
    """Parse one."""
    required = ((raw.get("spec") or {}).get("nodeAffinity") or {}).get("required")
    terms = None
    if required is not None:
        terms = tuple(tuple(_requirements(term)) for term in required.get("nodeSelectorTerms") or ())
    return Volume(_string(raw["metadata"]["name"]), terms)


def claim(raw: Mapping[str, Any]) -> Claim:
    """Parse one."""
    spec = raw.get("spec") or {}
    size = _string(((spec.get("resources") or {}).get("requests") or {}).get("storage"))
    if "e" in size.lower():
        # An exponent is valid in Kubernetes, but not among the chart's values.
        size = str(whole(size))
    annotations = _annotations(raw)
    bound = any(annotations.get(key) in NODE_BOUND for key in _PROVISIONERS)
    return Claim(
        _string(raw["metadata"]["name"]),
        _owner(raw),
        _string(spec.get("volumeName")),
        _string(spec.get("storageClassName")),
        size,
        _string(annotations.get(_SELECTED_NODE)) if bound else "",
    )


MALFORMED = (AttributeError, KeyError, TypeError, ValueError)


def _string(value: Any) -> str:
    if value is not None and not isinstance(value, str):
        raise TypeError(value)
    text: str = value or ""
    text.encode()  # half a surrogate pair, which JSON can spell, is a ValueError here
    return text


def _annotations(raw: Mapping[str, Any]) -> Mapping[str, Any]:
    found: Mapping[str, Any] = raw["metadata"].get("annotations") or {}
    return found


def _owner(raw: Mapping[str, Any]) -> Owner:
    metadata = raw["metadata"]
    labels = metadata.get("labels") or {}
    return Owner(_string(metadata.get("namespace")), _string(labels.get("app.kubernetes.io/instance")))


def _requirements(term: Mapping[str, Any]) -> Iterator[Requirement]:
    for field, by_label in (("matchExpressions", True), ("matchFields", False)):
        for item in term.get(field) or ():
            if item["operator"] not in _OPERATORS:
                raise ValueError(item["operator"])
            values = tuple(_string(value) for value in item.get("values") or ())
            yield Requirement(_string(item["key"]) if by_label else "", item["operator"], values)


def _asks(spec: Mapping[str, Any]) -> Room:
    """Return a pod's effective request: containers and sidecars, or the largest moment of its start."""
    sidecars = peak = Room(0, 0, 0)
    for container in spec.get("initContainers") or ():
        now = _request(container).plus(sidecars)
        if container.get("restartPolicy") == "Always":
            sidecars = now
        peak = Room(max(peak.cpu, now.cpu), max(peak.memory, now.memory), 0)
    running = _total(map(_request, spec.get("containers") or ()), sidecars)
    own = _request(spec)
    wanted = Room(own.cpu or max(running.cpu, peak.cpu), own.memory or max(running.memory, peak.memory), 1)
    return wanted.plus(_amounts(spec.get("overhead") or {}))


def _total(rooms: Iterable[Room], start: Room) -> Room:
    for room in rooms:
        start = start.plus(room)
    return start


def _request(owner: Mapping[str, Any]) -> Room:
    return _amounts((owner.get("resources") or {}).get("requests") or {})


def _amounts(amounts: Mapping[str, Any]) -> Room:
    return Room(millis(amounts.get("cpu", 0)), whole(amounts.get("memory", 0)), 0)
