"""A backup's manifest, and what makes a backup unfit to be restored on a server."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, NamedTuple

from mcapp.backup import words
from mcapp.backup.fingerprint import Fingerprint, parse
from mcapp.backup.server import Server
from mcapp.errors import FailedError
from mcapp.messages import Text, announce
from mcapp.words import WARNING

FORMAT = 1
_KEYS = {
    **dict.fromkeys(("name", "created", "release", "app", "database", "server"), str),
    **{"databaseBytes": int, "serverNumber": int, "sequencesUntil": dict},
}


class RefusedError(FailedError):
    """A FailedError: a backup cannot be used. Nothing was changed."""

    def __init__(self, name: Text | str, why: Text, remedy: Text) -> None:
        super().__init__(words.REFUSED(name=name, why=why), remedy)


@dataclass(frozen=True)
class Manifest:
    """What a backup says about itself. chart/mcapp/files/backup/backup.sql writes it."""

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
        """Raise RefusedError where the server is older, lacks a role or has no space for these data."""
        version = server.version()
        if self.document["serverNumber"] // 10000 > version // 10000:
            raise RefusedError(
                self.name,
                words.LATER_SERVER(version=self.document["server"], server=version // 10000),
                words.LATER_SERVER_REMEDY(),
            )
        if missing := self.fingerprint.roles - server.roles():
            # As one text: of a list only the first few are said, and all are needed.
            roles = ", ".join(sorted(missing))
            raise RefusedError(self.name, words.ROLES(roles=roles), words.ROLES_REMEDY())
        data = self.document["databaseBytes"]
        # What is restored is written to the WAL too, which keeps at most so much of it.
        needed, free = int(data * 1.1 + min(data, server.wal_bytes())), server.free_bytes()
        if needed > free:
            why = words.NO_SPACE(needed=f"{needed / 1e6:.0f}", free=f"{free / 1e6:.0f}")
            raise RefusedError(self.name, why, words.NO_SPACE_REMEDY())

    def refuse_for(self, server: Server) -> None:
        """Raise RefusedError where the release's api is too old for these data."""
        if _numbers(self.document["app"]) > _numbers(server.release.app):
            why = words.LATER_APP(app=self.document["app"], own=server.release.app)
            raise RefusedError(self.name, why, words.LATER_APP_REMEDY())


def read(text: str | bytes, name: Text | str) -> Manifest:
    """Read a manifest. RefusedError, which names it `name`, if it is none or its format is a later one."""
    try:
        document = json.loads(text)
        if document["format"] > FORMAT:
            why = words.LATER_FORMAT(format=str(document["format"]), known=FORMAT)
            raise RefusedError(name, why, words.LATER_FORMAT_REMEDY())
        fingerprint = parse(json.dumps(document["fingerprint"]))
        whole = all(isinstance(document[key], kind) for key, kind in _KEYS.items())
    except (ValueError, KeyError, TypeError):
        whole = False
    if not whole:
        raise RefusedError(name, words.DAMAGED(), words.ANOTHER())
    return Manifest(document, fingerprint)


class Backup(NamedTuple):
    """One backup: its folder's path ("": on the backup volume), its archive's bytes, and its manifest."""

    where: str
    size: int
    manifest: Manifest

    @property
    def place(self) -> Text | str:
        """Where it is, for a reader."""
        return self.where or words.BACKUP_VOLUME()


@contextmanager
def skipped() -> Iterator[None]:
    """Warn of a backup whose manifest cannot be read, and go on."""
    try:
        yield
    except RefusedError as error:
        announce(WARNING(what=error.problem))


def _numbers(version: str) -> list[int]:
    """Return a version's numbers, without those of a pre-release."""
    numbers = version.split("-")[0].split("+")[0].split(".")
    return [int(number) if number.isdecimal() else 0 for number in numbers]
