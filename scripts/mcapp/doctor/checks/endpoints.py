"""Where each Service really sends connections, address by address, and whom its traffic policy shuts out."""

from __future__ import annotations

from collections.abc import Iterator

from mcapp.doctor.finding import Evidence, Finding, Step
from mcapp.doctor.read.snapshot import (
    TIERS,
    Object,
    Snapshot,
    addresses,
    label,
    name,
    node_of,
    serving,
    spec,
)

_MANAGER = "endpointslice.kubernetes.io/managed-by"
_CONTROLLER = "endpointslice-controller.k8s.io"
# Copies the Endpoints that Patroni writes.
_MIRROR = "endpointslicemirroring-controller.k8s.io"
# Who connects to a tier's Service from inside the cluster.
_CALLERS = {"api": "web", "db": "api"}


def check(snapshot: Snapshot, service: Object, tier: str) -> Iterator[Finding]:
    """Yield an address that is no pod of the release, and a policy that leaves somebody without any."""
    yield from _foreign(snapshot, service, tier)
    yield from _policies(snapshot, service, tier)


def _foreign(snapshot: Snapshot, service: Object, tier: str) -> Iterator[Finding]:
    pods = [pod for pod in snapshot.own("Pod", tier) if not snapshot.foreign(pod, tier)]
    known = {address for pod in pods for address in addresses(pod)}
    names = {name(pod) for pod in pods}
    for item in snapshot.slices(service):
        made = label(item, _MANAGER) in (_CONTROLLER, _MIRROR)
        for entry in serving(item):
            pod = (entry.get("targetRef") or {}).get("name", "")
            strange = [one for one in entry.get("addresses") or () if one not in known]
            if strange and made and (pod in names or _named(snapshot, pod, tier)):
                # The controller knows another moment of the pod than this snapshot.
                continue
            if strange:
                yield _finding(snapshot, service, tier, item, (strange[0], pod))
                return


def _named(snapshot: Snapshot, pod: str, tier: str) -> bool:
    """Whether a pod has a name that only the tier's StatefulSet gives."""
    return not snapshot.foreign({"metadata": {"name": pod}}, tier)


def _finding(snapshot: Snapshot, service: Object, tier: str, item: Object, at: tuple[str, str]) -> Finding:
    address, pod = at
    owner = label(item, _MANAGER) or "nobody's controller"
    evidence = [Evidence(f"endpointslice/{name(item)}", f"{address} {pod or 'no pod'}, made by {owner}")]
    evidence += [
        Evidence(f"pod/{name(one)}", f"{', '.join(sorted(addresses(one))) or '-'} of this release")
        for one in snapshot.pods(tier)
    ]
    where = ("-n", snapshot.namespace)
    if label(item, _MANAGER) != _CONTROLLER:
        step = Step(kubectl=("delete", f"endpointslice/{name(item)}", *where))
        source = f"endpointslice/{name(item)}"
    else:
        found = snapshot.find("Pod", pod)
        maker = _maker(snapshot, found) if found else None
        source = f"{maker['kind'].lower()}/{name(maker)}" if maker else f"pod/{pod or address}"
        if maker:
            step = Step(kubectl=("scale", source, *where, "--replicas=0"))
        else:
            marks = [f"{key}-" for key in sorted(spec(service).get("selector") or {})]
            step = Step(kubectl=("label", source, *where, *marks))
    parts = {"service": name(service), "address": address, "source": source, "tier": tier}
    return Finding("foreign-endpoint", parts, tuple(evidence), (step,), tier, soft=snapshot.changing)


def _maker(snapshot: Snapshot, pod: Object) -> Object | None:
    """Return the Deployment or StatefulSet of a pod that is not the release's."""
    owners = {one.get("name") for one in pod["metadata"].get("ownerReferences") or ()}
    for item in snapshot.of("ReplicaSet"):
        if name(item) in owners:
            owners |= {one.get("name") for one in item["metadata"].get("ownerReferences") or ()}
    every = (*snapshot.of("Deployment"), *snapshot.of("StatefulSet"))
    return next((item for item in every if name(item) in owners), None)


def _policies(snapshot: Snapshot, service: Object, tier: str) -> Iterator[Finding]:
    homes = {node_of(pod) for pod in snapshot.ready_pods(tier)}
    if not homes:
        return
    if spec(service).get("internalTrafficPolicy") == "Local" and tier in _CALLERS:
        caller = _CALLERS[tier]
        apart = {node_of(pod) for pod in snapshot.pods(caller)} - homes - {""}
        if apart:
            yield _closed(snapshot, service, tier, "internalTrafficPolicy", sorted(apart))
    # A load balancer asks which nodes have a pod; a user of a NodePort does not.
    given = [one for one in snapshot.manifest.objects if _same(one, service)]
    wanted = any(spec(one).get("externalTrafficPolicy") == "Local" for one in given)
    only_here = spec(service).get("externalTrafficPolicy") == "Local" and not wanted
    if only_here and spec(service).get("type") == "NodePort":
        apart = {node.name for node in snapshot.nodes.values() if node.ready} - homes
        if apart:
            yield _closed(snapshot, service, tier, "externalTrafficPolicy", sorted(apart))


def _same(one: Object, service: Object) -> bool:
    return one.get("kind") == "Service" and name(one) == name(service)


def _closed(snapshot: Snapshot, service: Object, tier: str, field: str, nodes: list[str]) -> Finding:
    lines = [Evidence(f"service/{name(service)}", f"{field}: Local")]
    lines += [
        Evidence(f"pod/{name(pod)}", f"on {node_of(pod)}") for one in TIERS for pod in snapshot.pods(one)
    ]
    change = f'{{"spec":{{"{field}":"Cluster"}}}}'
    where = ("service", name(service), "-n", snapshot.namespace)
    step = Step(kubectl=("patch", *where, "--patch", change))
    parts = {"service": name(service), "field": field, "nodes": nodes, "tier": tier}
    return Finding("traffic-policy", parts, tuple(lines), (step,), tier, safe=True)
