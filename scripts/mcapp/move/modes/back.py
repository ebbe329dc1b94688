"""The way back from a move to another db.mode, and the end of the old place."""

from __future__ import annotations

from dataclasses import replace

from mcapp.errors import FailedError
from mcapp.kube.volumes import set_policy
from mcapp.move import words as move_words
from mcapp.move import writes
from mcapp.move.modes import words
from mcapp.move.modes.runner import Runner


def go_back(runner: Runner) -> None:
    """Return to the old place, with what it holds. Safe to repeat after it was cut off.

    Raises FailedError where something was written since the switch: it is not there.
    """
    move = runner.move
    if move.switched and not move.back:
        if not move.content and runner.move.to == "ha" and runner.members.single() is not None:
            # Cut off right after the switch: the old server still runs, and takes no writes.
            runner.move = runner.record.save(replace(move, content=runner.digest(runner.single())))
        require_same(runner)
    runner.move = runner.record.save(replace(runner.move, back=True))
    runner.undo()
    runner.record.forget()


def require_same(runner: Runner) -> None:
    """Let the new place refuse writes, and check that it holds what it held at the switch.

    Raises FailedError if not. Then, and after any other error, it takes writes again.
    """
    found = runner.members.leader() if runner.move.to == "ha" else runner.members.single()
    if found is None:
        raise FailedError(words.NO_LEADER(), move_words.AGAIN())
    server = runner.members.server(found)
    try:
        writes.refuse(server)
        same = bool(runner.move.content) and runner.digest(server) == runner.move.content
    except BaseException:
        writes.allow(server)
        raise
    if not same:
        writes.allow(server)
        raise FailedError(words.WRITTEN_SINCE(claims=list(runner.move.old)), words.WRITTEN_SINCE_REMEDY())


def discard(runner: Runner) -> None:
    """Delete the claims that a move has kept, with their volumes, and what Patroni knew of them."""
    for name in runner.move.old:
        claim = runner.kubectl.object("pvc", name, runner.deployed.namespace)
        if claim is not None and claim["spec"].get("volumeName"):
            set_policy(runner.kubectl, claim["spec"]["volumeName"], "Delete")
    runner.remove("pvc", *runner.move.old)
    if runner.move.to == "standalone":
        runner.forget_state()
    runner.record.forget()
