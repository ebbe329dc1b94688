"""The release and what it needs, as read from the cluster at one moment."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any

from mcapp.doctor.finding import Evidence
from mcapp.doctor.read import compare, events
from mcapp.doctor.read.manifest import Manifest
from mcapp.kube.nodes import Node, parse
from mcapp.kube.pods import leaving, ready
from mcapp.kube.release import Look

Object = dict[str, Any]

TIERS = ("web", "api", "db")
KIND = {"web": "Deployment", "api": "Deployment", "db": "StatefulSet"}
PORT = {"web": 80, "api": 8000, "db": 5432}
# Where the containers listen.
LISTEN = {"web": 8080, "api": 8000, "db": 5432}
# A Deployment's pod: what its name begins with has this length at most, the rest is random.
_STEM, _RANDOM = 58, 5
_HELM = "meta.helm.sh/release-name"
# The chart's annotation on api's Deployment: the address of a database outside of the release.
EXTERNAL = "mcapp/external-database"
_LABEL = "app.kubernetes.io/"
_RESOURCE = {"NetworkPolicy": "networkpolicies"}
_FRESH = timedelta(seconds=45)


def name(item: Object) -> str:
    """Return the object's name."""
    found: str = item["metadata"]["name"]
    return found


def label(item: Object, key: str) -> str:
    """Return the value of a label, "" if there is none."""
    found: str = (item["metadata"].get("labels") or {}).get(key, "")
    return found


def instant(text: str | None) -> datetime | None:
    """Parse a time as Kubernetes writes it."""
    return datetime.fromisoformat(text) if text else None


def spec(item: Object) -> Object:
    """Return what an object asks for, {} where it has no spec."""
    found: Object = item.get("spec") or {}
    return found


def status(item: Object) -> Object:
    """Return an object's status, {} where it has none."""
    found: Object = item.get("status") or {}
    return found


def template(workload: Object | None) -> Object:
    """Return the spec of a workload's pods, {} where there is none."""
    return spec(spec(workload or {}).get("template") or {})


def replicas(workload: Object) -> int:
    """Return how many pods a workload asks for."""
    found: int = spec(workload).get("replicas", 1)
    return found


def node_of(pod: Object) -> str:
    """Return the node that a pod is bound to, "" if none."""
    found: str = spec(pod).get("nodeName", "")
    return found


def addresses(pod: Object) -> set[str]:
    """Return the pod's addresses, of every family."""
    listed = [one.get("ip") for one in status(pod).get("podIPs") or ()]
    return {one for one in (*listed, status(pod).get("podIP")) if one}


def selects(selector: Mapping[str, str], item: Object) -> bool:
    """Whether a plain selector matches an object; an empty one matches nothing here."""
    labels = item["metadata"].get("labels") or {}
    return bool(selector) and all(labels.get(key) == value for key, value in selector.items())


