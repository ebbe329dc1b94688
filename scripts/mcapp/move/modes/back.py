"""The way back from a move to another db.mode, and the end of the old place."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from mcapp.errors import FailedError
from mcapp.genvalues import storage
from mcapp.kube import live
from mcapp.kube.volumes import set_policy
from mcapp.move import words as move_words
from mcapp.move import writes
from mcapp.move.modes import stops, words
from mcapp.move.modes.runner import Runner, earlier_values


def go_back(runner: Runner) -> None:
    """Return to the old place, with what it holds. Safe to repeat after it was cut off.

    Raises FailedError where something was written since the switch: it is not there.
    """
    # Before anything is changed: it fails where Helm no longer has that revision.
    earlier = earlier_values(runner)
    _require_old(runner)
    if runner.move.switched and not runner.move.back:
        require_same(runner)
    runner.move = runner.record.save(replace(runner.move, back=True))
    runner.undo(earlier)
    runner.record.forget()


def _require_old(runner: Runner) -> None:
    """Raise FailedError where no volume of the old place is left: the new place has the only data.

    PlacementError where the one server's has no node any more.
    """
    claims = [runner.kubectl.object("pvc", name, runner.deployed.namespace) for name in runner.move.old]
    volumes = [claim["spec"].get("volumeName") for claim in claims if claim is not None]
    if not any(volume and runner.kubectl.object("pv", volume) for volume in volumes):
        raise FailedError(words.OLD_GONE(claims=list(runner.move.old)), words.OLD_GONE_REMEDY())
    if runner.move.to == "ha":
        namespace = runner.deployed.namespace
        storage.existing(live.inventory(runner.kubectl, namespace), namespace, "", runner.move.old[0])


def require_same(runner: Runner) -> None:
    """Let the new place refuse writes, and check that it holds what the old one holds, or held at the switch.

    Raises FailedError if not. Then, and after any other error, it takes writes again.
    """
    grown = runner.move.to == "ha"
    new, old = runner.members.leader(), runner.members.single()
    if not grown:
        new, old = old, new
    if new is None:
        raise FailedError((words.NO_LEADER if grown else words.NO_SOURCE)(), move_words.AGAIN())
    server = runner.members.server(new)
    if stops.is_copy(server):
        # It was never promoted, so nobody wrote there.
        return
    try:
        if grown:
            # Also for a member that leads next.
            runner.members.refuse(new, "on")
        writes.refuse(server)
        # Cut off after the switch, the old place is still there, and takes no writes.
        held = runner.move.content or (runner.digest(runner.members.server(old)) if old else "")
        same = bool(held) and runner.digest(server) == held
    except BaseException:
        _allow(runner, new)
        raise
    if not same:
        _allow(runner, new)
        if not held:
            raise FailedError(words.OLD_AWAY(), words.OLD_AWAY_REMEDY())
        raise FailedError(words.WRITTEN_SINCE(claims=list(runner.move.old)), words.WRITTEN_SINCE_REMEDY())


def _allow(runner: Runner, new: dict[str, Any]) -> None:
    if runner.move.to == "ha":
        runner.members.refuse(new, None)
    writes.allow(runner.members.server(new))


def discard(runner: Runner) -> None:
    """Delete the claims that a move has kept, with their volumes, and what Patroni knew of them.

    Raises FailedError while a pod uses one of them.
    """
    if used := sorted({*runner.move.old} & set(runner.members.claims())):
        raise FailedError(words.CLAIM_USED(claims=used), words.CLAIM_USED_REMEDY())
    for name in runner.move.old:
        claim = runner.kubectl.object("pvc", name, runner.deployed.namespace)
        if claim is not None and claim["spec"].get("volumeName"):
            set_policy(runner.kubectl, claim["spec"]["volumeName"], "Delete")
    runner.remove("pvc", *runner.move.old)
    if runner.move.to == "standalone":
        runner.forget_state()
    runner.record.forget()
