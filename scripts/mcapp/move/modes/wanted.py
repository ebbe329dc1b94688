"""Which move to another db.mode is meant, what refuses it, and the values after it."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from mcapp.errors import PlacementError, UserError
from mcapp.genvalues import storage
from mcapp.genvalues.values import Result, effective
from mcapp.kube.inventory import Inventory
from mcapp.move.modes import words
from mcapp.move.modes.state import Change
from mcapp.move.release import Deployed

MODES = ("ha", "standalone")


def mode(deployed: Deployed) -> str:
    """Return the db.mode of a release."""
    return str(effective(dict(deployed.given))["db"]["mode"])


def with_mode(deployed: Deployed, to: str) -> Deployed:
    """Return the release with the values of another mode, of which nothing else is changed."""
    db: dict[str, Any] = dict(deployed.given.get("db") or {})
    several = {key: value for key, value in (db.get("ha") or {}).items() if key != "follow"}
    rest = {key: value for key, value in db.items() if key not in ("ha", "mode")}
    if to == "standalone" and "auth" in rest:
        # One server has no role that copies.
        rest["auth"] = {key: value for key, value in rest["auth"].items() if key != "replicationPassword"}
    changed = {**rest, **({"ha": several} if several else {}), "mode": to}
    return replace(deployed, given={**deployed.given, "db": changed})


def values(deployed: Deployed, inventory: Inventory, change: Change) -> Result:
    """Return the values after the move, as genvalues makes them."""
    later = with_mode(deployed, change.to)
    if change.to == "ha":
        return later.plan(inventory, "multi", "")[1]
    topology = str(effective(dict(deployed.given))["topology"])
    return later.plan(inventory, topology, change.node)[1]


def require_applied_on_server(deployed: Deployed) -> None:
    """Raise UserError where Helm does not apply on the server, which alone knows whose field is whose.

    A move sets some fields together with Helm, and then leaves them to it.
    """
    about = json.loads(deployed.helm("get", "metadata", deployed.name, "--output=json"))
    if about.get("applyMethod") != "ssa":
        remedy = words.CLIENT_SIDE_REMEDY(release=deployed.name)
        raise UserError(words.CLIENT_SIDE(release=deployed.name), remedy)


def require_encrypted(deployed: Deployed) -> None:
    """Raise UserError where the servers have no certificate, and those after the move would ask for one."""
    live = deployed.kubectl.object("statefulset", deployed.object("db"), deployed.namespace) or {}
    known = "mcapp/tls" in (live.get("metadata", {}).get("annotations") or {})
    if not known and effective(dict(deployed.given))["db"]["tls"]["mode"] not in ("off", False):
        raise UserError(words.NOT_ENCRYPTED(), words.NOT_ENCRYPTED_REMEDY(release=deployed.name))


def begun(deployed: Deployed, inventory: Inventory, to: str, revision: int) -> Change:
    """Return the move that is asked for; no step of it is done. UserError where it cannot be."""
    now = mode(deployed)
    if now == to:
        raise UserError(words.MODE_ALREADY(mode=to), words.NOTHING())
    if now not in MODES:
        raise UserError(words.NOT_OURS(mode=now), words.NOT_OURS_REMEDY())
    if effective(dict(deployed.given))["db"]["auth"]["resetPasswords"]:
        raise UserError(words.RESETS(), words.RESETS_REMEDY())
    return _grown(deployed, inventory, revision) if to == "ha" else _shrunk(deployed, inventory, revision)


def _grown(deployed: Deployed, inventory: Inventory, revision: int) -> Change:
    prefix = deployed.given.get("namePrefix") or ""
    data = storage.existing(inventory, deployed.namespace, prefix)
    if data is None:
        raise UserError(words.NO_DATA(release=deployed.name), words.NO_DATA_REMEDY())
    if left := storage.member_claim(inventory, deployed.namespace, prefix):
        remedy = words.CLAIM_LEFT_REMEDY(claim=left, namespace=deployed.namespace)
        raise UserError(words.CLAIM_LEFT(claim=left), remedy)
    later = with_mode(deployed, "ha")
    ha = effective(dict(later.given))["db"]["ha"]
    able = later.plan(inventory, "multi", "")[0].nodes["db"]
    if ha["antiAffinity"] == "required" and len(able) < ha["members"]:
        raise UserError(words.FEW_NODES(members=ha["members"], nodes=able), words.FEW_NODES_REMEDY())
    node = next(iter(sorted(data.nodes or ())), "")
    return Change("ha", revision, node, (data.claim.name,))


def _shrunk(deployed: Deployed, inventory: Inventory, revision: int) -> Change:
    prefix = deployed.given.get("namePrefix") or ""
    if storage.existing(inventory, deployed.namespace, prefix):
        claim = deployed.object(storage.CLAIM)
        remedy = words.CLAIM_LEFT_REMEDY(claim=claim, namespace=deployed.namespace)
        raise UserError(words.CLAIM_LEFT(claim=claim), remedy)
    stem = f"data-{deployed.object('db')}-"
    claims = [one.name for one in inventory.claims if one.owner.namespace == deployed.namespace]
    numbers = {name: name.removeprefix(stem) for name in claims if name.startswith(stem)}
    old = tuple(sorted(name for name, number in numbers.items() if number.isdigit()))
    if not old:
        raise UserError(words.NO_DATA(release=deployed.name), words.NO_DATA_REMEDY())
    topology = str(effective(dict(deployed.given))["topology"])
    able = with_mode(deployed, "standalone").plan(inventory, topology, "")[0].nodes["db"]
    # The first member gives its place away, with its name: the others keep their nodes for themselves.
    first = _nodes(deployed, inventory, old[0])
    taken = {node for name in old[1:] for node in _nodes(deployed, inventory, name)}
    free = [node for node in able if node in first] or [node for node in able if node not in taken]
    return Change("standalone", revision, (free or able)[0], old)


def _nodes(deployed: Deployed, inventory: Inventory, claim: str) -> frozenset[str]:
    """Return the nodes to which a claim's volume is bound; none where any will do, or its node is gone."""
    try:
        data = storage.existing(inventory, deployed.namespace, "", claim)
    except PlacementError:
        return frozenset()
    return (data.nodes if data else None) or frozenset()
