"""Why the api cannot use its tasks, found in PostgreSQL itself: locks, tables, rights, limits, settings."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator

from mcapp.doctor import words
from mcapp.doctor.checks import columns, locks, own, settings, shape
from mcapp.doctor.checks.sql import WRITES, Facts, identifier, names, quoted
from mcapp.doctor.finding import Evidence, Finding, Step
from mcapp.doctor.read.snapshot import Snapshot
from mcapp.doctor.remedies import database_name, psql
from mcapp.messages import Text
from mcapp.shell import Shell

_TABLES = "tables of app"
# Who holds connections.
HOLDERS = (
    "SELECT application_name, usename, client_addr, count(*) FROM pg_stat_activity "
    "GROUP BY 1, 2, 3 ORDER BY 4 DESC"
)
# The api's code for a fault -> the causes that explain it best.
_BEST = {
    "database-locked": ("locked", "locked-prepared"),
    "timeout": ("locked", "locked-prepared"),
    "table-missing": ("table-missing", "database-setting"),
    "permission-denied": ("db-permission",),
    "forbidden": ("db-permission",),
    "read-only": ("read-only-role",),
    "connection-limit": ("connection-limit",),
    "busy": ("connection-limit",),
    "login-disabled": ("login-disabled",),
    "missing": ("database-renamed",),
    "password": ("login-disabled",),
    "other": ("database-setting", "table-changed"),
}
# Codes that have other reasons too, which the facts do not show: only these causes explain them.
_ONLY = {
    "schema": ("table-changed", "table-missing", "database-setting"),
    "lost": ("database-setting",),
    "stopping": ("database-setting",),
}


def explain(snapshot: Snapshot, code: str, facts: Facts, why: str = "", step: str = "") -> Finding | None:
    """Return the fault that the facts show; where they show several, the one that the api's code is about.

    `why` is what the api says beside its code, `step` what it could not do with a task.
    """
    found = [
        *_login(snapshot, facts),
        *_limits(snapshot, facts),
        *_tables(snapshot, facts),
        *_rights(snapshot, facts),
        *settings.check(snapshot, facts, code, why),
        *locks.check(snapshot, facts, code),
        *shape.check(snapshot, facts, (code, why, step)),
    ]
    if code in _ONLY:
        found = [one for one in found if one.cause in _ONLY[code]]
    best = [one for one in found if one.cause in _BEST.get(code, ())]
    return next(iter((*best, *found)), None)


def warn(snapshot: Snapshot, facts: Facts, typed: Callable[[Step], Shell]) -> Iterator[Text]:
    """Yield what disturbs nobody now, or not everybody. `typed` puts a step as the user types it."""
    yield from locks.warn(snapshot, facts, typed)
    yield from shape.warn(snapshot, facts, typed)


def _login(snapshot: Snapshot, facts: Facts) -> Iterator[Finding]:
    role, database = facts.get("role"), facts.get("database") or {}
    line = Evidence("pg_roles", f"app: {json.dumps(role)}")
    if "role" in facts and not role and (was := facts.get("was")):
        # The installation's setting goes with the role to its new name.
        step = psql(snapshot, f"ALTER ROLE {identifier(str(was))} RENAME TO app", database="postgres")
        line = Evidence("pg_db_role_setting", f"the search_path of role app is that of role {was}")
        yield _finding("login-disabled", {"why": f"RENAME TO {was}"}, (line,), step)
    if "database" in facts and not database and (home := facts.get("home")):
        own, name = database_name(snapshot), str(home)
        step = psql(
            snapshot, f"ALTER DATABASE {identifier(name)} RENAME TO {_own(snapshot)}", database="postgres"
        )
        there = Evidence("pg_database", f"no {own}; {name} has the role's search_path")
        yield _finding("database-renamed", {"database": own, "name": name}, (there,), step)
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
    schema = names(facts).schema
    missing = [key for key, there in tables.items() if not there]
    if not missing:
        return
    others, moved = facts.get("schemas") or [], facts.get("moved") or {}
    shown = ", ".join(f"{schema}.{key}" for key in missing)
    lines = [
        Evidence(_TABLES, f"missing: {shown}; schemas with these tables: {', '.join(others) or 'none'}"),
        *(Evidence(f"{schema}.{key}", "is no table") for key in facts.get("instead") or ()),
        *(Evidence(f"like {key}", json.dumps(moved[key])) for key in missing if moved.get(key)),
    ]
    steps = columns.restored(snapshot)
    if not facts.get("schema") and len(others) == 1:
        steps = (psql(snapshot, f"ALTER SCHEMA {quoted(others[0])} RENAME TO {schema}", facts=facts),)
    else:
        back = [_back(schema, key, moved.get(key) or []) for key in missing]
        aside = [f"ALTER TABLE {schema}.{key} RENAME TO {key}_aside" for key in facts.get("instead") or ()]
        if all(back):
            # The role is to own what is made anew.
            begin = [f"SET ROLE {names(facts).role}"] if any("CREATE" in one[0] for one in back) else []
            made = [statement for one in back for statement in one]
            steps = (psql(snapshot, *begin, *aside, *made, facts=facts),)
    yield _finding("table-missing", {"tables": [f"{schema}.{key}" for key in missing]}, tuple(lines), *steps)


def _back(schema: str, key: str, alike: list[Facts]) -> tuple[str, ...]:
    """Return the statements that bring a table back, () where only a backup has it."""
    if len(alike) != 1:
        return () if alike else tuple(one.format(schema=schema) for one in own.MAKE.get(key, ()))
    (one,) = alike
    name = identifier(str(one.get("name")))
    where = identifier(str(one.get("schema")))
    home = () if where == schema else (f"ALTER TABLE {where}.{name} SET SCHEMA {schema}",)
    return (*home, *(() if name == key else (f"ALTER TABLE {schema}.{name} RENAME TO {key}",)))


def _rights(snapshot: Snapshot, facts: Facts) -> Iterator[Finding]:
    role, database, schema = names(facts, database_name(snapshot))
    every = [*(facts.get("tables") or {}).items(), *(facts.get("sequences") or {}).items()]
    lacks = [
        f"{', '.join(there['lacks'])} on {schema}.{key}"
        for key, there in every
        if there and there.get("lacks")
    ]
    if facts.get("schema") and not facts["schema"].get("usage", True):
        lacks.insert(0, f"USAGE on schema {schema}")
    if (facts.get("database") or {}).get("connect") is False:
        lacks.insert(0, "CONNECT on the database")
    if lacks:
        grants = (
            f"GRANT CONNECT ON DATABASE {database} TO {role}",
            f"GRANT ALL ON SCHEMA {schema} TO {role}",
            f"GRANT ALL ON ALL TABLES IN SCHEMA {schema} TO {role}",
            f"GRANT ALL ON ALL SEQUENCES IN SCHEMA {schema} TO {role}",
        )
        line = Evidence(f"rights of {role}", f"lacks {'; '.join(lacks)}")
        why = f"the role {role} lacks {'; '.join(lacks)}"
        step = psql(snapshot, *grants, facts=facts, options=WRITES)
        yield _finding("db-permission", {"why": why}, (line,), step)


def _finding(cause: str, parts: Facts, evidence: tuple[Evidence, ...], *steps: Step) -> Finding:
    return Finding(cause, parts, evidence, steps, "db")


def _own(snapshot: Snapshot) -> str:
    return quoted(database_name(snapshot))
