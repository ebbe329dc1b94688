"""Settings of a role, a database or the server that keep the api from its work: one row for each."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import NamedTuple

from mcapp.doctor import words
from mcapp.doctor.checks.sql import WRITES, Facts, end_sessions, identifier, names
from mcapp.doctor.finding import Evidence, Finding
from mcapp.doctor.read.snapshot import Snapshot
from mcapp.doctor.remedies import database_name, psql
from mcapp.messages import Text

_ZERO = re.compile(r"0+(\.0*)?\s*\w*")
_ITEM = re.compile(r'\s*(?:"((?:[^"]|"")*)"|([^",]*))\s*(?:,|$)')


class Rule(NamedTuple):
    """When a value is wrong, and the api's codes and words for it; without them it always is."""

    wrong: Callable[[Facts, Facts], bool]
    codes: frozenset[str] = frozenset()
    words: str = ""


def _on(setting: Facts, _: Facts) -> bool:
    return bool(setting.get("truth"))


def _limited(setting: Facts, _: Facts) -> bool:
    return not _ZERO.fullmatch(str(setting.get("value")))


def _given(setting: Facts, _: Facts) -> bool:
    return bool(setting.get("value"))


def _other(*usual: str) -> Callable[[Facts, Facts], bool]:
    return lambda setting, _: str(setting.get("value")).lower() not in usual


def _misled(setting: Facts, facts: Facts) -> bool:
    """Whether the path does not lead to the schema of the tables."""
    role = (facts.get("names") or {}).get("role") or "app"
    wanted = home(facts)
    listed = [(a.replace('""', '"') or b.strip().lower()) for a, b in _ITEM.findall(str(setting["value"]))]
    path = [role if one == "$user" else one for one in listed if one]
    if not wanted or wanted not in path:
        return bool(wanted)
    return bool(set(path[: path.index(wanted)]) & set(facts.get("schemas") or ()))


def home(facts: Facts) -> str:
    """Return the schema that has the tables, "" where it is not known."""
    own = (facts.get("names") or {}).get("schema") or "app"
    if any((facts.get("tables") or {}).values()):
        return str(own)
    others = facts.get("schemas") or []
    return str(others[0]) if len(others) == 1 else ""


def _role(setting: Facts, facts: Facts) -> bool:
    own = (facts.get("names") or {}).get("role") or "app"
    return str(setting.get("value")) not in (own, "none", "")


_LOST = frozenset({"lost", "stopping", "timeout", "internal-error"})
_NO_LIBRARY = Rule(_given, words="could not access file")
RULES = {
    "default_transaction_read_only": Rule(_on),
    "search_path": Rule(_misled),
    "role": Rule(_role),
    "idle_session_timeout": Rule(_limited, _LOST),
    "transaction_timeout": Rule(_limited, _LOST),
    "default_transaction_isolation": Rule(_other("read committed"), frozenset({"database-locked"})),
    "session_replication_role": Rule(_other("origin", "local"), frozenset({"schema"})),
    "session_preload_libraries": _NO_LIBRARY,
    "local_preload_libraries": _NO_LIBRARY,
}
_SUBJECTS = {
    "role in database": words.ROLE_IN_DATABASE,
    "role": words.ROLE_APP,
    "database": words.THE_DATABASE,
    "roles": words.ALL_ROLES,
    "server": words.THE_SERVER,
}


def check(snapshot: Snapshot, facts: Facts, code: str, why: str) -> Iterator[Finding]:
    """Yield the settings that are wrong, and explain what the api says."""
    for one in facts.get("settings") or ():
        rule = RULES.get(str(one.get("name")))
        if rule is None or (rule.codes and code not in rule.codes) or rule.words not in why:
            continue
        if rule.wrong(one, facts):
            yield _finding(snapshot, facts, one)


def _finding(snapshot: Snapshot, facts: Facts, one: Facts) -> Finding:
    name, place = str(one.get("name")), str(one.get("place"))
    subject = _SUBJECTS.get(place, words.THE_SERVER)()
    setting = f"{name} = {one.get('value')}"
    line = Evidence("pg_settings" if place == "server" else "pg_db_role_setting", f"{place}: {setting}")
    step = psql(
        snapshot, *_undo(snapshot, facts, name, place), end_sessions(facts), facts=facts, options=WRITES
    )
    cause = "read-only-role" if name == "default_transaction_read_only" else "database-setting"
    parts: dict[str, str | Text] = {"setting": setting, "subject": subject}
    return Finding(cause, parts, (line,), (step,), "db")


def _undo(snapshot: Snapshot, facts: Facts, name: str, place: str) -> tuple[str, ...]:
    role, database, _ = names(facts, database_name(snapshot))
    if name == "search_path":
        # The installation sets it on this pair, which comes before every other place.
        path = identifier(home(facts) or "app")
        return (f"ALTER ROLE {role} IN DATABASE {database} SET search_path = {path}",)
    if place == "server":
        return (f"ALTER SYSTEM RESET {name}", "SELECT pg_reload_conf()")
    subject = {
        "role in database": f"ROLE {role} IN DATABASE {database}",
        "role": f"ROLE {role}",
        "database": f"DATABASE {database}",
    }.get(place, "ROLE ALL")
    return (f"ALTER {subject} RESET {name}",)
