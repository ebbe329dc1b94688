"""Layer pods: whether each tier has its pods, and why one does not run."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

from mcapp.doctor.checks import crash, ha, hung, waiting
from mcapp.doctor.finding import Diagnosis, Evidence, Finding, Step
from mcapp.doctor.read import events
from mcapp.doctor.read.containers import container_status
from mcapp.doctor.read.reader import Reader
from mcapp.doctor.read.snapshot import (
    KIND,
    TIERS,
    Object,
    Snapshot,
    instant,
    name,
    node_of,
    replicas,
)
from mcapp.doctor.remedies import helm_upgrade
from mcapp.doctor.words import PODS
from mcapp.kube.pods import condition, ready
from mcapp.messages import Text

_QUOTA = re.compile(r"exceeded quota: ([^,]+)")
# A LimitRange refuses, or sets a limit that is less than what the container requests.
_LIMITED = re.compile(r"usage per (Container|Pod)|must be less than or equal to \w+ limit")
_SECURITY = re.compile(r'violates PodSecurity "[^"]*":?\s*(.*)')
# Enough for the api to start and to reach its database on a slow machine.
_PATIENCE = timedelta(seconds=30)
_CRASHES = 2
_LATELY = timedelta(minutes=5)


def release(snapshot: Snapshot) -> Iterator[Finding]:
    """Yield a tier whose Deployment or StatefulSet is gone."""
    for tier in snapshot.tiers:
        kind = KIND[tier]
        if snapshot.workload(tier) is None and f"{kind.lower()}s" not in snapshot.unread:
            there = [
                f"{item['kind'].lower()}/{name(item)}"
                for item in snapshot.own(KIND["web"]) + snapshot.own(KIND["db"])
            ]
            line = f"found only {', '.join(there) or 'nothing'}"
            parts = {"kind": kind, "tier": tier}
            source = f"{kind.lower()}s of {snapshot.release}"
            yield Finding(
                "workload-missing", parts, (Evidence(source, line),), (helm_upgrade(snapshot),), tier
            )


def check(snapshot: Snapshot, reader: Reader, diagnosis: Diagnosis) -> Iterator[Finding]:
    """Yield what keeps pods from running; a soft finding counts where no later layer explains it."""
    notes: list[Text] = []
    for tier in reversed(TIERS):
        workload = snapshot.workload(tier)
        pods = snapshot.pods(tier)
        diagnosis.places[tier] = sorted({node_of(pod) for pod in pods} - {""})
        if workload:
            yield from _made(snapshot, workload, tier, pods)
            wanted = sum(replicas(one) for one in snapshot.makers(tier))
            counts = {"ready": len(snapshot.ready_pods(tier)), "wanted": wanted}
            notes.insert(0, Text(PODS, {"tier": tier, **counts}))
        for pod in pods:
            if node_of(pod):
                yield from _runs(snapshot, reader, pod, tier)
    if snapshot.external:
        diagnosis.places["db"] = [snapshot.external]
    diagnosis.notes["pods"] = notes


def _made(snapshot: Snapshot, workload: Object, tier: str, pods: list[Object]) -> Iterator[Finding]:
    what = f"{workload['kind'].lower()}/{name(workload)}"
    if replicas(workload) == 0:
        step = Step(kubectl=("scale", what, "-n", snapshot.namespace, "--replicas=1"))
        line = Evidence(what, "spec.replicas: 0")
        yield Finding("scaled-to-zero", {"tier": tier}, (line,), (step,), tier, safe=True)
        return
    told = condition(workload, "ReplicaFailure")
    message = told.get("message", "") if told.get("status") == "True" else ""
    evidence = [Evidence(what, f"ReplicaFailure {told.get('reason')}: {message}")] if message else []
    if message or not pods:
        tried = events.creations(snapshot.of("Event"), workload)
        # The condition keeps the first message, though the controller has met another obstacle since.
        if tried and tried[-1].get("reason") == "FailedCreate":
            message = tried[-1].get("message", "")
            evidence = [Evidence(f"event of {what}", events.spoken(tried[-1]))]
    if not message:
        return
    where = {"tier": tier, "namespace": snapshot.namespace}
    again = Step(kubectl=("rollout", "restart", what, "-n", snapshot.namespace))
    if quota := _QUOTA.search(message):
        look = Step(kubectl=("describe", "quota", quota[1], "-n", snapshot.namespace))
        yield Finding("quota-exceeded", {**where, "quota": quota[1]}, tuple(evidence), (look, again), tier)
    elif refused := _SECURITY.search(message):
        steps = (
            Step(line=f"helm history {snapshot.release} -n {snapshot.namespace}"),
            helm_upgrade(snapshot),
        )
        yield Finding("pod-security", {**where, "why": refused[1]}, tuple(evidence), steps, tier)
    else:
        yield Finding(
            "pods-not-created", {**where, "why": message}, tuple(evidence), (again,), tier, soft=True
        )


def limited(snapshot: Snapshot, finding: Finding, reader: Reader) -> Finding:
    """Name the LimitRanges of the namespace where their limits keep a pod from being made."""
    if not _LIMITED.search(str(finding.parts["why"])):
        return finding
    names = [name(item) for item in reader.limits()]
    if not names:
        return finding
    look = Step(kubectl=("describe", "limitrange", *names, "-n", snapshot.namespace))
    return replace(
        finding, cause="limit-range", parts={**finding.parts, "ranges": names}, steps=(look, *finding.steps)
    )


def _runs(snapshot: Snapshot, reader: Reader, pod: Object, tier: str) -> Iterator[Finding]:
    status = container_status(pod)
    state = status.get("state") or {}
    if "waiting" in state or not state:
        yield from waiting.explain(snapshot, reader, pod, tier)
    elif "terminated" in state or _crashes(snapshot, pod, status):
        yield crash.explain(snapshot, reader, pod, tier)
    elif not ready(pod):
        yield from _unready(
            snapshot, pod, tier, instant((state.get("running") or {}).get("startedAt")) or snapshot.now
        )
    elif status.get("restartCount", 0) >= _CRASHES and crash.killed_lately(snapshot, pod, _LATELY):
        # Between two kills by its liveness probe a pod looks healthy.
        yield crash.explain(snapshot, reader, pod, tier)


def _crashes(snapshot: Snapshot, pod: Object, status: Object) -> bool:
    """Whether a pod that runs at this moment crashes again and again."""
    last = (status.get("lastState") or {}).get("terminated") or {}
    ended = instant(last.get("finishedAt"))
    often = status.get("restartCount", 0) >= _CRASHES or last.get("reason") == "OOMKilled"
    return bool(not ready(pod) and often and ended and snapshot.now - ended < _LATELY)


def _unready(snapshot: Snapshot, pod: Object, tier: str, since: object) -> Iterator[Finding]:
    source = f"pod/{name(pod)}"
    told = [e for e in snapshot.events(pod) if e.get("reason") == "Unhealthy"]
    running = snapshot.now - since  # type: ignore[operator]
    line = Evidence(source, f"Ready={condition(pod, 'Ready').get('status')}, running for {running.seconds} s")
    logs = Step(kubectl=("logs", name(pod), "-n", snapshot.namespace, "--tail=50"))
    if running >= _PATIENCE:
        if tier == "db" and ha.leaderless(snapshot):
            # It has no leader to follow: the layer of the Services reports that.
            return
        message = told[-1].get("message", "") if told else "not ready"
        if hung.unanswered(message):
            yield replace(
                hung.finding(snapshot, pod, tier, line, *snapshot.told(pod, "Unhealthy")), soft=True
            )
            return
        probe = message.split(" ", 1)[0].lower() if message.split(" ")[1:2] == ["probe"] else "readiness"
        why = message.partition(": ")[2].strip() or message
        evidence = (line, *snapshot.told(pod, "Unhealthy"))
        steps = (logs, ha.back(snapshot, pod, tier))
        parts = {"pod": source, "probe": probe, "why": why}
        yield Finding("probe-failing", parts, evidence, steps, tier, soft=True)
    elif not snapshot.ready_pods(tier):
        parts = {"tier": tier, "why": f"{source} runs for {running.seconds} s"}
        yield Finding(
            "pods-starting", parts, (line, *snapshot.told(pod, "Unhealthy")), (logs,), tier, soft=True
        )


def none_there(snapshot: Snapshot) -> Iterator[Finding]:
    """Yield a tier that has no pod at all, where no object says why."""
    for tier in reversed(TIERS):
        workload = snapshot.workload(tier)
        if workload and not snapshot.pods(tier):
            what = f"{workload['kind'].lower()}/{name(workload)}"
            line = Evidence(what, f"{workload['spec'].get('replicas', 1)} wanted, no pod there")
            step = Step(kubectl=("describe", what, "-n", snapshot.namespace))
            yield Finding(
                "pods-starting", {"tier": tier, "why": line.line}, (line,), (step,), tier, soft=True
            )
