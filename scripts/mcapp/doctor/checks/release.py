"""Helm's own record of the release: helm is at work, was killed at a revision, or failed."""

from __future__ import annotations

from mcapp.doctor.finding import Diagnosis, Evidence, Finding, Step
from mcapp.doctor.read.reader import Reader
from mcapp.doctor.read.snapshot import Snapshot
from mcapp.doctor.words import HELM_FAILED, HELM_STUCK, HELM_WORKS, NO_HELM, ROLLING
from mcapp.kube.release import Look, Revision, mending, spoken
from mcapp.messages import Part

# What a helm that was killed explains by itself: nothing of the release was made yet, or nothing is left.
_EXPLAINED = frozenset({"release-missing"})


def judge(snapshot: Snapshot, reader: Reader, diagnosis: Diagnosis) -> None:
    """Let a stuck release be the finding where nothing else is wrong, else a warning beside it."""
    answer = reader.helm()
    if answer.content is None:
        if answer.why:
            diagnosis.left_out.append(NO_HELM(why=answer.why))
        return
    seen: Look = answer.content
    last = seen.last
    if last is None:
        return
    parts = _parts(snapshot, last)
    if last.status == "failed":
        diagnosis.warnings.append(
            HELM_FAILED(**parts, command=mending(seen, snapshot.namespace, snapshot.release))
        )
    if not last.between:
        return
    if seen.stuck(snapshot.now) is None:
        diagnosis.warnings.append(HELM_WORKS(**parts))
        return
    # Nothing changes any more, whatever the objects say.
    diagnosis.warnings = [one for one in diagnosis.warnings if one != ROLLING()]
    found = stuck(snapshot, seen)
    if diagnosis.finding is None or diagnosis.finding.cause in _EXPLAINED:
        diagnosis.finding = found
    else:
        command = mending(seen, snapshot.namespace, snapshot.release)
        diagnosis.warnings.append(HELM_STUCK(**parts, command=command))


def stuck(snapshot: Snapshot, seen: Look) -> Finding:
    """Return the finding of a release that helm was killed at."""
    last = seen.last
    if last is None:
        raise ValueError("a release without a revision is not stuck")
    lines = [
        Evidence(
            f"secret/sh.helm.release.v1.{snapshot.release}.v{one.number}",
            f"status {one.status}, since {spoken(one.since)}",
        )
        for one in seen.revisions
        if one is last or one.number == seen.good
    ]
    command = Step(line=mending(seen, snapshot.namespace, snapshot.release))
    return Finding("release-stuck", _parts(snapshot, last), tuple(lines), (command,))


def _parts(snapshot: Snapshot, last: Revision) -> dict[str, Part]:
    return {
        "release": snapshot.release,
        "revision": last.number,
        "status": last.status,
        "since": spoken(last.since),
    }
