"""Helm's own record of the release: helm is at work, was killed at a revision, or failed."""

from __future__ import annotations

from mcapp.doctor.finding import Diagnosis, Evidence, Finding, Step
from mcapp.doctor.read.snapshot import Snapshot
from mcapp.doctor.remedies import forced, helm_rollback
from mcapp.doctor.words import HELM_FAILED, HELM_FAILED_FIRST, HELM_STUCK, HELM_WORKS, NO_HELM, ROLLING
from mcapp.kube.release import Look, Revision, mending, spoken
from mcapp.messages import Part

# What a helm that was killed explains by itself: nothing of the release was made yet, or nothing is left.
_EXPLAINED = frozenset({"release-missing"})


def judge(snapshot: Snapshot, diagnosis: Diagnosis) -> None:
    """Let a stuck release be the finding where nothing else is wrong, else a warning beside it."""
    seen = snapshot.helm
    if seen is None:
        if snapshot.manifest.why:
            diagnosis.left_out.append(NO_HELM(why=snapshot.manifest.why))
        return
    last = seen.last
    if last is None:
        return
    parts = _parts(snapshot, last)
    if last.status == "failed":
        sentence = HELM_FAILED if seen.good else HELM_FAILED_FIRST
        diagnosis.warnings.append(sentence(**parts, command=helm_rollback(snapshot).line))
    if not last.between:
        return
    if seen.stuck(snapshot.now) is None:
        diagnosis.warnings.append(HELM_WORKS(**parts))
        return
    # Nothing changes any more, whatever the objects say.
    diagnosis.warnings = [one for one in diagnosis.warnings if one != ROLLING()]
    if diagnosis.finding is None or diagnosis.finding.cause in _EXPLAINED:
        diagnosis.finding = stuck(snapshot, seen, last)
    else:
        diagnosis.warnings.append(HELM_STUCK(**parts, command=_mending(snapshot, seen)))


def stuck(snapshot: Snapshot, seen: Look, last: Revision) -> Finding:
    """Return the finding of a release that helm was killed at."""
    lines = [
        Evidence(
            f"secret/sh.helm.release.v1.{snapshot.release}.v{one.number}",
            f"status {one.status}, since {spoken(one.since)}",
        )
        for one in seen.revisions
        if one is last or one.number == seen.good
    ]
    step = Step(line=_mending(snapshot, seen))
    return Finding("release-stuck", _parts(snapshot, last), tuple(lines), (step,))


def _mending(snapshot: Snapshot, seen: Look) -> str:
    return mending(seen, snapshot.namespace, snapshot.release, *forced(snapshot))


def _parts(snapshot: Snapshot, last: Revision) -> dict[str, Part]:
    return {
        "release": snapshot.release,
        "revision": last.number,
        "status": last.status,
        "since": spoken(last.since),
    }
