"""Layer logs: what api and db say themselves, in /readyz, at a fresh login, and in their logs."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from mcapp.doctor.checks import network, storage
from mcapp.doctor.finding import Diagnosis, Evidence, Finding, Step
from mcapp.doctor.read.reader import Answer
from mcapp.doctor.read.snapshot import Snapshot
from mcapp.doctor.read.view import View
from mcapp.doctor.remedies import helm_rollback, reset_passwords
from mcapp.doctor.words import LOG_LINES, LOGS, NO_LOGS

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
    "permission-denied": "db-permission",
    "read-only": "db-permission",
    "login-disabled": "db-permission",
    "connection-limit": "db-connections",
    "table-missing": "bad-migration",
}
# For a database outside of the release, which no command of ours can fix.
_EXTERNAL = {
    **_CAUSE,
    **dict.fromkeys(
        ("password", "forbidden", "missing", "permission-denied", "read-only"), "external-refuses"
    ),
    **dict.fromkeys(("dns", "refused", "unreachable", "timeout"), "external-unreachable"),
    **dict.fromkeys(("login-disabled", "connection-limit", "table-missing"), "external-refuses"),
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
_ANY = re.compile(r"database unavailable|FATAL|PANIC")
_BAD = re.compile(r'"level": ?"(error|critical|warning)"|\b(FATAL|PANIC|ERROR):|\[(error|crit|alert|emerg)\]')
_SHOWN = 4
# Errors of the api's own migrations.
_MIGRATING = re.compile(
    r"SyntaxError|UndefinedTable|UndefinedColumn|DuplicateTable|DuplicateColumn|ProgrammingError"
)


def check(snapshot: Snapshot, view: View, recent: Answer) -> Iterator[Finding]:
    """Yield why api cannot use the database, by what api says or by a fresh login."""
    told = _readyz(view.http("readyz")) or _login(view.part("login").get("db") or {}) or _topology(view)
    if told is None:
        return
    code, why, line = told
    if code == "other" and _MIGRATING.search(why):
        code = "schema"
    cause = (_EXTERNAL if snapshot.external else _CAUSE).get(code, "api-db")
    pattern = _LINES.get(cause, _ANY)
    lines = [text for text in recent.content if pattern.search(text)][-_SHOWN:]
    tried = [(key, found) for key, found in view.part("tcp").items() if key.startswith("database/")]
    evidence = (
        Evidence(f"{line[0]} {view.where}", line[1]),
        *(Evidence(f"connect {view.where}", f"{key}: {network.said(found)}") for key, found in tried),
        *(Evidence("log", text) for text in lines),
    )
    if cause == "disk-full":
        for pod in snapshot.pods("db"):
            yield storage.full(pod, evidence)
        return
    soft = cause in ("db-starting", "api-db", "external-unreachable")
    yield Finding(
        cause,
        {"why": why, "secret": _secret(snapshot), "address": snapshot.external},
        evidence,
        _steps(snapshot, cause),
        "db",
        soft=soft,
    )


def _readyz(answer: Mapping[str, Any]) -> tuple[str, str, tuple[str, str]] | None:
    """Return code, reason and the line read, where the api says that it is not ready."""
    if answer.get("status") != 503:
        return None
    body = as_json(answer.get("body", ""))
    line = ("GET /readyz", f"HTTP 503 {' '.join(str(answer['body']).split())}")
    kind = str(body.get("type", ""))
    if kind.endswith("/draining"):
        return None
    if kind.endswith("/schema-mismatch"):
        return "schema", str(body.get("detail", "")), line
    return str(body.get("code", "other")), str(body.get("detail", "")), line


def _login(answer: Mapping[str, Any]) -> tuple[str, str, tuple[str, str]] | None:
    if not answer or answer.get("outcome") == "connected":
        return None
    code = answer.get("code") or answer.get("outcome", "other")
    # The first detail is in the server's own words.
    said = str(answer.get("detail", ""))
    return str(code), str(answer.get("reason") or said), ("login", said)


def _topology(view: View) -> tuple[str, str, tuple[str, str]] | None:
    db = as_json(view.body("topology")).get("db") or {}
    if view.http("topology").get("status") != 200 or db.get("up") is not False:
        return None
    return str(db.get("code")), str(db.get("reason")), ("GET /api/topology", json.dumps(db))


def as_json(body: str) -> dict[str, Any]:
    """Return the JSON object of a body, {} where it is none."""
    try:
        found = json.loads(body)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _secret(snapshot: Snapshot) -> str:
    """Return the Secret from which the api takes its password."""
    workload = snapshot.workload("api")
    spec = workload["spec"]["template"]["spec"] if workload else {"containers": [{}]}
    for variable in spec["containers"][0].get("env") or ():
        if variable.get("name") == "PGPASSWORD" and "valueFrom" in variable:
            found: str = (variable["valueFrom"].get("secretKeyRef") or {}).get("name", "?")
            return found
    return "?"


def _steps(snapshot: Snapshot, cause: str) -> tuple[Step, ...]:
    space = ("-n", snapshot.namespace)
    db, api = f"{snapshot.object_name('db')}-0", f"deployment/{snapshot.object_name('api')}"
    sql = f"kubectl -n {snapshot.namespace} exec -it {db} -- psql -U postgres"
    if snapshot.external:
        host, _, port = snapshot.external.rpartition(":")
        sql = f"psql -h {host.strip('[]')} -p {port}"
    if cause == "password-rejected":
        return (reset_passwords(snapshot), Step(kubectl=("rollout", "restart", api, *space)))
    if cause == "bad-migration":
        return (
            Step(line=f"helm history {snapshot.release} -n {snapshot.namespace}"),
            helm_rollback(snapshot),
        )
    if cause == "db-connections":
        query = (
            "SELECT application_name, usename, client_addr, count(*) FROM pg_stat_activity GROUP BY 1, 2, 3"
        )
        return (Step(line=f'{sql} -c "{query} ORDER BY 4 DESC"'),)
    if cause in ("database-missing", "db-permission"):
        return (Step(line=f"{sql} -c '\\l'"), Step(line=f"{sql} -c '\\du'"))
    look = Step(kubectl=("logs", api, *space, "--tail=50"))
    if cause == "external-refuses":
        return (look, Step(kubectl=("rollout", "restart", api, *space)))
    return (look,) if snapshot.external else (look, Step(kubectl=("logs", db, *space, "--tail=50")))


def note(results: Mapping[str, Any], recent: Answer, diagnosis: Diagnosis) -> None:
    """Note what the logs hold and how long a login takes."""
    login = (results.get("login") or {}).get("db") or {}
    notes = []
    if login.get("outcome") == "connected":
        parts = {"ms": str(login["ms"]), "used": login["used"], "limit": login["limit"]}
        notes.append(LOGS(**parts))
    if recent.why:
        diagnosis.left_out.append(NO_LOGS(why=recent.why))
    else:
        bad = sum(1 for text in recent.content if _BAD.search(text))
        notes.append(LOG_LINES(count=len(recent.content), bad=bad))
    diagnosis.notes["logs"] = notes
