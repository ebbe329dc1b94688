"""What was changed by hand since Helm installed it: a warning, or the cause of a fault."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import replace

from mcapp.doctor.finding import Diagnosis, Evidence, Finding, Step
from mcapp.doctor.read.compare import Change, joined, short
from mcapp.doctor.read.snapshot import Object, Snapshot, spec
from mcapp.doctor.remedies import helm_upgrade
from mcapp.doctor.words import ADDED, CHANGED, GONE, IS_ADDED, IS_CHANGED, NO_MANIFEST
from mcapp.messages import Text

# Causes that say what does not work, and not what it comes from.
_VAGUE = frozenset(
    {"api-db", "nodeport-unreachable", "pod-unreachable", "pods-not-created", "pods-starting"}
    | {"service-address", "web-api"}
)
# Causes of which a change of the same tier is what there is to undo.
_UNDONE = frozenset(
    {"crash-loop", "image-missing", "network-policy", "node-full", "out-of-memory", "pod-security"}
    | {"probe-failing", "service-port", "service-type"}
)


def check(snapshot: Snapshot, diagnosis: Diagnosis) -> Iterator[Finding]:
    """Warn of every change; yield those that cut users off or make a second server on one volume."""
    if snapshot.manifest.why:
        diagnosis.left_out.append(NO_MANIFEST(why=snapshot.manifest.why))
    found = snapshot.changes
    for one in found:
        values = {"what": one.what, "field": one.field, "found": short(one.found)}
        if one.gone:
            diagnosis.warnings.append(GONE(what=one.what))
        elif one.wanted is None:
            diagnosis.warnings.append(ADDED(**values))
        else:
            diagnosis.warnings.append(CHANGED(**values, wanted=short(one.wanted)))
    broken = {one.what for one in found if _breaks(snapshot, one)}
    if broken:
        # All of these objects at once: a rest of it could keep the patch from being taken.
        yield finding(snapshot, [one for one in found if one.what in broken])


def _breaks(snapshot: Snapshot, change: Change) -> bool:
    """Whether a change is a fault by itself, though all that is there may work."""
    if change.what.startswith("statefulset/") and change.field == "spec.replicas":
        return not snapshot.is_ha and change.found not in (0, None)
    if change.tier != "web" or not change.what.startswith("service/"):
        return False
    if spec(snapshot.service("web") or {}).get("type") == "ExternalName":
        # The layer of the Services has a cause of its own for it.
        return False
    closed = change.field == "spec.type" and change.found not in ("NodePort", "LoadBalancer")
    return closed or change.field.endswith(".nodePort")


def finding(snapshot: Snapshot, found: Sequence[Change], *more: Evidence) -> Finding:
    """Return the finding that these changes are the fault."""
    evidence = (*(one.line for one in found), *more)
    parts = {"what": [_title(one) for one in found], "release": snapshot.release}
    return Finding("changed-by-hand", parts, evidence, back(snapshot, found), found[0].tier)


def _title(change: Change) -> str | Text:
    if change.gone:
        return change.what
    values = {"what": change.what, "field": change.field, "found": short(change.found)}
    return IS_ADDED(**values) if change.wanted is None else IS_CHANGED(**values, wanted=short(change.wanted))


def back(snapshot: Snapshot, found: Sequence[Change]) -> tuple[Step, ...]:
    """Return the commands that set the fields back; a StatefulSet leaves a pod that does not run as it is."""
    where = ("-n", snapshot.namespace)
    whole: dict[str, Object] = {}
    for one in found:
        whole[one.what] = joined(whole.get(one.what, {}), one.patch)
    patches = [
        Step(kubectl=("patch", what, *where, "--patch", json.dumps(patch)))
        for what, patch in whole.items()
        if patch
    ]
    again = [helm_upgrade(snapshot)] if any(one.gone for one in found) else []
    sets = {one.what for one in found if one.what.startswith("statefulset/") and ".template." in one.field}
    ends = [Step(kubectl=("delete", "pod", f"{one.partition('/')[2]}-0", *where)) for one in sorted(sets)]
    return (*patches, *again, *ends)


def of_workload(snapshot: Snapshot, tier: str) -> list[Change]:
    """Return the changes of a tier's Deployment or StatefulSet."""
    kinds = ("deployment/", "statefulset/")
    return [one for one in snapshot.changes if one.tier == tier and one.what.startswith(kinds)]


def lead(snapshot: Snapshot, fault: Finding) -> Finding:
    """Say first what was changed by hand: as the cause where the fault has no better one."""
    found = snapshot.changes
    if not found or fault.cause == "changed-by-hand":
        return fault
    if fault.cause in _VAGUE:
        return replace(finding(snapshot, found, *fault.evidence), soft=fault.soft)
    lines = (*(one.line for one in found), *fault.evidence)
    undo = back(snapshot, [one for one in found if one.tier == fault.tier])
    # A remedy that --fix may run is the better one already.
    undone = bool(undo) and fault.cause in _UNDONE and not fault.safe
    return replace(fault, evidence=lines, steps=undo if undone else fault.steps)
