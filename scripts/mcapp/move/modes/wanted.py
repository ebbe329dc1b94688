"""Which move to another db.mode is meant, what refuses it, and the values after it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from mcapp.errors import UserError
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


def begun(deployed: Deployed, inventory: Inventory, to: str, revision: int) -> Change:
    """Return the move that is asked for; no step of it is done. UserError where it cannot be."""
    now = mode(deployed)
    if now == to:
        raise UserError(words.MODE_ALREADY(mode=to), words.NOTHING())
    if now not in MODES:
        raise UserError(words.NOT_OURS(mode=now), words.NOT_OURS_REMEDY())
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
    first = storage.existing(inventory, deployed.namespace, "", old[0])
    free = [node for node in able if first is None or first.nodes is None or node in first.nodes]
    return Change("standalone", revision, (free or able)[0], old)
