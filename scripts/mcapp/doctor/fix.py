"""The only part that changes anything: runs a safe remedy, shown and confirmed first."""

from __future__ import annotations

import sys

from mcapp.doctor import words
from mcapp.doctor.finding import Finding
from mcapp.doctor.report import text
from mcapp.errors import FailedError
from mcapp.kube.kubectl import Kubectl, reason
from mcapp.messages import announce, language, translate


def fix(finding: Finding, kubectl: Kubectl, *, yes: bool) -> bool:
    """Run the finding's steps if they are safe and the user agrees; tell whether they were run.

    Messages go to standard error, so that standard output holds only the diagnosis.

    Raises:
        FailedError: kubectl refuses one of them.

    """
    if not finding.safe or not all(step.kubectl for step in finding.steps):
        announce(words.FIX_BY_HAND())
        return False
    for line in text.steps(finding, kubectl, language()):
        announce(f"  $ {line}")
    if not yes and not _agreed():
        return False
    for step in finding.steps:
        done = kubectl.run(*step.kubectl)
        if done.returncode:
            why = words.FIX_FAILED(why=reason(done))
            raise FailedError(why, words.FIX_FAILED_REMEDY())
    announce(words.FIX_DONE())
    return True


def _agreed() -> bool:
    if not sys.stdin.isatty():
        announce(words.FIX_UNASKED())
        return False
    sys.stderr.write(translate(words.FIX_ASK()))
    sys.stderr.flush()
    return sys.stdin.readline().strip().lower() in ("y", "yes")
