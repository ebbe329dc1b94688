"""Why the container of a pod that has a node does not start."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta

from mcapp.doctor.checks import crash
from mcapp.doctor.finding import Evidence, Finding, Step
from mcapp.doctor.read.containers import container_status, image
from mcapp.doctor.read.reader import Reader
from mcapp.doctor.read.snapshot import (
    Object,
    Snapshot,
    name,
    node_of,
    spec,
    status,
)
from mcapp.doctor.remedies import helm_upgrade, reset_passwords

_PULL = ("ErrImagePull", "ImagePullBackOff", "ErrImageNeverPull", "InvalidImageName", "ImageInspectError")
_SECRET = re.compile(r'secret "([^"]+)" not found')
_KEY = re.compile(r"couldn't find key (\S+) in Secret (\S+)")
_CONFIGMAP = re.compile(r'configmap "([^"]+)" not found')
_CLAIM = re.compile(r'persistentvolumeclaim "([^"]+)" not found')
_ARCHITECTURE = re.compile(r"no match for platform|exec format error", re.IGNORECASE)
_LATE = timedelta(seconds=60)


def explain(snapshot: Snapshot, reader: Reader, pod: Object, tier: str) -> Iterator[Finding]:
    """Yield what the container waits for; a short wait is a fault only if an event says so."""
    state = (container_status(pod).get("state") or {}).get("waiting") or {}
    reason, message = state.get("reason", ""), state.get("message", "")
    line = Evidence(f"pod/{name(pod)}", f"waiting {reason}: {message}")
    if reason in _PULL:
        yield _image(snapshot, pod, tier, line)
    elif reason == "CrashLoopBackOff" or "terminated" in (container_status(pod).get("lastState") or {}):
        yield crash.explain(snapshot, reader, pod, tier)
    elif reason == "CreateContainerConfigError":
        yield _missing(snapshot, pod, tier, message, (line, *snapshot.told(pod, "Failed")))
    elif reason in ("CreateContainerError", "RunContainerError"):
        yield crash.explain(snapshot, reader, pod, tier)
    else:
        yield from _creating(snapshot, pod, tier, line)


def _image(snapshot: Snapshot, pod: Object, tier: str, line: Evidence) -> Finding:
    wanted, node = image(pod), node_of(pod)
    told = (line, *snapshot.told(pod, "Failed"))
    if _ARCHITECTURE.search(line.line):
        return crash.architecture(snapshot, pod, tier, told)
    evidence = [*told]
    for item in filter(None, (snapshot.find("Node", node) for node in snapshot.nodes)):
        names = [n for entry in status(item).get("images") or () for n in entry.get("names") or ()]
        there = any(known == wanted or known.endswith(f"/{wanted}") for known in names)
        evidence.append(Evidence(f"node/{name(item)}", f"{wanted}: {'there' if there else 'not there'}"))
    parts = {"image": wanted, "pod": f"pod/{name(pod)}", "node": node}
    return Finding("image-missing", parts, tuple(evidence), _put(snapshot, wanted, node), tier)


def _put(snapshot: Snapshot, wanted: str, node: str) -> tuple[Step, ...]:
    """Return how the image gets onto the node, by the kind of cluster."""
    provider = spec(snapshot.find("Node", node) or {}).get("providerID", "")
    if provider.startswith("kind://"):
        cluster = provider.split("/")[3]
        return (Step(line=f"kind load docker-image {wanted} --name {cluster} --nodes {node}"),)
    file = re.sub(r"[^A-Za-z0-9.]+", "-", wanted) + ".tar"
    return (
        Step(line=f"docker save {wanted} -o {file} && scp {file} {node}:"),
        Step(line=f"sudo k3s ctr images import {file}", on=node),
    )


def _missing(
    snapshot: Snapshot, pod: Object, tier: str, message: str, evidence: tuple[Evidence, ...]
) -> Finding:
    source = f"pod/{name(pod)}"
    if found := _CONFIGMAP.search(message):
        # The kubelet tries to mount it again only after minutes.
        again = Step(kubectl=("delete", "pod", name(pod), "-n", snapshot.namespace))
        parts = {"pod": source, "name": found[1]}
        return Finding("configmap-missing", parts, evidence, (helm_upgrade(snapshot), again), tier)
    if found := _KEY.search(message):
        what = f"key {found[1]} in Secret {found[2].rpartition('/')[2]}"
    elif found := _SECRET.search(message):
        what = f"Secret {found[1]}"
    else:
        step = Step(kubectl=("describe", "pod", name(pod), "-n", snapshot.namespace))
        return Finding("crash-loop", {"pod": source, "code": message}, evidence, (step,), tier)
    look = Step(kubectl=("get", "secrets", "-n", snapshot.namespace))
    # The chart's own Secret, with or without a prefix; a Secret of the user has another name.
    ours = what.endswith("postgres-secret")
    repair = reset_passwords(snapshot) if ours else helm_upgrade(snapshot)
    return Finding("secret-missing", {"pod": source, "what": what}, evidence, (look, repair), tier)


def _creating(snapshot: Snapshot, pod: Object, tier: str, line: Evidence) -> Iterator[Finding]:
    node, source = node_of(pod), f"pod/{name(pod)}"
    told = snapshot.told(pod, "FailedMount", "FailedCreatePodSandBox", "FailedAttachVolume")
    message = told[-1].line if told else ""
    evidence = (line, *told)
    look = Step(kubectl=("describe", "pod", name(pod), "-n", snapshot.namespace))
    late = snapshot.age(pod) > _LATE
    parts = {"pod": source, "node": node, "why": message.partition(": ")[2]}
    if _CONFIGMAP.search(message) or _SECRET.search(message):
        yield _missing(snapshot, pod, tier, message, evidence)
    elif found := _CLAIM.search(message):
        yield Finding(
            "claim-missing", {"pod": source, "claim": found[1]}, evidence, (helm_upgrade(snapshot),), tier
        )
    elif "FailedCreatePodSandBox" in message:
        yield Finding("sandbox-failed", parts, evidence, (look,), tier, soft=True)
    elif message and late:
        yield Finding("mount-failed", parts, evidence, (look,), tier, soft=True)
    elif late or not snapshot.ready_pods(tier):
        why = f"{source}: {line.line}"
        yield Finding("pods-starting", {"tier": tier, "why": why}, evidence, (look,), tier, soft=True)
