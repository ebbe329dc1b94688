"""Layer logs: what api and db say themselves, in /readyz, at a fresh login, and in their logs."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, NamedTuple

from mcapp.doctor.checks import database, locks, storage, tls
from mcapp.doctor.checks.evidence import of_now
from mcapp.doctor.finding import Diagnosis, Evidence, Finding, Step
from mcapp.doctor.read.reader import Answer
from mcapp.doctor.read.snapshot import Snapshot, template
from mcapp.doctor.read.view import View
from mcapp.doctor.read.view import said as said_of
from mcapp.doctor.remedies import as_app, helm_rollback, psql, reset_passwords, server
from mcapp.doctor.words import LOG_LINES, LOGS, NO_LOGS, TASKS
from mcapp.messages import Part

# The api's code -> the cause. A code that is not here is reported as api-db.
_CAUSE = {
    "password": "password-rejected",
    "forbidden": "db-permission",
    "schema": "bad-migration",
    "busy": "db-connections",
    "missing": "database-missing",
    "starting": "db-starting",
    "stopping": "db-starting",
    "migrating": "db-starting",
    "lost": "db-starting",
    "disk": "disk-full",
    "database-locked": "locked",
    "table-missing": "table-missing",
    "permission-denied": "db-permission",
    "read-only": "read-only-role",
    "connection-limit": "connection-limit",
    "login-disabled": "login-disabled",
    "tls": "db-tls",
}
# Codes that need no question to the database, or that it cannot answer.
_PLAIN = frozenset({"disk", "dns", "migrating", "refused", "starting", "tls", "unreachable"})
# What the facts of an external database explain better than its code; the rest is for its own administrator.
_ANYWHERE = frozenset(
    {"database-setting", "db-permission", "locked", "locked-prepared", "read-only-role", "table-changed"}
)
_UNSURE = frozenset(
    {"api-db", "connection-limit", "db-connections", "db-starting", "external-unreachable", "locked"}
)
_IN_DATABASE = frozenset(
    {
        "connection-limit",
        "database-missing",
        "db-permission",
        "login-disabled",
        "read-only-role",
        "table-missing",
    }
)
# For a database outside of the release, which no command of ours can fix.
_EXTERNAL = {
    **_CAUSE,
    **dict.fromkeys(("password", "forbidden", "missing", "table-missing"), "external-refuses"),
    **dict.fromkeys(("permission-denied", "read-only", "login-disabled"), "external-refuses"),
    "connection-limit": "db-connections",
    **dict.fromkeys(("dns", "refused", "unreachable", "timeout"), "external-unreachable"),
    "tls": "external-tls",
    "disk": "api-db",
}
# The lines of the logs that belong to a cause.
_LINES = {
    "password-rejected": re.compile(r"password authentication failed|database unavailable"),
    "db-permission": re.compile(r"permission denied|pg_hba|database unavailable"),
    "bad-migration": re.compile(r"database unavailable|migration|syntax error|ERROR"),
    "db-connections": re.compile(r"too many clients|remaining connection slots|database unavailable"),
    "database-missing": re.compile(r"does not exist|database unavailable"),
    "disk-full": re.compile(r"No space left|could not extend|could not write"),
}
_ERRORS = re.compile(r"database unavailable|FATAL|PANIC|ERROR:")
_ANY = re.compile(r"database unavailable|FATAL|PANIC")
_BAD = re.compile(r'"level": ?"(error|critical|warning)"|\b(FATAL|PANIC|ERROR):|\[(error|crit|alert|emerg)\]')
# Errors of the api's own migrations.
_MIGRATING = re.compile(
    r"SyntaxError|UndefinedTable|UndefinedColumn|DuplicateTable|DuplicateColumn|ProgrammingError"
)


class Told(NamedTuple):
    """What tells that the api cannot do its work: the api's code, the reason, and the line that was read.

    `step` is what it could not do with a task.
    """

    code: str
    why: str
    line: Evidence
    step: str = ""


def check(snapshot: Snapshot, view: View, recent: Answer, facts: Answer) -> Iterator[Finding]:
    """Yield why api cannot use its tasks: by what api says, by a fresh login, and by the database itself.

    `facts` has what the database says.
    """
    told = _readyz(view) or _login(view) or _tasks(view) or _topology(view)
    if told is None:
        return
    unknown: tuple[Evidence, ...] = ()
    if told.code not in _PLAIN:
        known = facts.content or {}
        asked = "psql in db's pod" if not snapshot.external else "the same in the api's pod"
        unknown = () if known else (Evidence(asked, facts.why),)
        found = database.explain(snapshot, told.code, known, told.why, told.step)
        if found is not None and (not snapshot.external or found.cause in _ANYWHERE):
            lines = _logged(recent, _ERRORS, told.code)
            # A restore swaps the tables within a moment.
            soft = found.soft or snapshot.changing
            yield replace(found, evidence=(told.line, *found.evidence, *lines), soft=soft)
            return
    if told.code == "connection-limit" and "max_connections" in told.why:
        told = told._replace(code="busy")
    if told.code == "other" and _MIGRATING.search(told.why):
        told = told._replace(code="schema")
    for fault in _by_code(snapshot, view, told, recent):
        yield replace(fault, evidence=(*fault.evidence, *unknown))


def _by_code(snapshot: Snapshot, view: View, told: Told, recent: Answer) -> Iterator[Finding]:
    """Yield the cause that the api's own code stands for."""
    cause = (_EXTERNAL if snapshot.external else _CAUSE).get(told.code, "api-db")
    tried = [(key, found) for key, found in view.part("tcp").items() if key.startswith("database/")]
    evidence = (
        told.line,
        *(Evidence(f"connect {view.where}", f"{key}: {said_of(found)}") for key, found in tried),
        *_logged(recent, _LINES.get(cause, _ANY), told.code),
    )
    if cause == "disk-full":
        for pod in snapshot.pods("db"):
            yield storage.full(pod, evidence)
        return
    # What the database itself does not confirm may be over.
    soft = snapshot.changing or cause in _UNSURE
    parts: dict[str, Part] = {"why": told.why, "secret": _secret(snapshot), "address": snapshot.external}
    steps = _steps(snapshot, cause)
    if cause == "locked":
        more, step = locks.unknown(snapshot)
        parts, steps = {**parts, **more}, (step,)
    parts |= {"what": told.why, "limit": "?", "used": "?", "tables": "?", "setting": "?", "subject": "?"}
    yield Finding(cause, parts, evidence, steps, "db", soft=soft)


