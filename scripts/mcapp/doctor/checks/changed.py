"""Live objects compared with what Helm installed: fields that the manifest names, changed by hand since."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

from mcapp.doctor.finding import Diagnosis, Evidence, Finding, Step
from mcapp.doctor.read.snapshot import Object, Snapshot, label
from mcapp.doctor.words import CHANGED, GONE, NO_MANIFEST
from mcapp.kube.quantity import millis

# By which field the API server tells the elements of these lists apart; other lists are replaced whole.
_KEYS = {
    **dict.fromkeys(("containers", "initContainers", "env", "volumes"), ("name",)),
    "volumeMounts": ("mountPath",),
    "ports": ("containerPort", "port"),
}
# A key more in one of these changes what it selects.
_EXACT = ("selector", "matchLabels")
_COMPONENT = "app.kubernetes.io/component"
_RESOURCE = {"NetworkPolicy": "networkpolicies", "PersistentVolumeClaim": "persistentvolumeclaims"}
# Causes that say what does not work, and not what it comes from.
_VAGUE = frozenset(
    {"api-db", "nodeport-unreachable", "pod-unreachable", "pods-not-created", "pods-starting"}
    | {"service-address", "web-api"}
)
# Causes of which a change of the same tier is what there is to undo.
_UNDONE = frozenset(
    {"crash-loop", "image-missing", "network-policy", "node-full", "out-of-memory", "pod-security"}
    | {"probe-failing", "service-port"}
)
_SHOWN = 120


class Change(NamedTuple):
    """A field of an object that is not as Helm set it; `found` None: the object is gone.

    `patch` sets it back.
    """

    what: str
    tier: str
    field: str
    wanted: Any
    found: Any
    patch: Object

    @property
    def line(self) -> Evidence:
        """The change as evidence."""
        if self.found is None and not self.field:
            return Evidence("changed by hand", f"{self.what} is gone")
        values = f"is {_short(self.found)}, Helm set {_short(self.wanted)}"
        return Evidence("changed by hand", f"{self.what} {self.field} {values}")


def changes(snapshot: Snapshot) -> list[Change]:
    """Return every field that differs from what the manifest names."""
    found: list[Change] = []
    for wanted in snapshot.manifest.objects:
        kind, metadata = str(wanted.get("kind")), wanted.get("metadata") or {}
        live = snapshot.find(kind, str(metadata.get("name")))
        what, tier = f"{kind.lower()}/{metadata.get('name')}", label(wanted, _COMPONENT)
        if live is None:
            readable = _RESOURCE.get(kind, f"{kind.lower()}s") not in snapshot.unread
            found += [Change(what, tier, "", wanted, None, {})] if readable else []
            continue
        for way, right, now, patch in _differences(wanted.get("spec") or {}, live.get("spec") or {}):
            found.append(Change(what, tier, ".".join(("spec", *way)), right, now, {"spec": patch}))
    return found


def _differences(
    wanted: Object, live: Object, field: str = ""
) -> Iterator[tuple[tuple[str, ...], Any, Any, Object]]:
    """Yield where a live mapping differs: way, wanted value, live value, and the patch that sets it back."""
    for key, right in wanted.items():
        if right is None:
            # A null leaves the field to the API server.
            continue
        now = live.get(key)
        if isinstance(right, dict) and isinstance(now, dict):
            for way, one, other, patch in _differences(right, now, key):
                yield (key, *way), one, other, {key: patch}
        elif key in _KEYS and _keyed(right, key) and _keyed(now, key):
            yield from _elements(key, right, now)
        elif not _same(right, now):
            yield (key,), right, now, {key: right}
    if field in _EXACT:
        for key in live.keys() - wanted.keys():
            yield (key,), None, live[key], {key: None}


def _elements(field: str, wanted: Any, live: Any) -> Iterator[tuple[tuple[str, ...], Any, Any, Object]]:
    """Yield where the elements of two lists differ; each element is known by one of its fields."""
    key = next(one for one in _KEYS[field] if one in wanted[0])
    there = {one.get(key): one for one in live}
    for one in wanted:
        now, way = there.get(one[key]), f"{field}[{one[key]}]"
        if now is None:
            yield (way,), one, None, {field: [one]}
            continue
        for rest, right, other, patch in _differences(one, now):
            yield (way, *rest), right, other, {field: [{key: one[key], **patch}]}


def _keyed(value: Any, field: str) -> bool:
    """Whether a value is a list whose elements can be told apart."""
    if not isinstance(value, list) or not value:
        return False
    for key in _KEYS[field]:
        if all(isinstance(one, dict) and key in one for one in value):
            return len({one[key] for one in value}) == len(value)
    return False


def _same(wanted: Any, live: Any) -> bool:
    if wanted == live or (not wanted and not live and live != 0) or str(wanted) == str(live):
        return True
    if isinstance(wanted, list) and isinstance(live, list) and len(wanted) == len(live):
        return all(_within(one, other) for one, other in zip(wanted, live, strict=True))
    try:
        return not isinstance(wanted, dict | list) and millis(wanted) == millis(live)
    except ValueError:
        return False


def _within(wanted: Any, live: Any) -> bool:
    """Whether an element of a list is the same but for what the API server has filled in."""
    if isinstance(wanted, dict) and isinstance(live, dict):
        return not next(_differences(wanted, live), None)
    return _same(wanted, live)


def check(snapshot: Snapshot, diagnosis: Diagnosis) -> Iterator[Finding]:
    """Warn of every change; yield those that cut users off or make a second server on one volume."""
    if snapshot.manifest.why:
        diagnosis.left_out.append(NO_MANIFEST(why=snapshot.manifest.why))
    found = changes(snapshot)
    for one in found:
        if one.found is None and not one.field:
            diagnosis.warnings.append(GONE(what=one.what))
        else:
            values = {"wanted": _short(one.wanted), "found": _short(one.found)}
            diagnosis.warnings.append(CHANGED(what=one.what, field=one.field, **values))
    breaking = [one for one in found if _breaks(snapshot, one)]
    if breaking:
        yield finding(snapshot, breaking)


def _breaks(snapshot: Snapshot, change: Change) -> bool:
    """Whether a change is a fault by itself, though all that is there may work."""
    if change.what.startswith("statefulset/") and change.field == "spec.replicas":
        return not snapshot.is_ha and change.found not in (0, None)
    if change.tier != "web" or not change.what.startswith("service/"):
        return False
    closed = change.field == "spec.type" and change.found not in ("NodePort", "LoadBalancer")
    return closed or change.field.endswith(".nodePort")


def finding(snapshot: Snapshot, found: Sequence[Change], *more: Evidence) -> Finding:
    """Return the finding that these changes are the fault."""
    listed = [_title(one) for one in found]
    evidence = (*(one.line for one in found), *more)
    parts = {"what": listed, "release": snapshot.release}
    return Finding("changed-by-hand", parts, evidence, back(snapshot, found), found[0].tier)


def _title(change: Change) -> str:
    values = f" = {_short(change.found)}, not {_short(change.wanted)}" if change.field else ""
    return f"{change.what} {change.field}{values}".strip()


def back(snapshot: Snapshot, found: Sequence[Change]) -> tuple[Step, ...]:
    """Return the commands that set the fields back; a StatefulSet leaves a pod that does not run as it is."""
    where = ("-n", snapshot.namespace)
    patches = [
        Step(kubectl=("patch", one.what, *where, "--patch", json.dumps(one.patch)))
        for one in found
        if one.patch
    ]
    sets = {one.what for one in found if one.what.startswith("statefulset/") and ".template." in one.field}
    ends = [Step(kubectl=("delete", "pod", f"{one.partition('/')[2]}-0", *where)) for one in sorted(sets)]
    return (*patches, *ends)


def of_workload(snapshot: Snapshot, tier: str) -> list[Change]:
    """Return the changes of a tier's Deployment or StatefulSet."""
    kinds = ("deployment/", "statefulset/")
    return [one for one in changes(snapshot) if one.tier == tier and one.what.startswith(kinds)]


def lead(snapshot: Snapshot, fault: Finding) -> Finding:
    """Say first what was changed by hand: as the cause where the fault has no better one."""
    found = changes(snapshot)
    if not found or fault.cause == "changed-by-hand":
        return fault
    if fault.cause in _VAGUE:
        return replace(finding(snapshot, found, *fault.evidence), soft=fault.soft)
    lines = (*(one.line for one in found), *fault.evidence)
    undo = back(snapshot, [one for one in found if one.tier == fault.tier])
    return replace(fault, evidence=lines, steps=undo if undo and fault.cause in _UNDONE else fault.steps)


def _short(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _SHOWN else f"{text[: _SHOWN - 1]}…"
