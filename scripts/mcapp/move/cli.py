"""Moves the database with its data to another node: a copy is verified, and then takes its place."""

from __future__ import annotations

import argparse
import os
from pathlib import Path
from typing import Any

from mcapp import cli
from mcapp.cli import told
from mcapp.errors import Exit, FailedError, UserError
from mcapp.genvalues import storage, valuesfile
from mcapp.genvalues import words as genvalues_words
from mcapp.genvalues.values import Result
from mcapp.kube import live
from mcapp.kube.inventory import Inventory, object_name
from mcapp.kube.kubectl import Kubectl
from mcapp.kube.objects import Claim, Owner
from mcapp.kube.release import settle
from mcapp.kube.words import HELM
from mcapp.messages import announce, language
from mcapp.move import back, release, report, target, volumes, words
from mcapp.move.modes import cli as modes
from mcapp.move.modes.state import Change
from mcapp.move.state import Move, Record
from mcapp.move.steps import Mover
from mcapp.options import command


def add_options(options: argparse.ArgumentParser) -> None:
    """Add the tool's options."""
    which = options.add_mutually_exclusive_group(required=True).add_argument
    which("--to", metavar="multi|single|NODE|ha|standalone", help=told(words.TO))
    which("--back", action="store_true", help=told(words.BACK))
    which("--discard-old", action="store_true", help=told(words.DISCARD_OLD))
    add = options.add_argument
    add("--dry-run", action="store_true", help=told(words.DRY_RUN))
    add("--values", metavar="FILE", type=Path, help=told(words.VALUES))
    cli.output_options(options)
    cli.cluster_options(options)
    helm = command("--helm")
    add("--helm", metavar="COMMAND", type=helm, default="helm", help=told(HELM))


def work(asked: argparse.Namespace) -> Exit:
    """Move, go back, or discard the volume that was kept."""
    kubectl = Kubectl.of(asked)
    deployed = release.find(kubectl, asked.helm, asked.namespace, asked.release)
    record = Record(kubectl, asked.namespace, deployed.object("db-move"), labels(kubectl, asked), Move)
    move = record.load()
    changes = Record(kubectl, asked.namespace, deployed.object("db-mode"), record.labels, Change)
    change = changes.load()
    if change is not None or (asked.to in modes.MODES and move is None):
        return modes.work(deployed, changes, change, asked)
    if asked.discard_old:
        return discard(kubectl, record, move, asked)
    if move is None and not asked.dry_run:
        # Somebody's upgrade in the middle of a move would undo half of it.
        settle(kubectl, asked.namespace, asked.release)
    inventory = live.inventory(kubectl, asked.namespace)
    if asked.back:
        return go_back(deployed, record, move, inventory, asked)
    if move is None:
        move = begun(deployed, inventory, asked.to)
    elif move.finished and asked.to in (move.to, move.target) and not asked.dry_run:
        # All is done, but perhaps the values were not written.
        mover, result = prepared(deployed, record, move, inventory)
        return finished(mover, result, asked)
    elif move.finished:
        problem = words.STILL_KEPT(volume=move.old, node=move.source)
        raise FailedError(problem, words.STILL_KEPT_REMEDY())
    elif asked.to not in (move.to, move.target):
        raise FailedError(words.BEGUN(to=move.to), words.BEGUN_REMEDY(to=move.to))
    mover, result = prepared(deployed, record, move, inventory)
    report.plan(move, asked)
    if asked.dry_run:
        return report.result(asked, words.NOTHING_CHANGED(), **report.places(move), dryRun=True)
    if not move.done:
        record.save(move)
    return finished(mover, result, asked)


def labels(kubectl: Kubectl, asked: argparse.Namespace) -> dict[str, str]:
    """Return the labels for the objects of a move: those of the release's database, as another component."""
    chosen = f"app.kubernetes.io/instance={asked.release},app.kubernetes.io/component=db"
    found = kubectl.select("persistentvolumeclaims,statefulsets", asked.namespace, chosen)
    own = dict(found[0]["metadata"].get("labels") or {}) if found else {}
    return {**own, "app.kubernetes.io/instance": asked.release, "app.kubernetes.io/component": "db-move"}


