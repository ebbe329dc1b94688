"""The pieces of SQL in remedies: names, strings, and whom they are about."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, NamedTuple

Facts = dict[str, Any]
_PLAIN = re.compile(r"[a-z_][a-z0-9_]*")
# A session that mends something writes, whatever is read-only.
WRITES = "-c default_transaction_read_only=off"


class Names(NamedTuple):
    """The api's role, database and schema, each as SQL takes it."""

    role: str
    database: str
    schema: str


def names(facts: Mapping[str, Any], database: str = "appdb") -> Names:
    """Return the names that the facts are about."""
    told = facts.get("names") or {}
    return Names(
        identifier(told.get("role") or "app"),
        quoted(told.get("database") or database),
        identifier(told.get("schema") or "app"),
    )


def identifier(name: str) -> str:
    """Return a name as SQL takes it, in quotes only where it needs them."""
    return name if _PLAIN.fullmatch(name) else quoted(name)


def quoted(name: str) -> str:
    """Return a name in quotes."""
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    """Return a string, whatever standard_conforming_strings is."""
    found = "'" + text.replace("\\", "\\\\").replace("'", "''") + "'"
    return f"E{found}" if "\\" in text else found


def end_sessions(facts: Mapping[str, Any]) -> str:
    """Return the statement that ends the api's sessions, which keep the settings that they began with."""
    role = (facts.get("names") or {}).get("role") or "app"
    where = f"usename = {literal(role)} AND pid <> pg_backend_pid()"
    return f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE {where}"  # noqa: S608 - quoted