def _logged(recent: Answer, pattern: re.Pattern[str], code: str) -> tuple[Evidence, ...]:
    return tuple(Evidence("log", line) for line in of_now(recent.content, pattern, code))


def _readyz(view: View) -> Told | None:
    """Return what the api says where it says that it is not ready, or fails to say."""
    answer = view.http("readyz")
    status = answer.get("status", 200)
    if status < 500:
        return None
    body = str(answer.get("body", ""))
    line = Evidence(f"GET /readyz {view.where}", f"HTTP {status} {' '.join(body.split())}")
    return _problem(status, body, line)


def _problem(status: int, body: str, line: Evidence) -> Told | None:
    """Return what an error's body says; None where the pod only stops."""
    problem = as_json(body)
    kind = str(problem.get("type", "")).rpartition("/")[2]
    if kind == "draining":
        return None
    detail = str(problem.get("detail") or f"HTTP {status}")
    if kind == "schema-mismatch":
        return Told("schema", detail, line)
    code = str(problem.get("code") or (kind if kind != "database-unavailable" else "other") or "other")
    return Told(code, detail, line)


def _login(view: View) -> Told | None:
    answer = view.part("login").get("db") or {}
    if not answer or answer.get("outcome") == "connected":
        return None
    code = answer.get("code") or answer.get("outcome", "other")
    # The first detail is in the server's own words.
    said = str(answer.get("detail", ""))
    return Told(str(code), str(answer.get("reason") or said), Evidence(f"login {view.where}", said))


