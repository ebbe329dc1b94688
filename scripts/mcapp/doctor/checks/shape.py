"""What somebody has changed on the api's tables: columns, constraints, triggers, rules, row security, ids."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from mcapp.doctor import words
from mcapp.doctor.checks import columns, own
from mcapp.doctor.checks.sql import Facts, identifier, literal, names
from mcapp.doctor.finding import Evidence, Finding, Step
from mcapp.doctor.read.snapshot import Snapshot
from mcapp.doctor.remedies import psql
from mcapp.messages import Text
from mcapp.shell import Shell

# The api's step with a task -> what it does to the rows.
_EVENTS = {"write": "insert", "change": "update", "remove": "delete"}
_CODES = frozenset({"schema", "other", "internal-error", "task-deleted", "not-found", "key-reused"})
_TRIGGERED = _CODES | {"timeout", "table-missing", "permission-denied", "database-locked", "read-only"}
_NAMED = re.compile(r'"([^"]+)"')


class Change(NamedTuple):
    """One change: the table, what it is, what was read, the statements that undo it.

    `refuses`: it lets some values in and keeps others out, so that it is the cause only where it is named.
    """

    table: str
    name: str
    what: Text
    line: str
    undo: tuple[str, ...]
    codes: frozenset[str] = _CODES
    refuses: bool = False


def check(snapshot: Snapshot, facts: Facts, told: tuple[str, str, str]) -> Iterator[Finding]:
    """Yield the changes that explain what the api says: its code, its reason, its step with a task."""
    code, why, step = told
    named = set(_NAMED.findall(why))
    found = [one for one in changes(facts, _EVENTS.get(step, "")) if code in one.codes]
    # PostgreSQL names a constraint or a column that refuses a row.
    sure = [one for one in found if one.name in named] or [one for one in found if not one.refuses]
    for one in sure:
        lines = [Evidence(f"{each.table} {each.name}", each.line) for each in (one, *sure)]
        parts: dict[str, str | Text] = {"table": f"{names(facts).schema}.{one.table}", "what": one.what}
        undo = psql(snapshot, *one.undo, facts=facts) if one.undo else None
        yield Finding(
            "table-changed",
            parts,
            tuple(dict.fromkeys(lines)),
            (undo,) if undo else columns.restored(snapshot),
            "db",
        )


def warn(snapshot: Snapshot, facts: Facts, typed: Callable[[Step], Shell]) -> Iterator[Text]:
    """Yield every change that a command undoes: it disturbs some requests only, or may be meant."""
    for one in changes(facts, ""):
        if one.undo:
            command = typed(psql(snapshot, *one.undo, facts=facts))
            yield words.TABLE_ODD(table=f"{names(facts).schema}.{one.table}", what=one.what, command=command)


def changes(facts: Facts, event: str) -> Iterator[Change]:
    """Yield every change of the tables; triggers only of one event, or of none."""
    shape: Facts = facts.get("shape") or {}
    newest = (facts.get("content") or {}).get("migration")
    if newest is not None and newest > own.MIGRATION:
        return
    schema = names(facts).schema
    for table, told in shape.items():
        at = f"{schema}.{table}"
        yield from (Change(table, *found) for found in columns.check(schema, table, told))
        yield from _constraints(table, schema, told)
        yield from _security(table, at, told)
        yield from _triggers(table, schema, told, event)
        yield from _rules(table, at, told)
    if "tasks" in shape:
        yield from _ids(schema, shape["tasks"].get("sequence") or {}, facts)
    if {"tasks", "schema_migrations"} <= shape.keys() and "content" in facts and newest is None:
        undo, what = (own.RECORD.format(schema=schema),), words.RECORD_GONE()
        yield Change("schema_migrations", "version", what, "no row", undo)


def _constraints(table: str, schema: str, told: Facts) -> Iterator[Change]:
    every: list[Any] = told.get("constraints") or []
    # Without it no row is told from another by its key; what the others keep out the api does not send.
    if table == "idempotency_keys" and "idempotency_keys_pkey" not in [one.get("name") for one in every]:
        add = f"ALTER TABLE {schema}.{table} ADD PRIMARY KEY (key)"
        yield Change(table, "idempotency_keys_pkey", words.KEY_GONE(), "no primary key", (add,))
    if table == "tasks" and "tasks_pkey" not in [one.get("name") for one in every]:
        add = f"ALTER TABLE {schema}.{table} ADD PRIMARY KEY (id)"
        yield Change(table, "tasks_pkey", words.KEY_GONE(), "no primary key", (add,), frozenset())
    for one in every:
        name, definition = str(one.get("name")), str(one.get("definition"))
        if own.CONSTRAINTS.get(name) != definition:
            on = f"{identifier(str(one.get('schema')))}.{identifier(str(one.get('on')))}"
            drop = f"ALTER TABLE {on} DROP CONSTRAINT {identifier(name)}"
            what = words.CONSTRAINT(name=name, definition=definition)
            yield Change(table, name, what, definition, (drop,), refuses=True)
    for one in told.get("indexes") or ():
        name, definition = str(one.get("name")), str(one.get("definition"))
        what = words.UNIQUE_INDEX(name=name, definition=definition)
        yield Change(
            table, name, what, definition, (f"DROP INDEX {schema}.{identifier(name)}",), refuses=True
        )


def _security(table: str, at: str, told: Facts) -> Iterator[Change]:
    if not told.get("secured"):
        return
    policies = told.get("policies") or []
    what = words.SECURED(policies=policies) if policies else words.SECURED_ALL()
    off = f"ALTER TABLE {at} DISABLE ROW LEVEL SECURITY"
    undo = (f"ALTER TABLE {at} NO FORCE ROW LEVEL SECURITY", off) if told.get("forced") else (off,)
    codes = _CODES | {"permission-denied"}
    line = f"row-level security, policies: {', '.join(policies) or 'none'}"
    yield Change(table, table, what, line, undo, codes)


def _triggers(table: str, schema: str, told: Facts, event: str) -> Iterator[Change]:
    every: list[Any] = told.get("triggers") or []
    for one in every:
        name = str(one.get("name"))
        if (table, name) == ("tasks", own.TRIGGER) or not one.get("on"):
            continue
        if event and not one.get(event):
            continue
        events = [each for each in _EVENTS.values() if one.get(each)]
        what = words.TRIGGER(name=name, function=str(one.get("function")), events=events)
        off = f"ALTER TABLE {schema}.{table} DISABLE TRIGGER {identifier(name)}"
        yield Change(table, name, what, str(one.get("definition")), (off,), _TRIGGERED)
    if table == "tasks" and event in ("", "update"):
        yield from _own_trigger(table, schema, next((o for o in every if o.get("name") == own.TRIGGER), None))


def _own_trigger(table: str, schema: str, one: Facts | None) -> Iterator[Change]:
    what, line = words.OWN_TRIGGER(name=own.TRIGGER), str((one or {}).get("definition", "missing"))
    on = f"ALTER TABLE {schema}.{table} ENABLE TRIGGER {own.TRIGGER}"
    if one is None:
        undo = tuple(made.format(schema=schema) for made in (own.MAKE_FUNCTION, own.MAKE_TRIGGER))
        yield Change(table, own.TRIGGER, what, line, undo)
    elif not one.get("on"):
        yield Change(table, own.TRIGGER, what, f"disabled: {line}", (on,))
    elif " ".join(str(one.get("source")).split()) != own.FUNCTION:
        undo = (own.MAKE_FUNCTION.format(schema=schema),)
        what = words.OWN_FUNCTION(name=own.TRIGGER)
        yield Change(table, own.TRIGGER, what, " ".join(str(one.get("source")).split()), undo, _TRIGGERED)


def _rules(table: str, at: str, told: Facts) -> Iterator[Change]:
    for one in told.get("rules") or ():
        if one.get("on"):
            name, definition = str(one.get("name")), " ".join(str(one.get("definition")).split())
            off = f"ALTER TABLE {at} DISABLE RULE {identifier(name)}"
            yield Change(table, name, words.RULE(name=name, definition=definition), definition, (off,))


def _ids(schema: str, sequence: Facts, facts: Facts) -> Iterator[Change]:
    name, last = str(sequence.get("name")), sequence.get("last")
    biggest = (facts.get("content") or {}).get("biggest") or 0
    at = f"{schema}.{identifier(name)}"
    if not sequence:
        return
    line = f"last value {last}, biggest id {biggest}, end {sequence.get('biggest')}"
    if max(last or 0, biggest) >= sequence.get("biggest", 0) and not sequence.get("cycles"):
        what = words.IDS_USED_UP(name=name, end=str(sequence.get("biggest")))
        yield Change("tasks", name, what, line, (f"ALTER SEQUENCE {at} NO MAXVALUE",))
    elif biggest > (last or sequence.get("first", 1) - 1):
        what = words.IDS_BEHIND(name=name, last=str(last), biggest=str(biggest))
        ahead = f"SELECT setval({literal(at)}, {biggest})"
        yield Change("tasks", name, what, line, (ahead,))
