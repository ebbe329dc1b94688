"""Why a container ended: its exit code, its last lines, and what killed it."""

from __future__ import annotations

import re
from datetime import timedelta

from mcapp.doctor.checks import ha, storage
from mcapp.doctor.finding import Evidence, Finding, Step
from mcapp.doctor.read.containers import container, container_status, image
from mcapp.doctor.read.reader import Reader
from mcapp.doctor.read.snapshot import (
    Object,
    Snapshot,
    instant,
    name,
    node_of,
)
from mcapp.doctor.remedies import helm_upgrade
from mcapp.kube.quantity import whole

_LINES = 8
_DISK = re.compile(r"no space left on device", re.IGNORECASE)
_VERSION = re.compile(r"database files are incompatible with server", re.IGNORECASE)
_ARCHITECTURE = re.compile(r"exec format error", re.IGNORECASE)
_KILLED = re.compile(r"failed (\w+) probe, will be restarted")


def explain(snapshot: Snapshot, reader: Reader, pod: Object, tier: str) -> Finding:
    """Return why the pod's container ended last time."""
    status = container_status(pod)
    state, last = status.get("state") or {}, status.get("lastState") or {}
    ended = state.get("terminated") or last.get("terminated") or {}
    source = f"pod/{name(pod)}"
    waiting = state.get("waiting") or {}
    code = ended.get("exitCode", waiting.get("message", "?"))
    line = Evidence(
        source,
        f"restarts {status.get('restartCount', 0)}, last end: {ended.get('reason', '?')}, exit code {code}"
        + (f"; waiting {waiting.get('reason')}: {waiting.get('message')}" if waiting else ""),
    )
    namespace = snapshot.namespace
    logs = Step(kubectl=("logs", name(pod), "-n", namespace, "--previous", "--tail=50"))
    if ended.get("reason") == "OOMKilled":
        limit = ((container(pod).get("resources") or {}).get("limits") or {}).get("memory", "?")
        # The container beside the tier's own has values of its own.
        part = "metrics.exporters" if container(pod)["name"] == "metrics" else tier
        parts = {"pod": source, "limit": limit, "tier": part}
        step = helm_upgrade(snapshot, "--set", f"{part}.resources.limits.memory={_twice(limit)}")
        return Finding("out-of-memory", parts, (line,), (step,), tier)
    lines = _last_lines(reader, pod, crashed="terminated" in last)
    logged = tuple(Evidence(f"log of {source}", one) for one in lines)
    everything = "\n".join([*lines, str(waiting.get("message", "")), str(ended.get("message", ""))])
    if found := _find(_DISK, logged):
        return storage.full(pod, (line, *found))
    if found := _find(_VERSION, logged):
        parts = {"image": image(pod)}
        detail = tuple(item for item in logged if "initialized by PostgreSQL version" in item.line)
        history = Step(line=f"helm history {snapshot.release} -n {namespace}")
        return Finding("data-version", parts, (line, *found, *detail), (logs, history), tier)
    if _ARCHITECTURE.search(everything):
        return architecture(snapshot, pod, tier, (line, *logged))
    killed = _killings(snapshot, pod)
    if killed:
        probe = _KILLED.search(killed[-1].get("message", ""))
        told = snapshot.told(pod, "Unhealthy")
        why = told[-1].line.partition(": ")[2].partition(": ")[2].strip() if told else "?"
        parts = {"pod": source, "probe": probe[1] if probe else "liveness", "why": why}
        evidence = (line, *told, *snapshot.told(pod, "Killing"), *logged[-3:])
        return Finding("probe-failing", parts, evidence, (logs, ha.back(snapshot, pod, tier)), tier)
    return Finding(
        "crash-loop",
        {"pod": source, "code": str(code)},
        (line, *logged),
        (logs, ha.back(snapshot, pod, tier)),
        tier,
    )


def _twice(limit: str) -> str:
    """Return twice an amount of memory."""
    try:
        return f"{2 * whole(limit) // 2**20}Mi"
    except ValueError:
        return "512Mi"


def architecture(snapshot: Snapshot, pod: Object, tier: str, evidence: tuple[Evidence, ...]) -> Finding:
    """Return the finding of an image for another architecture."""
    node = snapshot.nodes.get(node_of(pod))
    lines = (*evidence, Evidence(f"node/{node.name}", f"architecture {node.arch}")) if node else evidence
    parts = {"image": image(pod), "node": node_of(pod)}
    platform = f" --platform linux/{node.arch}" if node else ""
    step = Step(line=f"docker build{platform} -t {container(pod)['image']} src/{tier}")
    return Finding("image-architecture", parts, lines, (step,) if tier != "db" else (), tier)


def killed_lately(snapshot: Snapshot, pod: Object, within: timedelta) -> bool:
    """Whether the container was killed because of a probe within this time."""
    ended = instant(
        ((container_status(pod).get("lastState") or {}).get("terminated") or {}).get("finishedAt")
    )
    return bool(_killings(snapshot, pod)) and ended is not None and snapshot.now - ended < within


def _killings(snapshot: Snapshot, pod: Object) -> list[Object]:
    return [
        event
        for event in snapshot.events(pod)
        if event.get("reason") == "Killing" and _KILLED.search(event.get("message", ""))
    ]


def _last_lines(reader: Reader, pod: Object, *, crashed: bool) -> list[str]:
    """Return the end of the log: that of the previous container, or of this one."""
    if not node_of(pod):
        return []
    found = reader.logs(name(pod), previous=crashed).content or reader.logs(name(pod)).content
    return [str(one) for one in found][-_LINES:]


def _find(pattern: re.Pattern[str], lines: tuple[Evidence, ...]) -> tuple[Evidence, ...]:
    return tuple(item for item in lines if pattern.search(item.line))
