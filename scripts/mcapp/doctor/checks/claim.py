"""A claim that is being deleted under a running database: what the doctor says before all else."""

from __future__ import annotations

from collections.abc import Iterator

from mcapp.cli import called
from mcapp.doctor.finding import Diagnosis, Evidence, Finding, Step
from mcapp.doctor.read.snapshot import Object, Snapshot, name
from mcapp.doctor.words import FATE_DELETE, FATE_RETAIN, FATE_UNKNOWN, OTHER_FAULT
from mcapp.kube.pods import leaving
from mcapp.messages import Part, Text

_FATE = {"Delete": FATE_DELETE, "Retain": FATE_RETAIN}


def judge(snapshot: Snapshot, diagnosis: Diagnosis) -> None:
    """Let such a claim be the finding, whatever else is wrong; that becomes a warning."""
    found = next(check(snapshot), None)
    if found is None:
        return
    other = diagnosis.finding
    if other is not None:
        diagnosis.warnings.append(OTHER_FAULT(problem=Text(other.about.problem, other.parts)))
    diagnosis.finding = found


def check(snapshot: Snapshot) -> Iterator[Finding]:
    """Yield each claim that is being deleted while a pod of db mounts it."""
    for pod in snapshot.own("Pod", "db"):
        for wanted in snapshot.claims(pod):
            claim = snapshot.find("PersistentVolumeClaim", wanted)
            if claim is not None and leaving(claim):
                yield _finding(snapshot, pod, claim)


def _finding(snapshot: Snapshot, pod: Object, claim: Object) -> Finding:
    key = str(claim["spec"].get("volumeName", "?"))
    volume = snapshot.find("PersistentVolume", key)
    policy = str(volume["spec"].get("persistentVolumeReclaimPolicy", "?")) if volume else "?"
    parts: dict[str, Part] = {
        "claim": name(claim),
        "pod": f"pod/{name(pod)}",
        "fate": _FATE.get(policy, FATE_UNKNOWN)(volume=key),
    }
    lines = (
        Evidence(f"pvc/{name(claim)}", f"deletionTimestamp {claim['metadata']['deletionTimestamp']}"),
        Evidence(f"pod/{name(pod)}", f"mounts {name(claim)}"),
        Evidence(f"pv/{key}", f"persistentVolumeReclaimPolicy {policy}"),
    )
    return Finding("claim-deleting", parts, lines, _steps(snapshot, pod), "db")


def _steps(snapshot: Snapshot, pod: Object) -> tuple[Step, ...]:
    if name(pod) != f"{snapshot.object_name('db')}-0":
        # A member of mode ha with a claim of its own: it copies the data again from another one.
        return (Step(kubectl=("delete", "pod", name(pod), "-n", snapshot.namespace)),)
    where = f"-n {snapshot.namespace} --release {snapshot.release}"
    return (Step(line=f"{called('backup')} create {where}"), Step(line=f"{called('backup')} rescue {where}"))
