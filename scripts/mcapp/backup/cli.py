"""Makes backups of the database, lists them, verifies them, and restores one."""

from __future__ import annotations

import argparse
from pathlib import Path

from mcapp import cli
from mcapp.backup import report, rescue, restore, words
from mcapp.backup.folder import Folder
from mcapp.backup.server import Server, find
from mcapp.backup.volume import Volume, opened
from mcapp.cli import told
from mcapp.errors import Exit, UserError
from mcapp.kube.kubectl import Kubectl
from mcapp.kube.release import mend

FOLDER = Path("backups")


def add_options(options: argparse.ArgumentParser) -> None:
    """Add the tool's commands and their options."""
    commands = options.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name, what in words.COMMANDS.items():
        takes_one = name in ("verify", "restore", "fetch")
        made = cli.subcommand(commands, name, told(what), "mcapp-20261124T030000Z" * takes_one)
        made.set_defaults(volume=name == "fetch")
        if takes_one:
            made.add_argument("backup", metavar="BACKUP", help=told(words.BACKUP))
        if name == "restore":
            made.add_argument("--drop-old", action="store_true", help=told(words.DROP_OLD))
        if name == "discard":
            made.add_argument("database", metavar="DATABASE", nargs="?", help=told(words.DATABASE))
        elif name != "rescue":
            add = made.add_mutually_exclusive_group().add_argument
            add("--folder", metavar="FOLDER", type=Path, default=FOLDER, help=told(words.FOLDER))
            if name != "fetch":
                add("--volume", action="store_true", help=told(words.VOLUME))
        cli.output_options(made)
        cli.cluster_options(made)


def work(asked: argparse.Namespace) -> Exit:
    """Do what was asked, with this machine's folder or with the volume in the cluster."""
    kubectl = Kubectl.of(asked)
    if asked.command == "list" and not asked.volume:
        return report.listed(Folder(asked.folder).list(), asked.output)
    if asked.command in ("create", "restore", "rescue"):
        mend(kubectl, asked.namespace, asked.release)
    if asked.command == "rescue":
        return report.rescued(rescue.run(kubectl, asked.namespace, asked.release), asked.output)
    server = find(kubectl, asked.namespace, asked.release)
    if asked.command == "discard":
        return discard(server, asked.database, asked.output)
    if asked.volume:
        with opened(kubectl, server) as volume:
            return with_store(asked, volume, server)
    folder, name = Folder(asked.folder), Path(getattr(asked, "backup", ""))
    if len(name.parts) > 1:
        folder, asked.backup = Folder(name.parent), name.name
    return with_store(asked, folder, server)


def with_store(asked: argparse.Namespace, store: Folder | Volume, server: Server) -> Exit:
    """Do what was asked with the backups in this store."""
    if asked.command == "list":
        return report.listed(store.list(), asked.output)
    if asked.command == "create":
        return report.created(store.create(server), asked.output)
    name = asked.backup
    if name == "latest":
        name = latest(store, server)
    if asked.command == "fetch" and isinstance(store, Volume):
        return report.created(Folder(asked.folder).take(store, name), asked.output)
    if asked.command == "verify":
        return report.verified(restore.verify(store, name, server), asked.output)
    done = restore.restore(store, name, server, drop_old=asked.drop_old)
    restore.await_api(server)
    return report.restored(done, server, asked.output)


def latest(store: Folder | Volume, server: Server) -> str:
    """Return the name of the release's newest backup: the store may hold those of other releases too."""
    release = server.release.name
    own = [one.manifest for one in store.list() if one.manifest.document["release"] == release]
    if not own:
        raise UserError(words.NO_LATEST(release=release), words.ANOTHER())
    return max(own, key=lambda manifest: str(manifest.document["created"])).name


def discard(server: Server, database: str | None, output: str) -> Exit:
    """Drop a database that a restore has kept, or show all of them."""
    kept = server.kept()
    if database and database not in kept:
        remedy = words.THERE_ARE(names=kept) if kept else words.NOT_KEPT_REMEDY()
        raise UserError(words.NOT_KEPT(database=database), remedy)
    if database:
        server.drop(database)
    return report.discarded(server.kept(), database, output)


TOOL = cli.Tool("backup", words.PURPOSE, "create", add_options, work)
