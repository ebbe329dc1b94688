"""The database's claim and its two volumes: the claim changes from the old one to the new one."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from mcapp.errors import FailedError
from mcapp.genvalues.storage import CLAIM
from mcapp.kube.kubectl import Kubectl
from mcapp.kube.volumes import claim_again, is_bound, reserve, set_policy
from mcapp.move import words
from mcapp.move.release import Deployed
from mcapp.move.state import Move
from mcapp.wait import until

_BOUND_SECONDS = 20.0
_GONE_SECONDS = 120.0


def must_exist(deployed: Deployed, kind: str, name: str) -> dict[str, Any]:
    """Return one of the release's objects. FailedError if it is not there."""
    found = deployed.kubectl.object(kind, deployed.object(name), deployed.namespace)
    if found is None:
        raise FailedError(words.GONE(kind=kind, name=deployed.object(name)))
    return found


def retain_both(deployed: Deployed, move: Move, next_claim: str) -> Move:
    """Let both volumes outlive their claims; return the move with the claim as it is made again."""
    live = must_exist(deployed, "pvc", CLAIM)
    new = move.new
    if not new:
        claim = deployed.kubectl.object("pvc", next_claim, deployed.namespace) or live
        new = str(claim["spec"]["volumeName"])
    for volume in (move.old, new):
        set_policy(deployed.kubectl, volume, "Retain")
    return replace(move, new=new, claim=claim_again(live, new))


def switched(deployed: Deployed, move: Move) -> bool:
    """Whether the database's claim has the new volume already."""
    live = deployed.kubectl.object("pvc", deployed.claim, deployed.namespace)
    return live is not None and live["spec"].get("volumeName") == move.new


def switch(deployed: Deployed, move: Move) -> None:
    """Give the database's claim the new volume. No pod may use the claim or the volume.

    Raises FailedError if that is refused, or the claim is not bound.
    """
    kubectl, namespace, claim = deployed.kubectl, deployed.namespace, deployed.claim
    if not switched(deployed, move):
        within = (f"--namespace={namespace}", "--ignore-not-found")
        kubectl.must("delete", "pvc", claim, *within, "--wait=true")
        reserve(kubectl, move.new, namespace, claim)
        kubectl.apply(move.claim)
    if not until(lambda: is_bound(must_exist(deployed, "pvc", CLAIM)), _BOUND_SECONDS):
        raise FailedError(words.NOT_BOUND(claim=claim))


def discard(kubectl: Kubectl, move: Move) -> None:
    """Delete the kept volume with its data. Its StorageClass deletes a volume that has no claim.

    Raises FailedError if it is not gone after two minutes.
    """
    if kubectl.object("pv", move.old) is None:
        return
    set_policy(kubectl, move.old, "Delete")
    if not until(lambda: kubectl.object("pv", move.old) is None, _GONE_SECONDS):
        raise FailedError(
            words.VOLUME_STAYS(volume=move.old),
            words.VOLUME_STAYS_REMEDY(volume=move.old),
        )
