"""Makes backups of the database, lists them, verifies them, and restores one."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from mcapp import cli
from mcapp.backup import restore as restoring
from mcapp.backup.folder import Folder
from mcapp.backup.manifest import ANOTHER, Backup
from mcapp.backup.server import Server, find
from mcapp.backup.volume import Volume, opened
from mcapp.errors import Exit, UserError
from mcapp.kube.kubectl import Kubectl

FOLDER = Path("backups")
COMMANDS = {
    "create": "make a backup",
    "list": "show the backups that there are",
    "verify": "restore a backup into a throw-away database and compare it with its manifest",
    "restore": "restore a backup beside the live data, and swap the two when all of it is there",
    "fetch": "copy a backup from the release's backup volume to this machine",
    "discard": "show the databases that restores have kept, or drop one of them",
}
VOLUME = "use the release's backup volume (backup.enabled), not a folder of this machine"


def add_options(options: argparse.ArgumentParser) -> None:
    """Add the tool's commands and their options."""
    commands = options.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name, what in COMMANDS.items():
        takes_one = name in ("verify", "restore", "fetch")
        made = cli.subcommand(commands, name, what, "mcapp-20261124T030000Z" * takes_one)
        made.set_defaults(volume=name == "fetch")
        if takes_one:
            made.add_argument("backup", metavar="BACKUP", help="its name, its path, or `latest`")
        if name == "restore":
            made.add_argument("--drop-old", action="store_true", help="drop the old data, do not keep them")
        if name == "discard":
            made.add_argument("database", metavar="DATABASE", nargs="?", help="the one to drop")
        else:
            add = made.add_mutually_exclusive_group().add_argument
            folder = "of the backups (default: %(default)s)"
            add("--folder", metavar="FOLDER", type=Path, default=FOLDER, help=folder)
            if name != "fetch":
                add("--volume", action="store_true", help=VOLUME)
        cli.output_options(made)
        cli.cluster_options(made)


def work(asked: argparse.Namespace) -> Exit:
    """Do what was asked: with this machine's folder, or with the volume in the cluster."""
    kubectl = Kubectl.of(asked)
    if asked.command == "list" and not asked.volume:
        return listed(Folder(asked.folder).list(), asked.output)
    server = find(kubectl, asked.namespace, asked.release)
    if asked.command == "discard":
        return discarded(server, asked.database, asked.output)
    if asked.volume:
        with opened(kubectl, server) as volume:
            return with_store(asked, volume, server)
    folder, name = Folder(asked.folder), Path(getattr(asked, "backup", ""))
    if len(name.parts) > 1:
        folder, asked.backup = Folder(name.parent), name.name
    return with_store(asked, folder, server)


def with_store(asked: argparse.Namespace, store: Folder | Volume, server: Server) -> Exit:
    """Do what was asked, where the backups are."""
    if asked.command == "list":
        return listed(store.list(), asked.output)
    if asked.command == "create":
        return created(store.create(server), asked.output)
    name = asked.backup
    if name == "latest":
        name = latest(store, server)
    if asked.command == "fetch" and isinstance(store, Volume):
        return created(Folder(asked.folder).take(store, name), asked.output)
    if asked.command == "verify":
        return verified(restoring.verify(store, name, server), asked.output)
    done = restoring.restore(store, name, server, drop_old=asked.drop_old)
    restoring.await_api(server)
    return restored(done, server, asked.output)


def latest(store: Folder | Volume, server: Server) -> str:
    """Return the name of the release's newest backup; a folder may hold those of others, too."""
    whose = server.release
    own = [one.manifest for one in store.list() if one.manifest.document["release"] == whose.name]
    if not own:
        raise UserError(f"There is no backup of release {whose.name} here.", ANOTHER)
    return max(own, key=lambda manifest: str(manifest.document["created"])).name


def created(backup: Backup, output: str) -> Exit:
    """Show a new backup."""
    if output == "json":
        cli.emit_json(document(backup))
        return Exit.OK
    print(f"Made {backup.manifest.name} in {backup.where}: {backup.size / 1e6:.1f} MB, ", end="")
    print(f"{backup.manifest.rows} rows, content {backup.manifest.fingerprint.content[:12]}")
    return Exit.OK


def listed(backups: list[Backup], output: str) -> Exit:
    """Show backups, one on a line."""
    if output == "json":
        cli.emit_json([document(backup) for backup in backups])
        return Exit.OK
    if not backups:
        print("There are no backups here.")
    else:
        print(f"{'BACKUP':32} {'CREATED':21} {'SIZE':>10} {'ROWS':>9}  {'CONTENT':13} {'APP':8} POSTGRESQL")
    for backup in backups:
        made = backup.manifest
        told = made.document
        print(
            f"{made.name:32} {told['created']:21} {backup.size / 1e6:7.1f} MB {made.rows:9}"
            f"  {made.fingerprint.content[:12]:13} {told['app']:8} {told['server'].split()[0]}"
        )
    return Exit.OK


def verified(found: restoring.Verified, output: str) -> Exit:
    """Show whether a backup is good."""
    differences = [str(item) for item in found.differences]
    if output == "json":
        cli.emit_json({**document(found.backup), "good": not differences, "differences": differences})
    elif differences:
        print(f"{found.backup.manifest.name} is NOT what its manifest says:", *differences, sep="\n  ")
    else:
        print(
            f"{found.backup.manifest.name} is good: {found.backup.manifest.rows} rows restored; rows,"
            " content, sequences and grants are what its manifest says."
        )
    return Exit.DIFFERS if differences else Exit.OK


def restored(found: restoring.Restored, server: Server, output: str) -> Exit:
    """Show what is live now, and where the old data are."""
    if output == "json":
        cli.emit_json({**document(found.backup), "kept": found.kept})
        return Exit.OK
    print(f"{found.backup.manifest.name} is live in release {server.release.name}: ", end="")
    print(f"{found.backup.manifest.rows} rows.")
    if found.kept:
        print(f"The old data are kept as database {found.kept}; `backup.py discard {found.kept}` drops them.")
    return Exit.OK


def discarded(server: Server, database: str | None, output: str) -> Exit:
    """Drop a database that a restore has kept, or show all of them."""
    kept = server.kept()
    if database and database not in kept:
        there = f"There are: {', '.join(kept)}." if kept else "There is none to drop."
        raise UserError(f"No restore has kept a database {database}.", there)
    if database:
        server.drop(database)
    if output == "json":
        cli.emit_json({"kept": server.kept(), "dropped": [database] if database else []})
    elif database:
        print(f"Dropped {database}.")
    else:
        print("\n".join(kept) or "No restore has kept a database.")
    return Exit.OK


def document(backup: Backup) -> dict[str, Any]:
    """Return a backup for machines: its manifest without the details of the fingerprint."""
    told = {key: value for key, value in backup.manifest.document.items() if key != "fingerprint"}
    made = backup.manifest.fingerprint
    return {**told, "where": backup.where, "bytes": backup.size, "rows": made.rows, "content": made.content}


TOOL = cli.Tool("backup", __doc__ or "", "create", add_options, work)
