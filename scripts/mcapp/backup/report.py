"""Shows what backup has done: sentences for a reader, or JSON for programs."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from mcapp import cli
from mcapp.backup import words
from mcapp.backup.manifest import Backup
from mcapp.backup.rescue import Rescued
from mcapp.backup.restore import Restored, Verified
from mcapp.backup.server import Server
from mcapp.errors import Exit
from mcapp.messages import pad, translate

# Width of each column; those of numbers are aligned to the right.
_WIDTHS = {"name": 32, "created": 21, "size": 10, "rows": 9, "content": 13, "app": 10, "server": 10}
_NUMBERS = ("size", "rows")


def created(backup: Backup, output: str) -> Exit:
    """Show a new backup."""
    if output == "json":
        cli.emit_json(document(backup))
        return Exit.OK
    made = backup.manifest
    parts = {"size": f"{backup.size / 1e6:.1f}", "content": made.fingerprint.content[:12]}
    print(translate(words.MADE(name=made.name, where=backup.place, rows=made.rows, **parts)))
    return Exit.OK


def listed(backups: list[Backup], output: str) -> Exit:
    """Show backups, one on a line."""
    if output == "json":
        cli.emit_json([document(backup) for backup in backups])
    elif not backups:
        print(translate(words.LIST_EMPTY()))
    else:
        print(_line({column: translate(title()) for column, title in words.COLUMN.items()}))
        for backup in backups:
            print(_line(_cells(backup)))
    return Exit.OK


def _cells(backup: Backup) -> dict[str, str]:
    made = backup.manifest
    return {
        "name": made.name,
        "created": made.document["created"],
        "size": f"{backup.size / 1e6:.1f} MB",
        "rows": str(made.rows),
        "content": made.fingerprint.content[:12],
        "app": made.document["app"],
        "server": made.document["server"].split()[0],
    }


def _line(cells: dict[str, str]) -> str:
    padded = (pad(cells[name], width, right=name in _NUMBERS) for name, width in _WIDTHS.items())
    return "  ".join(padded).rstrip()


def verified(found: Verified, output: str) -> Exit:
    """Show whether a backup is good."""
    made = found.backup.manifest
    if output == "json":
        differences = [str(difference) for difference in found.differences]
        cli.emit_json({**document(found.backup), "good": not differences, "differences": differences})
    elif found.differences:
        shown = (translate(difference.text) for difference in found.differences)
        print(translate(words.NOT_GOOD(name=made.name)), *shown, sep="\n  ")
    else:
        print(translate(words.GOOD(name=made.name, rows=made.rows)))
    return Exit.DIFFERS if found.differences else Exit.OK


def restored(found: Restored, server: Server, output: str) -> Exit:
    """Show what is live now, and where the old data are."""
    if output == "json":
        cli.emit_json({**document(found.backup), "kept": found.kept})
        return Exit.OK
    made = found.backup.manifest
    print(translate(words.LIVE(name=made.name, release=server.release.name, rows=made.rows)))
    if found.kept:
        where = server.release
        kept = words.KEPT(database=found.kept, namespace=where.namespace, release=where.name)
        print(translate(kept))
    return Exit.OK


def rescued(found: Rescued | None, output: str) -> Exit:
    """Show what was rescued, if anything had to be."""
    if output == "json":
        cli.emit_json({"rescued": asdict(found) if found else None})
    elif found is None:
        print(translate(words.NOTHING_TO_RESCUE()))
    else:
        print(translate(words.RESCUED(claim=found.claim, volume=found.volume, rows=found.rows)))
        print(translate(words.RESCUED_RETAIN(was=found.was, volume=found.volume)))
    return Exit.OK


def discarded(kept: list[str], dropped: str | None, output: str) -> Exit:
    """Show which database was dropped; if none, those that restores have kept."""
    if output == "json":
        cli.emit_json({"kept": kept, "dropped": [dropped] if dropped else []})
    elif dropped:
        print(translate(words.DROPPED(database=dropped)))
    else:
        print("\n".join(kept) or translate(words.KEPT_NONE()))
    return Exit.OK


def document(backup: Backup) -> dict[str, Any]:
    """Return a backup for programs: its manifest without the details of the fingerprint."""
    shown = {key: value for key, value in backup.manifest.document.items() if key != "fingerprint"}
    made, where = backup.manifest.fingerprint, translate(backup.place, "en")
    return {**shown, "where": where, "bytes": backup.size, "rows": made.rows, "content": made.content}
