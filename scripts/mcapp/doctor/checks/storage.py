"""Layer storage: db's claim, its volume, and the disk behind it."""

from __future__ import annotations

import re
from collections.abc import Iterator

from mcapp.doctor.checks.demand import required
from mcapp.doctor.finding import Diagnosis, Evidence, Finding, Step
from mcapp.doctor.read.reader import Answer
from mcapp.doctor.read.snapshot import Object, Snapshot, label, name, node_of, replicas, spec, status
from mcapp.doctor.remedies import helm_upgrade
from mcapp.doctor.words import DISK, DISK_LOW, NO_DISK, OUTSIDE, STORAGE
from mcapp.kube import objects
from mcapp.kube.nodes import Node

_CONFLICT = re.compile(r"volume node affinity|PersistentVolume's node affinity", re.IGNORECASE)
_NO_PROVISIONER = "kubernetes.io/no-provisioner"
_CLAIM_EVENTS = ("ProvisioningFailed", "FailedBinding", "ExternalProvisioning", "WaitForFirstConsumer")
# PostgreSQL needs space for one more segment of its write-ahead log.
_WAL_KIB = 16 * 1024
_LOW_PERCENT = 90


def _volume(snapshot: Snapshot, pod: Object) -> tuple[str, Object] | None:
    """Return the claim and the volume that a pod mounts, where both can be read."""
    for wanted in snapshot.claims(pod):
        claim = snapshot.find("PersistentVolumeClaim", wanted)
        bound = snapshot.find("PersistentVolume", spec(claim).get("volumeName", "")) if claim else None
        if bound:
            return wanted, bound
    return None


def home_of(snapshot: Snapshot, pod: Object) -> str:
    """Return the only node that can mount the pod's volume, "" where there is none or no volume yet."""
    found = _volume(snapshot, pod)
    if found is None:
        return ""
    volume = objects.volume(found[1])
    nodes = [node.name for node in snapshot.nodes.values() if volume.mountable(node)]
    return nodes[0] if len(nodes) == 1 and volume.terms is not None else ""


def unbound(
    snapshot: Snapshot, pod: Object, evidence: tuple[Evidence, ...], allowed: list[Node]
) -> Iterator[Finding]:
    """Yield why a pod without a node waits for its storage."""
    for wanted in snapshot.claims(pod):
        claim = snapshot.find("PersistentVolumeClaim", wanted)
        if claim is None:
            if "persistentvolumeclaims" not in snapshot.unread:
                parts = {"claim": wanted, "pod": f"pod/{name(pod)}"}
                yield Finding("claim-missing", parts, evidence, (helm_upgrade(snapshot),), "db")
            continue
        if status(claim).get("phase") != "Bound":
            # A claim that waits for its consumer gets no volume before the pod can have a node.
            if allowed or not snapshot.nodes:
                yield from _pending(snapshot, claim, evidence)
            continue
        yield from _affinity(snapshot, pod, claim, evidence, allowed)


def _affinity(
    snapshot: Snapshot, pod: Object, claim: Object, evidence: tuple[Evidence, ...], allowed: list[Node]
) -> Iterator[Finding]:
    raw = snapshot.find("PersistentVolume", spec(claim).get("volumeName", ""))
    conflict = any(_CONFLICT.search(item.line) for item in evidence)
    if raw is None:
        if conflict:
            parts = {
                "pod": f"pod/{name(pod)}",
                "volume": spec(claim).get("volumeName", "?"),
                "home": "?",
                "allowed": [node.name for node in allowed] or "?",
            }
            look = Step(kubectl=("describe", "pv", parts["volume"]))
            yield Finding("volume-affinity", parts, evidence, (look,), "db")
        return
    volume = objects.volume(raw)
    if volume.terms is None or not snapshot.nodes:
        return
    homes = [node.name for node in snapshot.nodes.values() if volume.mountable(node)]
    terms = Evidence(f"pv/{volume.name}", f"nodeAffinity {'; '.join(volume.named)}")
    parts = {"pod": f"pod/{name(pod)}", "volume": volume.name}
    if not homes:
        look = Step(kubectl=("get", "nodes", "--show-labels"))
        yield Finding("volume-node-gone", {**parts, "home": volume.named}, (*evidence, terms), (look,), "db")
    elif allowed and not any(node.name in homes for node in allowed):
        labels = [f"{key}={values[0]}" for key, values in required(pod).items()]
        others = [key + "-" for key in required(pod)]
        steps = (
            *(Step(kubectl=("label", "node", node.name, *others)) for node in allowed),
            Step(kubectl=("label", "node", homes[0], *labels)),
        )
        found = {**parts, "home": homes, "allowed": [node.name for node in allowed]}
        yield Finding("volume-affinity", found, (*evidence, terms), steps if labels else (), "db")