def begun(deployed: release.Deployed, inventory: Inventory, to: str) -> Move:
    """Return the move that is asked for; no step of it is done."""
    source = target.home(deployed, inventory)
    topology, node = target.choose(deployed, inventory, to, source)
    if inventory.nodes[source].arch != inventory.nodes[node].arch:
        problem = words.PROCESSORS(source=source, target=node)
        raise UserError(problem, words.PROCESSORS_REMEDY())
    if target.strands_backups(deployed, inventory, topology, node):
        kept = object_name(deployed.given.get("namePrefix") or "", storage.BACKUPS)
        where = {"namespace": deployed.namespace, "release": deployed.name}
        announce(words.BACKUPS_STRANDED(node=node, claim=kept, **where))
    claim = next(one for one in inventory.claims if one.name == deployed.claim)
    volume = deployed.kubectl.object("pv", claim.volume) or {"spec": {}}
    policy = volume["spec"].get("persistentVolumeReclaimPolicy", "Delete")
    was = deployed.given.get("topology") or "single"
    return Move(to, topology, source, node, claim.volume, policy=policy, was=was)


def prepared(
    deployed: release.Deployed, record: Record[Move], move: Move, inventory: Inventory
) -> tuple[Mover, Result]:
    """Return the run of a move, and the values of the place that it goes to."""
    if move.claim and all(one.name != deployed.claim for one in inventory.claims):
        # Cut off in the switch, where the claim is deleted and made again: plan with the claim to be made.
        spec = move.claim["spec"]
        size, storage = spec["resources"]["requests"]["storage"], spec.get("storageClassName", "")
        owner = Owner(deployed.namespace, deployed.name)
        inventory.claims.append(Claim(deployed.claim, owner, move.new, storage, size, move.target))
    _, result = deployed.plan(inventory, move.topology, move.target)
    db: dict[str, Any] = result.values.get("db") or {}
    hostname = release.hostname(inventory.nodes[move.target])
    made = Mover(deployed, record, move, result.values, hostname, db.get("tolerations") or [])
    return made, result


def finished(mover: Mover, result: Result, asked: argparse.Namespace) -> Exit:
    """Run what is left, write the values, and show the result."""
    path = asked.values or Path(f"values-{mover.move.topology}.yaml")
    if not os.access(path.parent, os.W_OK):
        raise UserError(words.UNWRITABLE(file=str(path)), words.UNWRITABLE_REMEDY())
    move = mover.run()
    head = [genvalues_words.HEAD_MADE(), genvalues_words.HEAD_AGAIN()]
    valuesfile.write(path, valuesfile.dump(result, head, language()), result.secret)
    return report.moved(move, path, asked)


def go_back(
    deployed: release.Deployed,
    record: Record[Move],
    move: Move | None,
    inventory: Inventory,
    asked: argparse.Namespace,
) -> Exit:
    """Return to the volume that was kept; before the switch, leave everything as it was."""
    if move is None:
        raise UserError(words.NO_MOVE(), words.NOTHING_CHANGED())
    # Without values: the node that the data would leave may be gone.
    mover = Mover(deployed, record, move, {}, "", [])
    if not move.claim:
        if asked.dry_run:
            return report.result(asked, words.WOULD_GIVE_UP(to=move.to), **report.places(move), dryRun=True)
        back.give_up(mover)
        given_up = words.GIVEN_UP(to=move.to, node=move.source)
        return report.result(asked, given_up, **report.places(move), givenUp=True)
    # A way back that was cut off goes on.
    on_its_way = move.back and not move.finished
    if asked.dry_run:
        would = words.WOULD_RETURN(node=move.target if on_its_way else move.source)
        return report.result(asked, would, **report.places(move), dryRun=True)
    if not on_its_way:
        move = record.save(back.returning(mover))
    mover, result = prepared(deployed, record, move, inventory)
    report.plan(move, asked)
    return finished(mover, result, asked)


def discard(kubectl: Kubectl, record: Record[Move], move: Move | None, asked: argparse.Namespace) -> Exit:
    """Delete the volume that a move has kept."""
    if move is None:
        raise UserError(words.NO_OLD_VOLUME(), words.NOTHING_CHANGED())
    if not move.finished:
        raise UserError(words.NOT_DONE(to=move.to), words.NOT_DONE_REMEDY(to=move.to))
    which = {"volume": move.old, "node": move.source}
    if asked.dry_run:
        return report.result(asked, words.WOULD_DISCARD(**which), **which, dryRun=True)
    volumes.discard(kubectl, move)
    record.forget()
    return report.result(asked, words.DISCARDED(**which), **which)


TOOL = cli.Tool("move", words.PURPOSE, "--to multi --dry-run", add_options, work)
