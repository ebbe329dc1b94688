"""What a database holds, in a form that can be compared: the same after a dump and a restore, else another.

PostgreSQL computes it (chart/mcapp/files/backup/fingerprint.sql), so that no row leaves its server.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from mcapp.backup import words
from mcapp.config import CHART
from mcapp.messages import Text, translate

SQL = (CHART / "files" / "backup" / "fingerprint.sql").read_text(encoding="utf-8")
# For psql -XAtq: prints the one line that `parse` takes.
BEGIN = "BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY;\n"
TRANSACTION = f"{BEGIN}{SQL}COMMIT;\n"
PARTS = ("tables", "sequences", "grants", "settings", "objects")


class Difference(NamedTuple):
    """One value that is not as expected; "" stands for a value that is missing."""

    what: str
    expected: str
    found: str

    @property
    def text(self) -> Text:
        """The difference in words."""
        return words.DIFFERENCE(what=self.what, expected=self.expected or "-", found=self.found or "-")

    def __str__(self) -> str:
        """Return the difference as programs read it."""
        return translate(self.text, "en")


@dataclass(frozen=True)
class Fingerprint:
    """The line that fingerprint.sql printed: tables, sequences, grants, settings and other objects."""

    document: Mapping[str, Any]

    @property
    def rows(self) -> dict[str, int]:
        """The number of rows of each table, by `schema.table`."""
        return {name: table["rows"] for name, table in self.document["tables"].items()}

    @property
    def content(self) -> str:
        """One digest, 64 hex digits, of all tables: their names, columns and rows."""
        return hashlib.sha256(json.dumps(self.document["tables"], sort_keys=True).encode()).hexdigest()

    @property
    def roles(self) -> set[str]:
        """Every role that owns something or has a grant or a setting: the server must know all of them."""
        granted = self.document["grants"].values()
        named = {right.rsplit(": ", 1)[0] for held in granted for right in held["rights"]}
        owners = {held["owner"] for held in granted}
        return (named | owners | set(self.document["settings"])) - {"PUBLIC", ""}

    def differences(self, found: Fingerprint, later: Fingerprint | None = None) -> list[Difference]:
        """Compare another database with this one; [] if it holds the same.

        A sequence is not part of a transaction: while others write, it runs on between two readings. With
        `later`, a sequence's value may lie anywhere between this one and that one.
        """
        expected = dict(_flat(self.document))
        seen = dict(_flat(found.document))
        until = dict(_flat(later.document)) if later else {}
        return [
            Difference(what, expected.get(what, ""), seen.get(what, ""))
            for what in sorted(expected.keys() | seen.keys())
            if expected.get(what) != seen.get(what)
            and not (what in until and _between(what, expected, seen, until))
        ]


def at_snapshot(snapshot: str) -> str:
    """Return the same transaction with the snapshot of another session."""
    return f"{BEGIN}SET TRANSACTION SNAPSHOT '{snapshot}';\n{SQL}COMMIT;\n"


def parse(line: str | bytes) -> Fingerprint:
    """Read the line that fingerprint.sql printed.

    Raises:
        ValueError: it is not one.

    """
    document = json.loads(line)
    if not isinstance(document, dict) or set(document) != set(PARTS):
        raise ValueError("not a fingerprint")
    return Fingerprint(document)


def _flat(value: Any, at: tuple[str, ...] = ()) -> Iterator[tuple[str, str]]:
    """Yield each single value with its path as text; for a list, each item with "yes"."""
    if isinstance(value, dict):
        for key, below in value.items():
            yield from _flat(below, (*at, key))
    elif isinstance(value, list) and at[-1] == "columns":
        # Their order matters: a row's values follow it.
        yield " ".join(at), ", ".join(value)
    elif isinstance(value, list):
        for item in value:
            yield " ".join((*at, item)), "yes"
    else:
        yield " ".join(at), json.dumps(value, ensure_ascii=False).strip('"')


def _between(what: str, first: Mapping[str, str], seen: Mapping[str, str], last: Mapping[str, str]) -> bool:
    if not (what.startswith("sequences ") and what.endswith(" next") and what in first and what in seen):
        return False
    low, high = sorted((int(first[what]), int(last[what])))
    return low <= int(seen[what]) <= high
