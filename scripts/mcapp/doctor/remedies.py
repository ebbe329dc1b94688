"""Commands that more than one cause is mended by."""

from __future__ import annotations

from mcapp.doctor.finding import Step
from mcapp.doctor.read.snapshot import Snapshot


def helm_upgrade(snapshot: Snapshot, *flags: str) -> Step:
    """Return the command with which Helm sets the release's objects right."""
    words = f"helm upgrade {snapshot.release} chart/mcapp -n {snapshot.namespace} --reset-then-reuse-values"
    return Step(line=" ".join((words, *flags)))


def reset_passwords(snapshot: Snapshot) -> Step:
    """Return the command that makes the Secret whole and lets db take over the passwords in it."""
    return helm_upgrade(snapshot, "--set", "db.auth.resetPasswords=true")


def helm_rollback(snapshot: Snapshot) -> Step:
    """Return the command that goes back to the revision before."""
    return Step(line=f"helm rollback {snapshot.release} -n {snapshot.namespace}")
