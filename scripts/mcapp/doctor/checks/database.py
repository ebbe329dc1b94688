"""Why the api cannot use its tasks, found in PostgreSQL itself: locks, tables, rights, limits, settings."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

from mcapp.cli import called
from mcapp.doctor import words
from mcapp.doctor.finding import Evidence, Finding, Step
from mcapp.doctor.read.snapshot import Snapshot
from mcapp.doctor.remedies import as_app, database_name, psql

Facts = dict[str, Any]
_TABLES = "tables of app"
# A lock that is held for less time than this may be work, which ends by itself.
_LONG_SECONDS = 2
_APP_ENDS = (
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'app' AND pid <> pg_backend_pid()"
)
# Who holds connections.
HOLDERS = (
    "SELECT application_name, usename, client_addr, count(*) FROM pg_stat_activity "
    "GROUP BY 1, 2, 3 ORDER BY 4 DESC"
)
# Whatever is read-only, the session that mends it writes.
_WRITES = "-c default_transaction_read_only=off"
# The api's code for a fault -> the cause that explains it best.
_BEST = {
    "database-locked": "locked",
    "timeout": "locked",
    "table-missing": "table-missing",
    "permission-denied": "db-permission",
    "forbidden": "db-permission",
    "read-only": "read-only-role",
    "connection-limit": "connection-limit",
    "busy": "connection-limit",
    "login-disabled": "login-disabled",
    "password": "login-disabled",
}


def explain(snapshot: Snapshot, code: str, facts: Facts) -> Finding | None:
    """Return the fault that the facts show; where they show several, the one that the api's code is about."""
    every: tuple[Callable[[Snapshot, Facts], Iterator[Finding]], ...] = (
        *(_login, _limits, _tables, _rights, _read_only),
        _locks,
    )
    found = [one for look in every for one in look(snapshot, facts)]
    best = [one for one in found if one.cause == _BEST.get(code)]
    return next(iter((*best, *found)), None)


def _login(snapshot: Snapshot, facts: Facts) -> Iterator[Finding]:
    role, database = facts.get("role"), facts.get("database") or {}
    line = Evidence("pg_roles", f"app: {json.dumps(role)}")
    if role and not role.get("login", True):
        step = psql(snapshot, "ALTER ROLE app LOGIN")
        yield _finding("login-disabled", {"why": "NOLOGIN"}, (line,), step)
    if role and role.get("expired"):
        step = psql(snapshot, "ALTER ROLE app VALID UNTIL 'infinity'")
        yield _finding("login-disabled", {"why": f"VALID UNTIL {role.get('until')}"}, (line,), step)
    if database and not database.get("open", True):
        step = psql(snapshot, f"ALTER DATABASE {_own(snapshot)} ALLOW_CONNECTIONS true", database="postgres")
        line = Evidence("pg_database", json.dumps(database))
        yield _finding("login-disabled", {"why": "ALLOW_CONNECTIONS false"}, (line,), step)


def _limits(snapshot: Snapshot, facts: Facts) -> Iterator[Finding]:
    kinds = (
        ("role", words.ROLE_APP, "ROLE app"),
        ("database", words.THE_DATABASE, f"DATABASE {_own(snapshot)}"),
    )
    for key, title, subject in kinds:
        told = facts.get(key) or {}
        limit, used = told.get("limit", -1), told.get("used", 0)
        # The api's own connections may have ended since: a limit below what it needs stays one.
        if 0 <= limit <= max(used, _pool(snapshot)):
            line = Evidence(f"CONNECTION LIMIT of {subject}", f"{limit}, in use {used}")
            step = psql(snapshot, f"ALTER {subject} CONNECTION LIMIT -1", database="postgres")
            parts = {"what": title(), "limit": limit, "used": used}
            yield _finding("connection-limit", parts, (line,), step)
    every = facts.get("connections") or {}
    if every and every.get("used", 0) >= every.get("limit", 0) - every.get("reserved", 0):
        line = Evidence("max_connections", f"{every.get('limit')}, in use {every.get('used')}")
        yield _finding("db-connections", {}, (line,), psql(snapshot, HOLDERS))


def _pool(snapshot: Snapshot) -> int:
    """Return how many connections the api keeps open in all its pods, one to watch in each included."""
    pods = snapshot.pods("api")
    size = 1
    for pod in pods[:1]:
        for one in (pod.get("spec") or {}).get("containers") or ():
            sizes = [e.get("value") for e in one.get("env") or () if e.get("name") == "MCAPP_POOL_SIZE"]
            size += int(next((value for value in sizes if str(value).isdigit()), 0) or 0)
    return size * len(pods)


