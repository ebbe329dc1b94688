"""Why a pod has no node: its storage, labels, cordons, taints, resources."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from mcapp.doctor.checks import storage
from mcapp.doctor.checks.demand import allowed, required
from mcapp.doctor.checks.nodes import unfit
from mcapp.doctor.finding import Evidence, Finding, Step
from mcapp.doctor.read.snapshot import TIERS, Object, Snapshot, name, node_of, spec
from mcapp.doctor.remedies import placed_anew
from mcapp.kube.nodes import Node, Taint
from mcapp.kube.pods import condition
from mcapp.kube.scheduling import refused_taints
from mcapp.kube.taints import acceptable, reason
from mcapp.messages import Part, translate

_ROOM = re.compile(r"Insufficient (cpu|memory)|Too many pods")
_COUNT = re.compile(r"0/(\d+) nodes are available")
# What the scheduler says about nodes, for users who may not read nodes.
_SAID = (
    ("node-cordoned", re.compile(r"\d+ node\(s\) were unschedulable")),
    ("node-tainted", re.compile(r"\d+ node\(s\) had untolerated taint")),
    ("node-full", _ROOM),
)
_RESERVED = "kubernetes.io/"


class _Waiting(NamedTuple):
    """A pod without a node, and what the scheduler says about it."""

    snapshot: Snapshot
    pod: Object
    tier: str

    @property
    def source(self) -> str:
        return f"pod/{name(self.pod)}"

    @property
    def message(self) -> str:
        return str(condition(self.pod, "PodScheduled").get("message", ""))

    @property
    def evidence(self) -> tuple[Evidence, ...]:
        told = condition(self.pod, "PodScheduled")
        status, reason = told.get("status", "?"), told.get("reason", "")
        return (Evidence(self.source, f"PodScheduled={status} {reason}: {self.message}"),)


def check(snapshot: Snapshot) -> Iterator[Finding]:
    """Yield why pods have no node."""
    for tier in reversed(TIERS):
        for pod in snapshot.pods(tier):
            if not node_of(pod):
                yield from _explain(_Waiting(snapshot, pod, tier))


def _explain(waiting: _Waiting) -> Iterator[Finding]:
    snapshot, pod = waiting.snapshot, waiting.pod
    fits = allowed(pod, snapshot.nodes)
    yield from storage.unbound(snapshot, pod, waiting.evidence, fits)
    if not snapshot.nodes:
        yield from _by_message(waiting)
    elif not fits:
        yield _nowhere(waiting)
    elif not any(node.ready for node in fits):
        for node in fits:
            yield from unfit(snapshot, node)
    else:
        yield from _refused(waiting, [node for node in fits if node.ready])


def _refused(waiting: _Waiting, ready: list[Node]) -> Iterator[Finding]:
    """Yield why the pod can run on none of the Ready nodes that have the labels."""
    tier, message = waiting.tier, waiting.message
    parts: dict[str, Part] = {"pod": waiting.source, "tier": tier, "nodes": [node.name for node in ready]}
    open_ = [node for node in ready if not node.cordoned]
    tolerations = spec(waiting.pod).get("tolerations") or ()
    taints = [(node, taint) for node in open_ for taint in refused_taints(node, tolerations)]
    if not open_:
        steps = tuple(Step(kubectl=("uncordon", node.name)) for node in ready)
        yield Finding("node-cordoned", parts, waiting.evidence, steps, tier, safe=len(ready) == 1)
    elif {node.name for node, _ in taints} == {node.name for node in open_}:
        yield _tainted(waiting, taints, parts)
    elif _ROOM.search(message):
        closed = {node.name for node, _ in taints}
        full = [node.name for node in open_ if node.name not in closed]
        steps = tuple(Step(kubectl=("describe", "node", node)) for node in full)
        parts |= {"nodes": full, "why": message}
        yield Finding("node-full", parts, waiting.evidence, steps, tier)
    elif message:
        yield _unschedulable(waiting)


def _tainted(waiting: _Waiting, taints: list[tuple[Node, Taint]], parts: dict[str, Part]) -> Finding:
    """Return the finding that taints keep the pod away: those set on purpose, or a state that must end."""
    meant = [(node, taint) for node, taint in taints if acceptable(taint)]
    listed = {**parts, "taints": [str(taint) for _, taint in meant or taints]}
    if meant:
        steps = tuple(Step(kubectl=("taint", "node", node.name, f"{taint}-")) for node, taint in meant)
        return Finding("node-tainted", listed, waiting.evidence, steps, waiting.tier)
    lines = [Evidence(f"node/{node.name}", translate(reason(taint))) for node, taint in taints]
    look = tuple(Step(kubectl=("describe", "node", node)) for node in {node.name: 0 for node, _ in taints})
    return Finding("node-held-back", listed, (*waiting.evidence, *lines), look, waiting.tier)


def _by_message(waiting: _Waiting) -> Iterator[Finding]:
    """Yield what the scheduler's own message says."""
    total = _COUNT.search(waiting.message)
    if total and f"{total[1]} node(s) didn't match Pod's node affinity/selector" in waiting.message:
        yield _nowhere(waiting)
        return
    for cause, pattern in _SAID:
        if pattern.search(waiting.message):
            unknown = {"nodes": "?", "taints": "?", "why": waiting.message}
            parts: dict[str, Part] = {"pod": waiting.source, "tier": waiting.tier, **unknown}
            look = Step(kubectl=("describe", "nodes"))
            yield Finding(cause, parts, waiting.evidence, (look,), waiting.tier)
            return
    if waiting.message:
        yield _unschedulable(waiting)


def _unschedulable(waiting: _Waiting) -> Finding:
    parts = {"pod": waiting.source, "why": waiting.message}
    steps = placed_anew(waiting.snapshot)
    return Finding("unschedulable", parts, waiting.evidence, steps, waiting.tier, soft=True)


def _nowhere(waiting: _Waiting) -> Finding:
    """Return the finding that no node has the labels that the pod asks for."""
    snapshot = waiting.snapshot
    wanted = required(waiting.pod)
    if not wanted:
        return _unschedulable(waiting)
    labels = [f"{key}={values[0]}" for key, values in wanted.items()]
    lines = [
        Evidence(
            f"node/{node.name}", f"labels {','.join(f'{k}={v}' for k, v in sorted(node.labels.items()))}"
        )
        for node in snapshot.nodes.values()
    ]
    home = storage.home_of(snapshot, waiting.pod)
    agents = [node.name for node in snapshot.nodes.values() if not node.server and node.ready]
    chosen = home or (agents[0] if len(agents) == 1 else "")
    # Users do not set Kubernetes' own labels, such as a host name.
    ours = not any(_RESERVED in key for key in wanted)
    label = Step(kubectl=("label", "node", chosen or "NODE", *labels))
    steps = (label,) if ours else placed_anew(snapshot)
    parts = {"pod": waiting.source, "labels": ", ".join(labels)}
    # It is safe where there is no choice: the node that has the data, or the only agent.
    safe = ours and bool(chosen)
    return Finding("no-labelled-node", parts, (*waiting.evidence, *lines), steps, waiting.tier, safe=safe)
