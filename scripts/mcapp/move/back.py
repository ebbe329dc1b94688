"""The ways back: before the switch a move is given up, after it the kept volume takes its place again."""

from __future__ import annotations

import time
from dataclasses import replace

from mcapp.errors import FailedError
from mcapp.move import content, pod, words, writes
from mcapp.move.state import STEPS, Move
from mcapp.move.steps import Mover
from mcapp.progress import step


def give_up(mover: Mover) -> None:
    """Leave everything as it was before a move that has not been switched."""
    with step(words.STEP_UNDO()):
        writes.allow(mover.source())
        pod.remove(mover.kubectl, mover.deployed.namespace, mover.job, mover.next_claim)
    mover.record.forget()


def returning(mover: Mover) -> Move:
    """Return the move that goes back to the volume that was kept.

    Raises FailedError where something was written since: it is not on that volume.
    """
    move = mover.move
    stopped = move.stopped
    if move.finished or move.writable:
        stopped = _require_same(mover)
    return replace(
        move,
        to=move.source,
        source=move.target,
        target=move.source,
        old=move.new,
        new=move.old,
        topology=move.was,
        was=move.topology,
        back=True,
        writable=False,
        stopped=stopped,
        done=STEPS[:4],
        claim={**move.claim, "spec": {**move.claim["spec"], "volumeName": move.old}},
    )


def _require_same(mover: Mover) -> float:
    """Let the server refuse writes, and check that it holds what it held at the switch; return since when.

    Raises FailedError if not. Then, and after any other error, it takes writes again.
    """
    source, home = mover.source(), mover.move.source
    stopped = time.time()
    try:
        writes.refuse(source)
        same = content.digest(source, source.fingerprint()) == mover.move.content
    except BaseException:
        writes.allow(source)
        raise
    if not same:
        writes.allow(source)
        raise FailedError(words.WRITTEN_SINCE(node=home), words.WRITTEN_SINCE_REMEDY(node=home))
    return stopped
