"""Who holds a lock for which the api waits: on a table or its rows, in a session or prepared."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from mcapp.doctor import words
from mcapp.doctor.checks.sql import Facts, literal, names
from mcapp.doctor.finding import Evidence, Finding, Step
from mcapp.doctor.read.snapshot import Snapshot
from mcapp.doctor.remedies import as_app, psql
from mcapp.messages import Part, Text
from mcapp.shell import Shell

# A lock that is held for less time than this may be work, which ends by itself.
_LONG_SECONDS = 2
# The same for locks on rows, which disturb nobody but who changes the same rows.
_LONG_ROWS_SECONDS = 5
_OF_ROWS = ("RowShareLock", "RowExclusiveLock")
_WAITS = frozenset({"database-locked", "timeout"})
_HIDDEN = "<insufficient privilege>"


def check(snapshot: Snapshot, facts: Facts, code: str) -> Iterator[Finding]:
    """Yield who holds a lock on a table; where the api waits for one in vain, also on rows."""
    every = facts.get("locks") or []
    tables = [one for one in every if one.get("mode") not in _OF_ROWS]
    rows = [one for one in every if one not in tables and _old(one)] if code in _WAITS else []
    for one in (tables or rows)[:1]:
        lines = tuple(_line(each) for each in [*tables, *(e for e in every if e not in tables and _old(e))])
        cause = "locked-prepared" if one.get("gid") else "locked"
        young = (one.get("seconds") or 0) < _LONG_SECONDS
        yield Finding(cause, _parts(facts, one), lines, (_end(snapshot, facts, one),), "db", soft=young)


def warn(snapshot: Snapshot, facts: Facts, typed: Callable[[Step], Shell]) -> Iterator[Text]:
    """Yield the transactions that keep rows locked for long: who changes these rows waits in vain."""
    seen = set()
    for one in facts.get("locks") or ():
        who = one.get("gid") or one.get("pid")
        if one.get("mode") not in _OF_ROWS or not _old(one) or who in seen:
            continue
        seen.add(who)
        sentence = words.ROWS_PREPARED if one.get("gid") else words.ROWS_LOCKED
        yield sentence(**_parts(facts, one), command=typed(_end(snapshot, facts, one)))


def unknown(snapshot: Snapshot) -> tuple[dict[str, Part], Step]:
    """Return the parts and the step of a lock whose holder could not be read."""
    query = (
        "SELECT pid, usename, xact_start, state, query FROM pg_stat_activity "
        "WHERE pid IN (SELECT pid FROM pg_locks WHERE locktype = 'relation') ORDER BY xact_start"
    )
    parts: dict[str, Part] = dict.fromkeys(("pid", "user", "since", "query"), "?")
    step = as_app(snapshot, query) if snapshot.external else psql(snapshot, query)
    return {"table": "app.tasks", **parts}, step


def _old(one: Facts) -> bool:
    return (one.get("seconds") or 0) >= _LONG_ROWS_SECONDS


def _parts(facts: Facts, one: Facts) -> dict[str, Part]:
    found: dict[str, Part] = {"table": f"{names(facts).schema}.{one.get('relation')}"}
    for key in ("pid", "gid", "user", "since", "query"):
        value = str(one.get(key) or "")
        found[key] = value if value and value != _HIDDEN else words.UNREADABLE()
    return found


def _line(one: Facts) -> Evidence:
    mode = f"{one.get('mode')} on {one.get('relation')}, {'granted' if one.get('granted') else 'waiting'}"
    if one.get("gid"):
        return Evidence(f"pg_prepared_xacts {one['gid']}", f"{mode}, since {one.get('since')}")
    return Evidence(f"pg_locks pid {one.get('pid')}", f"{mode}, {one.get('state')}: {one.get('query')}")


def _end(snapshot: Snapshot, facts: Facts, one: Facts) -> Step:
    if one.get("gid"):
        return psql(snapshot, f"ROLLBACK PREPARED {literal(str(one['gid']))}", facts=facts)
    statement = f"SELECT pg_terminate_backend({one.get('pid')})"
    own = (facts.get("names") or {}).get("role")
    # A role may end its own sessions.
    if snapshot.external and one.get("user") == own:
        return as_app(snapshot, statement)
    return psql(snapshot, statement, facts=facts)
