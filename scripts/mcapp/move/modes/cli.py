"""`--to ha` and `--to standalone`, and their --back and --discard-old."""

from __future__ import annotations

import argparse
import os
from pathlib import Path

from mcapp.errors import Exit, FailedError, UserError
from mcapp.genvalues import valuesfile
from mcapp.genvalues import words as genvalues_words
from mcapp.genvalues.values import Result
from mcapp.kube import live
from mcapp.kube import release as helm_release
from mcapp.messages import language
from mcapp.move import words as move_words
from mcapp.move.modes import back, report, wanted, words
from mcapp.move.modes.grow import Grow
from mcapp.move.modes.runner import Runner
from mcapp.move.modes.shrink import Shrink
from mcapp.move.modes.state import Change
from mcapp.move.release import Deployed
from mcapp.move.report import result as say
from mcapp.move.state import Record

MODES = wanted.MODES
RUNNERS: dict[str, type[Runner]] = {"ha": Grow, "standalone": Shrink}


def work(
    deployed: Deployed, record: Record[Change], change: Change | None, asked: argparse.Namespace
) -> Exit:
    """Move to another db.mode, go back, or discard the claims that were kept."""
    if asked.discard_old:
        return undo(deployed, record, change, asked)
    if change is not None and change.finished and not change.back and wanted.mode(deployed) != change.to:
        remedy = words.EARLIER_REMEDY(record=deployed.object("db-mode"), namespace=deployed.namespace)
        raise FailedError(words.EARLIER(to=change.to, mode=wanted.mode(deployed)), remedy)
    if asked.back:
        return undo(deployed, record, change, asked)
    if change is not None and change.back:
        raise FailedError(words.BACK_BEGUN(), words.BACK_BEGUN_REMEDY())
    if change is not None and asked.to != change.to:
        problem = words.STILL_KEPT(claims=list(change.old)) if change.finished else None
        remedy = move_words.STILL_KEPT_REMEDY() if change.finished else move_words.BEGUN_REMEDY(to=change.to)
        raise FailedError(problem or move_words.BEGUN(to=change.to), remedy)
    kubectl, namespace = deployed.kubectl, deployed.namespace
    if change is None and not asked.dry_run:
        helm_release.settle(kubectl, namespace, deployed.name)
    inventory = live.inventory(kubectl, namespace)
    if change is None:
        wanted.require_applied_on_server(deployed)
        wanted.require_encrypted(deployed)
        last = helm_release.look(kubectl, namespace, deployed.name).last
        change = wanted.begun(deployed, inventory, asked.to, last.number if last else 0)
    values = wanted.values(deployed, inventory, change)
    report.plan(change, asked)
    if asked.dry_run:
        return say(asked, move_words.NOTHING_CHANGED(), mode=change.to, kept=list(change.old), dryRun=True)
    path = asked.values or Path(f"values-{values.values['topology']}.yaml")
    if not os.access(path.parent, os.W_OK):
        raise UserError(move_words.UNWRITABLE(file=str(path)), move_words.UNWRITABLE_REMEDY())
    if not change.done:
        record.save(change)
    runner = RUNNERS[change.to](deployed, record, change, values.values)
    return finished(runner, values, path, asked)


def finished(runner: Runner, values: Result, path: Path, asked: argparse.Namespace) -> Exit:
    """Run what is left, write the values, and show the result."""
    move = runner.run()
    head = [genvalues_words.HEAD_MADE(), genvalues_words.HEAD_AGAIN()]
    valuesfile.write(path, valuesfile.dump(values, head, language()), values.secret)
    return report.moved(move, path, asked)


def undo(
    deployed: Deployed, record: Record[Change], change: Change | None, asked: argparse.Namespace
) -> Exit:
    """Return to the claims that were kept, or delete them."""
    if change is None:
        raise UserError(move_words.NO_MOVE(), move_words.NOTHING_CHANGED())
    later = wanted.with_mode(deployed, change.to)
    runner = RUNNERS[change.to](deployed, record, change, dict(later.given))
    kept = {"mode": report.other(change), "claims": list(change.old)}
    if asked.discard_old:
        if not change.finished or change.back:
            raise UserError(move_words.NOT_DONE(to=change.to), move_words.NOT_DONE_REMEDY(to=change.to))
        if asked.dry_run:
            return say(asked, words.WOULD_DISCARD(claims=kept["claims"]), **kept, dryRun=True)
        back.discard(runner)
        return say(asked, words.DISCARDED(claims=kept["claims"]), **kept)
    if asked.dry_run:
        return say(asked, words.WOULD_RETURN(mode=kept["mode"]), **kept, dryRun=True)
    back.go_back(runner)
    return say(asked, words.RETURNED(mode=kept["mode"]), **kept)