def _tables(snapshot: Snapshot, facts: Facts) -> Iterator[Finding]:
    tables = facts.get("tables")
    if tables is None:
        return
    missing = [f"app.{key}" for key, there in tables.items() if not there]
    if not missing:
        return
    steps: tuple[Step, ...]
    others, renamed = facts.get("schemas") or [], facts.get("renamed")
    line = Evidence(_TABLES, f"missing: {', '.join(missing)}; schemas with these tables: {others or 'none'}")
    if not facts.get("schema") and len(others) == 1:
        steps = (psql(snapshot, f"ALTER SCHEMA {_quoted(others[0])} RENAME TO app"),)
    elif renamed and "app.tasks" in missing:
        line = Evidence(
            _TABLES, f"missing: {', '.join(missing)}; the sequence of app.tasks belongs to {renamed}"
        )
        steps = (psql(snapshot, f"ALTER TABLE app.{_quoted(renamed)} RENAME TO tasks"),)
    else:
        where = f"-n {snapshot.namespace} --release {snapshot.release}"
        tool = called("backup")
        steps = (Step(line=f"{tool} list {where}"), Step(line=f"{tool} restore latest {where}"))
    yield _finding("table-missing", {"tables": missing}, (line,), *steps)


def _rights(snapshot: Snapshot, facts: Facts) -> Iterator[Finding]:
    lacks = [
        f"{', '.join(there['lacks'])} on app.{key}" for key, there in _there(facts) if there.get("lacks")
    ]
    if facts.get("schema") and not facts["schema"].get("usage", True):
        lacks.insert(0, "USAGE on schema app")
    if not (facts.get("database") or {}).get("connect", True):
        lacks.insert(0, "CONNECT on the database")
    if lacks:
        grants = (
            f"GRANT CONNECT ON DATABASE {_own(snapshot)} TO app",
            "GRANT ALL ON SCHEMA app TO app",
            "GRANT ALL ON ALL TABLES IN SCHEMA app TO app",
            "GRANT ALL ON ALL SEQUENCES IN SCHEMA app TO app",
        )
        line = Evidence("rights of app", f"lacks {'; '.join(lacks)}")
        why = f"the role app lacks {'; '.join(lacks)}"
        yield _finding("db-permission", {"why": why}, (line,), psql(snapshot, *grants))


def _there(facts: Facts) -> list[tuple[str, Facts]]:
    return [(key, there) for key, there in (facts.get("tables") or {}).items() if there]


def _read_only(snapshot: Snapshot, facts: Facts) -> Iterator[Finding]:
    for one in facts.get("read_only") or ():
        place = (bool(one.get("role")), bool(one.get("database")))
        subject, reset = {
            (True, True): (words.ROLE_IN_DATABASE, f"ALTER ROLE app IN DATABASE {_own(snapshot)} RESET"),
            (True, False): (words.ROLE_APP, "ALTER ROLE app RESET"),
            (False, True): (words.THE_DATABASE, f"ALTER DATABASE {_own(snapshot)} RESET"),
            (False, False): (words.THE_SERVER, "ALTER SYSTEM RESET"),
        }[place]
        reload = ["SELECT pg_reload_conf()"] if not any(place) else []
        # The api's sessions keep what they began with.
        statements = [f"{reset} default_transaction_read_only", *reload, _APP_ENDS]
        line = Evidence(
            "pg_db_role_setting" if any(place) else "pg_settings", f"{subject.en}: {one.get('setting')}"
        )
        parts = {"setting": str(one.get("setting")), "subject": subject()}
        step = psql(snapshot, *statements, options=_WRITES)
        yield _finding("read-only-role", parts, (line,), step)


def _locks(snapshot: Snapshot, facts: Facts) -> Iterator[Finding]:
    names = {there.get("oid"): f"app.{key}" for key, there in _there(facts)}
    held = [one for one in facts.get("locks") or () if one.get("relation") in names]
    for one in held[:1]:
        lines = [
            Evidence(
                f"pg_locks pid {each.get('pid')}",
                f"{each.get('mode')} on {names[each['relation']]}, "
                f"{'granted' if each.get('granted') else 'waiting'}, "
                f"{each.get('state')}: {each.get('query')}",
            )
            for each in held
        ]
        parts = {
            "table": names[one["relation"]],
            **{key: str(one.get(key) or "?") for key in ("pid", "user", "since", "query")},
        }
        end = psql(snapshot, f"SELECT pg_terminate_backend({one['pid']})")
        young = (one.get("seconds") or 0) < _LONG_SECONDS
        yield Finding("locked", parts, tuple(lines), (end,), "db", soft=young)


def unknown_lock(snapshot: Snapshot) -> tuple[dict[str, str], Step]:
    """Return the parts and the step of a lock whose holder could not be read."""
    query = (
        "SELECT pid, usename, xact_start, state, query FROM pg_stat_activity "
        "WHERE pid IN (SELECT pid FROM pg_locks WHERE locktype = 'relation') ORDER BY xact_start"
    )
    parts = dict.fromkeys(("pid", "user", "since", "query"), "?")
    step = as_app(snapshot, query) if snapshot.external else psql(snapshot, query)
    return {"table": "app.tasks", **parts}, step


def _finding(cause: str, parts: Facts, evidence: tuple[Evidence, ...], *steps: Step) -> Finding:
    return Finding(cause, parts, evidence, steps, "db")


def _own(snapshot: Snapshot) -> str:
    return _quoted(database_name(snapshot))


def _quoted(identifier: str) -> str:
    return '"' + identifier.replace('"', '""') + '"'