def _pending(snapshot: Snapshot, claim: Object, evidence: tuple[Evidence, ...]) -> Iterator[Finding]:
    told = snapshot.told(claim, *_CLAIM_EVENTS)
    phase = f"phase {claim.get('status', {}).get('phase')}, storageClassName {_class_of(claim) or 'unset'}"
    lines = (Evidence(f"pvc/{name(claim)}", phase), *told, *evidence)
    parts = {"claim": name(claim)}
    classes = {name(item): item for item in snapshot.of("StorageClass")}
    readable = "storageclasses" not in snapshot.unread
    wanted = _class_of(claim)
    why = told[-1].line if told else phase
    if not wanted and (readable or "no storage class is set" in why):
        ready = [key for key, item in classes.items() if item.get("provisioner") != _NO_PROVISIONER]
        patch = '{"metadata":{"annotations":{"storageclass.kubernetes.io/is-default-class":"true"}}}'
        steps = tuple(Step(kubectl=("patch", "storageclass", key, "--patch", patch)) for key in ready)
        yield Finding("no-default-storageclass", parts, lines, steps, "db", safe=len(ready) == 1)
    elif wanted and readable and wanted not in classes:
        steps = (Step(kubectl=("get", "storageclasses")),)
        yield Finding("storageclass-missing", {**parts, "name": wanted}, lines, steps, "db")
    else:
        steps = (Step(kubectl=("describe", "pvc", name(claim), "-n", snapshot.namespace)),)
        yield Finding("claim-pending", {**parts, "why": why}, lines, steps, "db", soft=True)


def _class_of(claim: Object) -> str:
    found: str = spec(claim).get("storageClassName") or ""
    return found


def provisioner_down(snapshot: Snapshot, pending: Finding, deployments: list[Object]) -> Finding:
    """Return the finding that the claim's provisioner does not run; else the finding as it was."""
    claim = snapshot.find("PersistentVolumeClaim", str(pending.parts["claim"]))
    storage_class = snapshot.find("StorageClass", _class_of(claim)) if claim else None
    provisioner = str(storage_class.get("provisioner", "")) if storage_class else ""
    stem = provisioner.rpartition("/")[2]
    for item in deployments:
        if not stem or stem not in name(item) or status(item).get("readyReplicas"):
            continue
        namespace, wanted = item["metadata"].get("namespace", "?"), replicas(item)
        line = f"{wanted} replicas wanted, {status(item).get('readyReplicas', 0)} ready"
        scale = ("scale", f"deployment/{name(item)}", "-n", namespace, "--replicas=1")
        look = ("describe", f"deployment/{name(item)}", "-n", namespace)
        return Finding(
            "provisioner-down",
            {**pending.parts, "provisioner": f"{namespace}/{name(item)}"},
            (Evidence(f"deployment/{name(item)}", line), *pending.evidence),
            (Step(kubectl=look if wanted else scale),),
            "db",
            safe=not wanted,
        )
    return pending


def check(snapshot: Snapshot, diagnosis: Diagnosis) -> None:
    """Note the claims and volumes of db's pods."""
    notes = [OUTSIDE(address=snapshot.external)] if snapshot.external else []
    for pod in snapshot.pods("db"):
        for wanted in snapshot.claims(pod):
            claim = snapshot.find("PersistentVolumeClaim", wanted)
            if claim:
                notes.append(STORAGE(claim=wanted, volume=spec(claim).get("volumeName", "?")))
    diagnosis.notes["storage"] = notes


def disk(pod: Object, answer: Answer, diagnosis: Diagnosis) -> Iterator[Finding]:
    """Judge what `df` says about db's volume."""
    if answer.content is None:
        diagnosis.left_out.append(NO_DISK(why=answer.why))
        return
    blocks, _, available, percent = answer.content
    if int(available) < _WAL_KIB:
        line = f"{blocks} KiB, {available} KiB available, {percent} used"
        yield full(pod, (Evidence(f"df in pod/{name(pod)}", line),))
        return
    if int(percent.rstrip("%")) >= _LOW_PERCENT:
        diagnosis.warnings.append(DISK_LOW(percent=percent))
    diagnosis.notes.setdefault("storage", []).append(DISK(percent=percent))


def full(pod: Object, evidence: tuple[Evidence, ...]) -> Finding:
    """Return the finding of a full disk."""
    node = node_of(pod)
    steps = (
        Step(line="df -h", on=node),
        Step(line="sudo du -xh --max-depth=3 / | sort -h | tail -20", on=node),
    )
    return Finding("disk-full", {"node": node}, evidence, steps, label(pod, "app.kubernetes.io/component"))
