"""The only part that changes anything: runs a safe remedy, shown and confirmed first."""

from __future__ import annotations

import sys

from mcapp.cli import Exit, UserError
from mcapp.doctor import words
from mcapp.doctor.finding import Finding
from mcapp.doctor.report import text as tell
from mcapp.kube.kubectl import Kubectl, reason
from mcapp.messages import Lang


def mend(finding: Finding, kubectl: Kubectl, lang: Lang, *, yes: bool) -> bool:
    """Run the finding's steps if they are safe and agreed to; tell whether that was done.

    What is said goes to standard error, so that standard output stays the diagnosis alone.

    Raises:
        UserError: kubectl refuses one of them.

    """
    if not finding.safe or not all(step.kubectl for step in finding.steps):
        _say(tell.say(words.FIX_BY_HAND, lang))
        return False
    for line in tell.steps(finding, kubectl, lang):
        _say(f"  $ {line}")
    if not yes and not _agreed(lang):
        return False
    for step in finding.steps:
        done = kubectl.run(*step.kubectl)
        if done.returncode:
            why = tell.say(words.FIX_FAILED, lang, why=reason(done.stderr))
            raise UserError(why, tell.say(words.FIX_FAILED_REMEDY, lang), Exit.FAILED)
    _say(tell.say(words.FIX_DONE, lang))
    return True


def _agreed(lang: Lang) -> bool:
    if not sys.stdin.isatty():
        _say(tell.say(words.FIX_UNASKED, lang))
        return False
    sys.stderr.write(tell.say(words.FIX_ASK, lang))
    sys.stderr.flush()
    return sys.stdin.readline().strip().lower() in ("y", "yes")


def _say(line: str) -> None:
    print(line, file=sys.stderr)
