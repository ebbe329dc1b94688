"""Commands that fix more than one cause."""

from __future__ import annotations

from mcapp.doctor.finding import Step
from mcapp.doctor.read.snapshot import Snapshot


def helm_upgrade(snapshot: Snapshot, *flags: str) -> Step:
    """Return the upgrade by which Helm corrects the release's objects."""
    upgrade = f"helm upgrade {snapshot.release} chart/mcapp -n {snapshot.namespace} --reset-then-reuse-values"
    return Step(line=" ".join((upgrade, *flags)))


def reset_passwords(snapshot: Snapshot) -> Step:
    """Return the command that completes the Secret and lets db use the passwords in it."""
    return helm_upgrade(snapshot, "--set", "db.auth.resetPasswords=true")


def helm_rollback(snapshot: Snapshot) -> Step:
    """Return the command that goes back to the previous revision."""
    return Step(line=f"helm rollback {snapshot.release} -n {snapshot.namespace}")
