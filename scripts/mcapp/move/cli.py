"""Moves the database with its data to another node: a copy is verified, and then takes its place."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path
from typing import Any

from mcapp import cli
from mcapp.errors import Exit, FailedError, UserError
from mcapp.genvalues import valuesfile, words
from mcapp.genvalues.values import Result
from mcapp.kube.inventory import Inventory
from mcapp.kube.kubectl import Kubectl
from mcapp.kube.objects import Claim, Owner
from mcapp.messages import announce
from mcapp.move import release, steps, target
from mcapp.move.state import STEPS, Move, Record
from mcapp.move.steps import Mover

TO = "multi: the node labelled for the database; single: the server; or a node's name"
BACK = "return to the volume that was kept; before the switch, give the move up"
WHAT = {
    "prepare": "make a volume on {target}; see that the image is there, and room for the data",
    "stop writes": "the server takes no writes; reads go on",
    "copy": "pg_basebackup from {source} to {target}",
    "verify": "start the copy where nobody reaches it, and compare all that it holds",
    "switch": "stop the server, give its claim the other volume, start it on {target} by Helm",
    "serve": "take writes again",
}


def add_options(options: argparse.ArgumentParser) -> None:
    """Add the tool's options."""
    which = options.add_mutually_exclusive_group(required=True).add_argument
    which("--to", metavar="multi|single|NODE", help=TO)
    which("--back", action="store_true", help=BACK)
    which("--discard-old", action="store_true", help="delete the volume that was kept")
    add = options.add_argument
    add("--dry-run", action="store_true", help="show the plan, and change nothing")
    add("--values", metavar="FILE", type=Path, help="where the new values go (default: values-TOPOLOGY.yaml)")
    cli.output_options(options)
    cli.cluster_options(options)
    add("--helm", metavar="COMMAND", default="helm", help="the helm to call (default: %(default)s)")


def work(asked: argparse.Namespace) -> Exit:
    """Move, go back, or discard what was kept."""
    kubectl = Kubectl.of(asked)
    deployed = release.find(kubectl, asked.helm, asked.namespace, asked.release)
    record = Record(kubectl, asked.namespace, deployed.object("db-move"), labels(kubectl, asked))
    move = record.load()
    if asked.discard_old:
        return discarded(kubectl, record, move, asked)
    inventory = kubectl.inventory(asked.namespace)
    if asked.back:
        return back(deployed, record, move, inventory, asked)
    if move is None:
        move = begun(deployed, inventory, asked.to)
    elif move.finished and asked.to in (move.to, move.target) and not asked.dry_run:
        # Done before, but for the values perhaps.
        mover, result = prepared(deployed, record, move, inventory)
        return finished(mover, result, asked)
    elif move.finished:
        raise FailedError(
            f"The volume of the last move ({move.old} on {move.source}) is still kept.",
            "Run this with --discard-old, or go back to it with --back.",
        )
    elif asked.to not in (move.to, move.target):
        raise FailedError(
            f"A move to {move.to} was begun.", f"Go on with --to {move.to}, or give it up with --back."
        )
    mover, result = prepared(deployed, record, move, inventory)
    show(mover, asked)
    if asked.dry_run:
        return told(asked, "Nothing was changed.", **_places(move), dryRun=True)
    if not move.done:
        record.save(move)
    return finished(mover, result, asked)


def labels(kubectl: Kubectl, asked: argparse.Namespace) -> dict[str, str]:
    """Return the labels of the release's database, for what belongs to its move."""
    chosen = f"app.kubernetes.io/instance={asked.release},app.kubernetes.io/component=db"
    found = kubectl.select("persistentvolumeclaims,statefulsets", asked.namespace, chosen)
    own = dict(found[0]["metadata"]["labels"]) if found else {}
    return {**own, "app.kubernetes.io/instance": asked.release, "app.kubernetes.io/component": "db-move"}


def begun(deployed: release.Deployed, inventory: Inventory, to: str) -> Move:
    """Return the move that is asked for, nothing of it done."""
    source = target.home(deployed, inventory)
    topology, node = target.choose(deployed, inventory, to, source)
    if inventory.nodes[source].arch != inventory.nodes[node].arch:
        raise UserError(
            f"{source} and {node} have different processors, which cannot share the server's files.",
            "Use backup.py create, a new release there, and backup.py restore.",
        )
    if target.strands_backups(deployed, inventory, topology, node):
        announce(
            f"warning: the volume of the backups is on {node}, too; with db there, their pods find no node."
            " Copy the backups first (backup.py fetch); after the move delete the claim backup-pvc, and"
            " `helm upgrade` makes another elsewhere."
        )
    claim = next(one for one in inventory.claims if one.name == deployed.claim)
    volume = deployed.kubectl.object("pv", claim.volume) or {"spec": {}}
    policy = volume["spec"].get("persistentVolumeReclaimPolicy", "Delete")
    was = deployed.given.get("topology") or "single"
    return Move(to, topology, source, node, claim.volume, policy=policy, was=was)