# The statuses that are right for each step of the probe; somebody else may have removed the row.
_RIGHT = {"read": (200,), "write": (201,), "change": (200, 404), "remove": (204, 404)}


def _tasks(view: View) -> Told | None:
    """Return the first step with a task that failed: through the api's own pod, or through web."""
    for step, answer in _in_order(view):
        status = answer.get("status", 0)
        body = " ".join(str(answer.get("body", "")).split())
        said = f"HTTP {status} {body}" if status else said_of(answer)
        if answer.get("vain"):
            said = f"HTTP {status}, but the task stays as it was"
        line = Evidence(f"{step} a task {view.where}", said)
        if answer.get("vain"):
            return Told("schema", said, line, step)
        if status in _RIGHT[step]:
            continue
        told = _problem(status, body, line) if status else Told("timeout", said, line)
        if told:
            return told._replace(step=step)
    status = view.http("tasks").get("status", 200)
    if status != 500:
        return None
    return Told(
        "internal-error", f"HTTP {status}", Evidence(f"GET /api/tasks {view.where}", f"HTTP {status}")
    )


def _in_order(view: View) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for steps in view.part("tasks").values():
        yield from ((step, steps[step]) for step in _RIGHT if step in steps)


def _topology(view: View) -> Told | None:
    db = as_json(view.body("topology")).get("db") or {}
    if view.http("topology").get("status") != 200 or db.get("up") is not False:
        return None
    line = Evidence(f"GET /api/topology {view.where}", json.dumps(db))
    return Told(str(db.get("code")), str(db.get("reason")), line)


def as_json(body: str) -> dict[str, Any]:
    """Return the JSON object of a body, {} where it is none."""
    try:
        found = json.loads(body)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _secret(snapshot: Snapshot) -> str:
    """Return the Secret from which the api takes its password."""
    for one in template(snapshot.workload("api")).get("containers") or ():
        for variable in one.get("env") or ():
            if variable.get("name") == "PGPASSWORD":
                source = (variable.get("valueFrom") or {}).get("secretKeyRef") or {}
                return str(source.get("name", "?"))
    return "?"


def _steps(snapshot: Snapshot, cause: str) -> tuple[Step, ...]:
    space = ("-n", snapshot.namespace)
    api = f"deployment/{snapshot.object_name('api')}"
    if cause == "password-rejected":
        return (reset_passwords(snapshot), Step(kubectl=("rollout", "restart", api, *space)))
    if cause == "bad-migration":
        history = Step(line=f"helm history {snapshot.release} -n {snapshot.namespace}")
        return (history, helm_rollback(snapshot))
    if cause == "db-connections":
        ask = as_app if snapshot.external else psql
        return (ask(snapshot, database.HOLDERS),)
    if cause in _IN_DATABASE:
        return (psql(snapshot, r"\l", r"\du", database="postgres"),)
    if cause == "db-tls":
        return tls.renewal(snapshot)
    look = Step(kubectl=("logs", api, *space, "--tail=50"))
    if cause == "external-refuses":
        return (look, Step(kubectl=("rollout", "restart", api, *space)))
    if snapshot.external:
        return (look,)
    return (look, Step(kubectl=("logs", server(snapshot), *space, "--tail=50")))


def note(results: Mapping[str, Any], recent: Answer, diagnosis: Diagnosis) -> None:
    """Note what the logs hold and how long a login takes."""
    login = (results.get("login") or {}).get("db") or {}
    notes = []
    if login.get("outcome") == "connected":
        parts = {"ms": str(login["ms"]), "used": login["used"], "limit": login["limit"]}
        notes.append(LOGS(**parts))
    steps = [step for one in (results.get("tasks") or {}).values() for step in one.values()]
    if steps:
        notes.append(TASKS(ms=f"{sum(step.get('ms', 0) for step in steps):.0f}"))
    if recent.why:
        diagnosis.left_out.append(NO_LOGS(why=recent.why))
    else:
        bad = sum(1 for text in recent.content if _BAD.search(text))
        notes.append(LOG_LINES(count=len(recent.content), bad=bad))
    diagnosis.notes["logs"] = notes
