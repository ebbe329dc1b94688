"""A backup's manifest, and what makes a backup unfit to be restored on a server."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, NamedTuple

from mcapp.backup.fingerprint import Fingerprint, parse
from mcapp.backup.server import Server
from mcapp.errors import FailedError
from mcapp.messages import announce

FORMAT = 1
ANOTHER = "Take another backup; `python scripts/backup.py list` shows them."
_KEYS = {
    **dict.fromkeys(("name", "created", "release", "app", "database", "server"), str),
    **{"databaseBytes": int, "serverNumber": int, "sequencesUntil": dict},
}


class RefusedError(FailedError):
    """A backup that is not restored; nothing was changed."""

    def __init__(self, name: str, why: str, remedy: str) -> None:
        super().__init__(f"Backup {name} is refused: {why}. Nothing was changed.", remedy)


@dataclass(frozen=True)
class Manifest:
    """What a backup tells of itself: chart/mcapp/files/backup/backup.sql writes it."""

    document: Mapping[str, Any]
    fingerprint: Fingerprint

    @property
    def name(self) -> str:
        """The release and the time, such as mcapp-20261124T030000Z."""
        return str(self.document["name"])

    @property
    def rows(self) -> int:
        """The number of rows of all tables."""
        return sum(self.fingerprint.rows.values())

    @property
    def until(self) -> Fingerprint:
        """The fingerprint with its sequences as they were when the dump was made."""
        sequences = {
            name: {**sequence, "next": self.document["sequencesUntil"].get(name, sequence["next"])}
            for name, sequence in self.fingerprint.document["sequences"].items()
        }
        return Fingerprint({**self.fingerprint.document, "sequences": sequences})

    def refuse_on(self, server: Server) -> None:
        """Raise RefusedError where the server is older, lacks a role or has no room for these data."""
        version = server.version()
        if self.document["serverNumber"] // 10000 > version // 10000:
            raise RefusedError(
                self.name,
                f"it is of PostgreSQL {self.document['server']}, and this server is {version // 10000}",
                "Restore it on a server of that version or a later one.",
            )
        if missing := self.fingerprint.roles - server.roles():
            raise RefusedError(
                self.name,
                f"the server does not know the roles {', '.join(sorted(missing))}",
                "Create them (CREATE ROLE ...), and run this again.",
            )
        data = self.document["databaseBytes"]
        # What is restored is written to the WAL as well, of which so much may stay.
        needed, free = int(data * 1.1 + min(data, server.wal_bytes())), server.free_bytes()
        if needed > free:
            raise RefusedError(
                self.name,
                f"it needs {needed / 1e6:.0f} MB beside the live data, and {free / 1e6:.0f} MB are free",
                "Make room on the database's volume.",
            )

    def refuse_for(self, server: Server) -> None:
        """Raise RefusedError where the release's api would not understand these data: it is older."""
        if _numbers(self.document["app"]) > _numbers(server.release.app):
            raise RefusedError(
                self.name,
                f"it is of version {self.document['app']} of the app, the release of {server.release.app}",
                "Upgrade the release first (helm upgrade), and run this again.",
            )


def read(text: str | bytes, name: str) -> Manifest:
    """Read a manifest. RefusedError if it is none, or one of a later format."""
    try:
        document = json.loads(text)
        if document["format"] > FORMAT:
            raise RefusedError(
                name,
                f"its format is {document['format']}, and this version knows up to {FORMAT}",
                "Use the version of these scripts that made it, or a later one.",
            )
        fingerprint = parse(json.dumps(document["fingerprint"]))
        whole = all(isinstance(document[key], kind) for key, kind in _KEYS.items())
    except (ValueError, KeyError, TypeError):
        whole = False
    if not whole:
        raise RefusedError(name, "its manifest is damaged", ANOTHER)
    return Manifest(document, fingerprint)


class Backup(NamedTuple):
    """One backup: where it is, the bytes of its archive, and its manifest."""

    where: str
    size: int
    manifest: Manifest


@contextmanager
def skipped() -> Iterator[None]:
    """Say so where a backup's manifest cannot be read, and go on."""
    try:
        yield
    except RefusedError as error:
        announce(f"warning: {error.problem}")


def _numbers(version: str) -> list[int]:
    """Return a version's numbers, those of a pre-release left out."""
    numbers = version.split("-")[0].split("+")[0].split(".")
    return [int(number) if number.isdecimal() else 0 for number in numbers]