def prepared(
    deployed: release.Deployed, record: Record, move: Move, inventory: Inventory
) -> tuple[Mover, Result]:
    """Return the run of a move, with the values of the place it goes to."""
    if move.claim and all(one.name != deployed.claim for one in inventory.claims):
        # Cut off between two claims: as it was, and will be again.
        spec = move.claim["spec"]
        size, storage = spec["resources"]["requests"]["storage"], spec.get("storageClassName", "")
        owner = Owner(deployed.namespace, deployed.name)
        inventory.claims.append(Claim(deployed.claim, owner, move.new, storage, size, move.target))
    _, result = deployed.plan(inventory, move.topology, move.target)
    db: dict[str, Any] = result.values.get("db") or {}
    hostname = release.hostname(inventory.nodes[move.target])
    kubectl = deployed.kubectl
    made = Mover(kubectl, deployed, record, move, result.values, hostname, db.get("tolerations") or [])
    return made, result


def show(mover: Mover, asked: argparse.Namespace) -> None:
    """Show the plan: what is done already, and what is left."""
    move = mover.move
    lines = [
        f"Release {asked.release} in namespace {asked.namespace}, topology {move.was} -> {move.topology}",
        f"  from  {move.source}, volume {move.old}, which is kept until --discard-old",
        f"  to    {move.target}, " + (f"volume {move.new}" if move.new else "a volume that is made there"),
    ]
    for number, name in enumerate(STEPS, 1):
        mark = "done" if name in move.done else "    "
        lines.append(
            f"  {number} {mark} {name:12} {WHAT[name].format(source=move.source, target=move.target)}"
        )
    lines.append("Writes stop from 2 to 6, reads only while the server starts in 5.")
    # The result of a program that reads JSON is one document.
    print("\n".join(lines), flush=True, file=sys.stderr if asked.output == "json" else sys.stdout)


def told(asked: argparse.Namespace, sentence: str, **document: Any) -> Exit:
    """Show a result: a sentence, or for programs its parts."""
    if asked.output == "json":
        cli.emit_json(document)
    else:
        print(sentence)
    return Exit.OK


def finished(mover: Mover, result: Result, asked: argparse.Namespace) -> Exit:
    """Run what is left, write the values, and say what was done."""
    path = asked.values or Path(f"values-{mover.move.topology}.yaml")
    if not os.access(path.parent, os.W_OK):
        raise UserError(f"{path} cannot be written.", "Name another file with --values.")
    move = mover.run()
    head = [words.HEAD_MADE(), words.HEAD_AGAIN()]
    valuesfile.write(path, valuesfile.dump(result, head, "en"), result.secret)
    return told(
        asked,
        f"The database is on {move.target}. Writes were stopped for {move.seconds:.1f} s.\n"
        f"The values are in {path}: use them for the next helm upgrade.\n"
        f"The old volume {move.old} on {move.source} is kept: "
        "--back returns to it, --discard-old deletes it.",
        **_places(move),
        writesStoppedSeconds=move.seconds,
        values=str(path),
    )


def _places(move: Move) -> dict[str, str]:
    return {"source": move.source, "target": move.target, "topology": move.topology, "kept": move.old}


def back(
    deployed: release.Deployed,
    record: Record,
    move: Move | None,
    inventory: Inventory,
    asked: argparse.Namespace,
) -> Exit:
    """Return to the volume that was kept; before the switch, leave everything as it was."""
    if move is None:
        raise UserError("There is no move to go back from.", "Nothing was changed.")
    # Without a plan: the node that the data would leave may be gone.
    mover = Mover(deployed.kubectl, deployed, record, move, {}, "", [])
    if not move.claim:
        if asked.dry_run:
            return told(asked, f"Would give up the move to {move.to}.", **_places(move), dryRun=True)
        steps.undo(mover)
        done = f"The move to {move.to} is given up; the database is on {move.source}, as before."
        return told(asked, done, **_places(move), givenUp=True)
    # One that was cut off goes on: it is on its way back already.
    returns = move.back and not move.finished
    if asked.dry_run:
        would = move.target if returns else move.source
        sentence = f"Would return to {would}, if nothing was written since the move."
        return told(asked, sentence, **_places(move), dryRun=True)
    if not returns:
        move = record.save(steps.returned(mover))
    mover, result = prepared(deployed, record, move, inventory)
    show(mover, asked)
    return finished(mover, result, asked)


def discarded(kubectl: Kubectl, record: Record, move: Move | None, asked: argparse.Namespace) -> Exit:
    """Delete the volume that a move has kept."""
    if move is None or not move.finished:
        state = "There is no old volume." if move is None else f"The move to {move.to} is not done."
        raise UserError(
            state, "Nothing was changed." if move is None else f"Go on with --to {move.to}, or --back."
        )
    volume = f"The old volume {move.old} on {move.source}"
    if asked.dry_run:
        return told(asked, f"{volume} would be deleted.", volume=move.old, node=move.source, dryRun=True)
    steps.discard(kubectl, move)
    record.forget()
    return told(asked, f"{volume} is deleted.", volume=move.old, node=move.source)


TOOL = cli.Tool("move", __doc__ or "", "--to multi --dry-run", add_options, work)