@dataclass
class Snapshot:
    """Objects of one moment. `unread` are kinds that the rights forbid, as kubectl lists them.

    `helm` is Helm's record of the release, None where it may not be read. `stale`: db's pod has an older
    password of the superuser in its environment. `answers`: psql in that pod got an answer.
    """

    namespace: str
    release: str
    now: datetime
    items: list[Object]
    unread: set[str] = field(default_factory=set)
    manifest: Manifest = field(default_factory=Manifest)
    helm: Look | None = None
    stale: bool = False
    answers: bool = False

    def of(self, kind: str) -> list[Object]:
        """Return all objects of a kind."""
        return [item for item in self.items if item.get("kind") == kind]

    def own(self, kind: str, tier: str = "") -> list[Object]:
        """Return the release's objects of a kind, of one tier or of all three."""
        tiers = (tier,) if tier else TIERS
        return [
            item
            for item in self.of(kind)
            if self.is_ours(item) and label(item, f"{_LABEL}component") in tiers
        ]

    def is_ours(self, item: Object) -> bool:
        """Whether an object has the labels of the release."""
        return label(item, f"{_LABEL}part-of") == "mcapp" and label(item, f"{_LABEL}instance") == self.release

    def releases(self) -> list[str]:
        """Return the names of all releases of mcapp in the namespace."""
        found = (item for kind in ("Deployment", "StatefulSet") for item in self.of(kind))
        return sorted(
            {label(item, f"{_LABEL}instance") for item in found if label(item, f"{_LABEL}part-of") == "mcapp"}
        )

    @property
    def external(self) -> str:
        """The address (host:port) of a database outside of the release, "" where the release has its own."""
        api = self.workload("api")
        found: str = (api["metadata"].get("annotations") or {}).get(EXTERNAL, "") if api else ""
        return found

    @property
    def is_ha(self) -> bool:
        """Whether the database runs in mode ha: one leader, and replicas."""
        workload = self.workload("db")
        return workload is not None and label(workload, "mcapp/mode") == "ha"

    @property
    def tiers(self) -> tuple[str, ...]:
        """The tiers that the release itself runs."""
        return tuple(tier for tier in TIERS if tier != "db" or not self.external)

    def workload(self, tier: str) -> Object | None:
        """Return the Deployment or StatefulSet of a tier."""
        return next(iter(self.makers(tier)), None)

    def service(self, tier: str) -> Object | None:
        """Return the Service of a tier, which has the shortest name: several servers of db have more."""
        return min(self.own("Service", tier), key=lambda item: len(name(item)), default=None)

    def object_name(self, tier: str) -> str:
        """Return the name of a tier's objects, its prefix included."""
        workload = self.workload(tier)
        return name(workload) if workload else tier

    def pods(self, tier: str) -> list[Object]:
        """Return a tier's pods that run or start; not those that are finished or being deleted."""
        return [pod for pod in self._all_pods(tier) if not leaving(pod)]

    def _all_pods(self, tier: str) -> Iterator[Object]:
        for pod in self.own("Pod", tier):
            if status(pod).get("phase") not in ("Succeeded", "Failed") and not self.foreign(pod, tier):
                yield pod

    def foreign(self, pod: Object, tier: str) -> bool:
        """Whether a pod with the tier's labels is of none of the release's workloads, by its name."""
        makers = self.makers(tier)
        return bool(makers) and not any(_made_by(maker, pod) for maker in makers)

    def makers(self, tier: str) -> list[Object]:
        """Return the workloads whose pods are the tier's."""
        found = self.own(KIND[tier], tier)
        # Somebody else's workload may carry the same labels; Helm's has its mark.
        ours = [item for item in found if (item["metadata"].get("annotations") or {}).get(_HELM)]
        return ours or found

    def ready_pods(self, tier: str) -> list[Object]:
        """Return a tier's pods that are Ready."""
        return [pod for pod in self.pods(tier) if ready(pod)]

    def slices(self, service: Object) -> list[Object]:
        """Return the EndpointSlices of a Service."""
        every = self.of("EndpointSlice")
        return [item for item in every if label(item, "kubernetes.io/service-name") == name(service)]

    def endpoints(self, service: Object) -> list[Object]:
        """Return the ready endpoints of a Service."""
        return [entry for item in self.slices(service) if item.get("ports") for entry in serving(item)]

    def events(self, item: Object) -> list[Object]:
        """Return the events about an object, the newest last."""
        about = (item["kind"], name(item))
        found = [
            event
            for event in self.of("Event")
            if (events.about(event).get("kind"), events.about(event).get("name")) == about
            # A deleted object of the same name leaves its events behind.
            and events.about(event).get("uid") in (None, item["metadata"].get("uid"))
        ]
        return sorted(found, key=events.moment)

    def told(self, item: Object, *reasons: str) -> list[Evidence]:
        """Return the newest event with one of these reasons as evidence, [] if there is none."""
        found = [event for event in self.events(item) if event.get("reason") in reasons]
        return [Evidence(f"event {item['kind'].lower()}/{name(item)}", events.spoken(e)) for e in found[-1:]]

    @cached_property
    def nodes(self) -> dict[str, Node]:
        """The nodes by name, without virtual ones of others; {} where they may not be read."""
        ours = {node_of(pod) for pod in self.own("Pod")}
        every = (parse(item, name(item)) for item in self.of("Node"))
        return {node.name: node for node in every if not node.virtual or node.name in ours}

    def claims(self, pod: Object) -> list[str]:
        """Return the names of the claims that a pod mounts."""
        volumes = [one.get("persistentVolumeClaim") or {} for one in spec(pod).get("volumes") or ()]
        return [one["claimName"] for one in volumes if "claimName" in one]

    @cached_property
    def changes(self) -> list[compare.Change]:
        """What was changed by hand since Helm installed it."""

        def readable(kind: str) -> bool:
            return _RESOURCE.get(kind, f"{kind.lower()}s") not in self.unread

        def tier(item: Object) -> str:
            return label(item, f"{_LABEL}component")

        return compare.changes(self.manifest.objects, self.find, readable, tier)

    def find(self, kind: str, wanted: str) -> Object | None:
        """Return an object by kind and name."""
        return next((item for item in self.of(kind) if name(item) == wanted), None)

    def age(self, item: Object) -> timedelta:
        """Return how long ago an object was made."""
        return self.now - (instant(item["metadata"].get("creationTimestamp")) or self.now)

    @property
    def changing(self) -> bool:
        """Whether a rollout is under way, or a pod is being deleted or is new."""
        for tier in TIERS:
            workload = self.workload(tier)
            if workload and _rolling(workload):
                return True
            if any(leaving(pod) or self.age(pod) < _FRESH for pod in self._all_pods(tier)):
                return True
        return False


def _rolling(workload: Object) -> bool:
    now, wanted = status(workload), replicas(workload)
    return bool(
        now.get("observedGeneration", 0) < workload["metadata"].get("generation", 0)
        or now.get("updatedReplicas", 0) < wanted
        or now.get("replicas", 0) > wanted
    )


def serving(endpoints: Object) -> list[Object]:
    """Return the entries of an EndpointSlice that get connections."""
    listed = endpoints.get("endpoints") or ()
    return [entry for entry in listed if (entry.get("conditions") or {}).get("ready") is not False]


def _made_by(workload: Object, pod: Object) -> bool:
    """Whether a pod has the name that the workload's controller gives."""
    if workload["kind"] == "StatefulSet":
        stem, _, number = name(pod).rpartition("-")
        return stem == name(workload) and number.isdigit()
    stem = f"{name(workload)}-{label(pod, 'pod-template-hash')}-"[:_STEM]
    return name(pod)[:-_RANDOM] == stem
