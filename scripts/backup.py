#!/usr/bin/env python3
"""Makes backups of the database, lists them, verifies them, and restores one."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from mcapp import cli
from mcapp.cli import Exit
from mcapp.data import restore as restoring
from mcapp.data.folder import Backup, Folder
from mcapp.data.server import Server, find
from mcapp.kube import Kubectl
from mcapp.messages import Problem, say

FOLDER = Path("backups")


def options(arguments: Sequence[str]) -> argparse.Namespace:
    """Parse the command line."""
    parser = cli.parser("backup.py", __doc__ or "", "python scripts/backup.py create")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    tell = {
        "create": "make a backup",
        "list": "show the backups that there are",
        "verify": "restore a backup into a throw-away database and compare it with its manifest",
        "restore": "restore a backup beside the live data, and swap the two when all of it is there",
    }
    for name, what in tell.items():
        example = f"python scripts/backup.py {name}"
        takes_one = name in ("verify", "restore")
        made = cli.subcommand(commands, name, what, example + " mcapp-20261124T030000Z" * takes_one)
        if takes_one:
            made.add_argument("backup", metavar="BACKUP", help="its name, or its path")
        if name == "restore":
            made.add_argument(
                "--drop-old", action="store_true", help="drop the old data instead of keeping them"
            )
        made.add_argument(
            "--folder",
            metavar="FOLDER",
            type=Path,
            default=FOLDER,
            help="of the backups (default: %(default)s)",
        )
        made.add_argument(
            "--output", choices=("text", "json"), default="text", help="how the result is shown"
        )
        cluster(made.add_argument_group("which release"))
    return parser.parse_args(arguments)


def cluster(group: argparse._ArgumentGroup) -> None:
    """Add the options that say which release of which cluster."""
    add = group.add_argument
    add("-n", "--namespace", default="mcapp", help="of the release (default: %(default)s)")
    add("--release", default="mcapp", help="name of the release (default: %(default)s)")
    add("--kubeconfig", metavar="FILE", default="", help="passed to kubectl")
    add("--context", default="", help="passed to kubectl")
    add("--kubectl", metavar="COMMAND", default="kubectl", help="the kubectl to call (default: %(default)s)")


def main(arguments: Sequence[str]) -> Exit:
    """Run the command; UserError for whatever the user can mend."""
    asked = options(arguments)
    try:
        return work(asked)
    except Problem as found:
        raise cli.UserError(say(found.problem, "en"), say(found.remedy, "en"), found.code) from None


def work(asked: argparse.Namespace) -> Exit:
    """Do what was asked."""
    store = Folder(asked.folder)
    if "/" in getattr(asked, "backup", ""):
        path = Path(asked.backup)
        store, asked.backup = Folder(path.parent), path.name
    if asked.command == "list":
        return listed(store.list(), asked.output)
    server = find(Kubectl(asked.kubectl, asked.kubeconfig, asked.context), asked.namespace, asked.release)
    if asked.command == "create":
        return created(store.create(server), asked.output)
    if asked.command == "verify":
        return verified(restoring.verify(store, asked.backup, server), asked.output)
    done = restoring.restore(store, asked.backup, server, drop_old=asked.drop_old)
    restoring.await_api(server)
    return restored(done, server, asked.output)


def created(backup: Backup, output: str) -> Exit:
    """Show a new backup."""
    if output == "json":
        cli.emit_json(document(backup))
        return Exit.OK
    print(f"Made {backup.where}: {backup.size / 1e6:.1f} MB, {backup.manifest.rows} rows, ", end="")
    print(f"content {backup.manifest.fingerprint.content[:12]}")
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
        print(f"The old data are kept as database {found.kept}.")
    return Exit.OK


def document(backup: Backup) -> dict[str, Any]:
    """Return a backup for machines: its manifest without the details of the fingerprint."""
    told = {key: value for key, value in backup.manifest.document.items() if key != "fingerprint"}
    made = backup.manifest.fingerprint
    return {**told, "where": backup.where, "bytes": backup.size, "rows": made.rows, "content": made.content}


if __name__ == "__main__":
    cli.run(main)
