"""The cluster's other objects, as far as placement depends on them: parsed once, then typed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from mcapp.kube.affinity import Terms, admits, parse
from mcapp.kube.nodes import Node, Resources
from mcapp.kube.quantity import millis, whole

_DEFAULT_CLASS = (
    "storageclass.kubernetes.io/is-default-class",
    "storageclass.beta.kubernetes.io/is-default-class",
)
_SELECTED_NODE = "volume.kubernetes.io/selected-node"
_PROVISIONERS = ("volume.kubernetes.io/storage-provisioner", "volume.beta.kubernetes.io/storage-provisioner")
# On the Service with Patroni's state: the data were moved away, and it belongs to the claims that are kept.
DATA_LEFT = "mcapp/data-left"
# Their volumes are folders on one node.
NODE_BOUND = frozenset({"rancher.io/local-path", "k8s.io/minikube-hostpath", "microk8s.io/hostpath"})


class Owner(NamedTuple):
    """The namespace of an object, and the Helm release that it belongs to, "" if to none."""

    namespace: str
    release: str


@dataclass(frozen=True, slots=True)
class StorageClass:
    """A class. `late`: it makes a volume only when the pod has a node."""

    name: str
    provisioner: str
    late: bool
    default: bool


@dataclass(frozen=True, slots=True)
class Service:
    """A Service and the ports it has on every node. `left`: it holds Patroni's state of data moved away."""

    name: str
    owner: Owner
    ports: tuple[int, ...]
    left: bool = False


@dataclass(frozen=True, slots=True)
class Pod:
    """What a pod requests, on the node it is bound to ("" if none, or if the pod has ended)."""

    owner: Owner
    node: str
    requests: Resources


@dataclass(frozen=True, slots=True)
class Volume:
    """A PersistentVolume and the terms of its node affinity; with None, every node can mount it."""

    name: str
    terms: Terms | None

    def mountable(self, node: Node) -> bool:
        """Whether the node can mount it."""
        return admits(self.terms, node)

    @property
    def named(self) -> list[str]:
        """The values in its terms: for a volume on a node's disk, the names of nodes."""
        return [value for term in self.terms or () for requirement in term for value in requirement.values]


@dataclass(frozen=True, slots=True)
class Claim:
    """A PersistentVolumeClaim. `home` is the node where its volume was made, "" if the claim does not say."""

    name: str
    owner: Owner
    volume: str
    storage_class: str
    size: str
    home: str


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
    left = DATA_LEFT in (raw["metadata"].get("labels") or {})
    wanted = tuple(int(port) for port in ports if port)
    return Service(_string(raw["metadata"]["name"]), _owner(raw), wanted, left)


def pod(raw: Mapping[str, Any]) -> Pod:
    """Parse one."""
    over = (raw.get("status") or {}).get("phase") in ("Succeeded", "Failed")
    spec = raw.get("spec") or {}
    return Pod(_owner(raw), "" if over else _string(spec.get("nodeName")), _requests(spec))


def volume(raw: Mapping[str, Any]) -> Volume:
    """Parse one."""
    required = ((raw.get("spec") or {}).get("nodeAffinity") or {}).get("required")
    return Volume(_string(raw["metadata"]["name"]), None if required is None else parse(required))


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
    text.encode()  # JSON can hold half a surrogate pair, which is a ValueError here
    return text


def _annotations(raw: Mapping[str, Any]) -> Mapping[str, Any]:
    found: Mapping[str, Any] = raw["metadata"].get("annotations") or {}
    return found


def _owner(raw: Mapping[str, Any]) -> Owner:
    metadata = raw["metadata"]
    labels = metadata.get("labels") or {}
    return Owner(_string(metadata.get("namespace")), _string(labels.get("app.kubernetes.io/instance")))


def _requests(spec: Mapping[str, Any]) -> Resources:
    """Return a pod's effective request: containers and sidecars, or the largest moment of its start."""
    sidecars = peak = Resources(0, 0, 0)
    for container in spec.get("initContainers") or ():
        now = _request(container).plus(sidecars)
        if container.get("restartPolicy") == "Always":
            sidecars = now
        peak = Resources(max(peak.cpu, now.cpu), max(peak.memory, now.memory), 0)
    running = _total(map(_request, spec.get("containers") or ()), sidecars)
    own = _request(spec)
    wanted = Resources(
        own.cpu or max(running.cpu, peak.cpu), own.memory or max(running.memory, peak.memory), 1
    )
    return wanted.plus(_amounts(spec.get("overhead") or {}))


def _total(requests: Iterable[Resources], start: Resources) -> Resources:
    for request in requests:
        start = start.plus(request)
    return start


def _request(owner: Mapping[str, Any]) -> Resources:
    return _amounts((owner.get("resources") or {}).get("requests") or {})


def _amounts(amounts: Mapping[str, Any]) -> Resources:
    return Resources(millis(amounts.get("cpu", 0)), whole(amounts.get("memory", 0)), 0)
