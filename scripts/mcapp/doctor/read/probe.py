"""Runs inside a pod of the api, on its Python: tries names, ports, tasks and the database; prints JSON.

The first argument is JSON: {"names": [name], "tcp": {id: [host, port]}, "http": {id: [host, port, path]},
"tasks": {id: [host, port]}, "wide": {id: [host, port]}, "login": libpq parameters beside those of
DATABASE_URL, or null}. The doctor sends wide.py and this file as one text, so they may use only what the
api's image has.
"""

from __future__ import annotations

import http.client
import json
import os
import re
import socket
import sys
import threading
import time
import uuid
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from mcapp.doctor.read.wide import wide

LIMIT = 2.0
# For everything together: a resolver that takes longer counts as one that does not answer.
WHOLE = 3.5
# A row that may have been written is looked for and removed within this time.
TIDY = 5.0
TITLE = "mcapp doctor "
_LEFT = re.compile(re.escape(TITLE) + r"[0-9a-f-]{36}")
# A row of another doctor at work is younger.
_OLD_SECONDS = 60
# As the api connects, so that what is set for a role or a database has the same effect on the probe.
_OPTIONS = "-c statement_timeout=1500ms -c lock_timeout=750ms"
_SESSION = """
SELECT count(*), current_setting('max_connections')::int, current_setting('transaction_read_only')
FROM pg_stat_activity
"""
_READ = "SELECT EXISTS (SELECT id, title, done, version, created_at, updated_at FROM tasks)"
_FORGET = """
DELETE FROM idempotency_keys
WHERE key = %s OR title LIKE %s AND char_length(title) = %s AND created_at < now() - make_interval(secs => %s)
"""
Result = dict[str, Any]


def timed(action: Callable[[], Result]) -> Result:
    """Return the action's result with its milliseconds, or how it failed."""
    began = time.perf_counter()
    try:
        found = action()
    except ConnectionRefusedError as error:
        found = {"outcome": "refused", "detail": str(error)}
    except TimeoutError as error:
        found = {"outcome": "timeout", "detail": str(error)}
    except Exception as error:
        found = {"outcome": "failed", "detail": f"{type(error).__name__}: {error}"}
    return {**found, "ms": round((time.perf_counter() - began) * 1000, 2)}


def resolve(name: str) -> Result:
    """Look a name up as the api does."""
    return {"outcome": "resolved", "address": socket.getaddrinfo(name, None)[0][4][0]}


def connect(host: str, port: int) -> Result:
    """Open a TCP connection and close it."""
    socket.create_connection((host, port), LIMIT).close()
    return {"outcome": "connected"}


def call(host: str, port: int, method: str, path: str, body: Result | None = None, key: str = "") -> Result:
    """Send a request; return the status and the body. `silent`: it takes the connection and says nothing."""
    connection = http.client.HTTPConnection(host, port, timeout=LIMIT + 1)
    connection.connect()
    try:
        data = None if body is None else json.dumps(body)
        headers = {"Content-Type": "application/json"} if data else {}
        connection.request(method, path, data, headers | ({"Idempotency-Key": key} if key else {}))
        answer = connection.getresponse()
        return {
            "outcome": "connected",
            "status": answer.status,
            "body": answer.read().decode("utf-8", "replace"),
        }
    except TimeoutError:
        return {"outcome": "silent", "detail": f"no answer within {LIMIT + 1:g} s"}
    finally:
        connection.close()


def get(host: str, port: int, path: str) -> Result:
    """GET a path; return the status and the start of the body."""
    found = call(host, port, "GET", path)
    return {**found, "body": found["body"][:4000]} if "body" in found else found


class Tasks:
    """Reads the tasks; adds one, ticks it and removes it, as the page does. `forget` removes a request's key.

    `steps` has the result of each step that was tried: read, write, change, remove. `vain` in it: the api
    said that there is no such task, or that it is changed, and it is not so. `owed` is true while a row of
    this probe may be there, `keyed` while its key may be.
    """

    def __init__(self, host: str, port: int, forget: Callable[[str], None]) -> None:
        self._at = (host, port)
        self._key = str(uuid.uuid4())
        self._title = f"{TITLE}{self._key}"
        self._forget = forget
        self.steps: dict[str, Result] = {}
        self.owed = False
        self.keyed = False

    def run(self) -> None:
        """Do each step as long as the one before it succeeds."""
        listed = self._step("read", 200, "GET", "/api/tasks")
        if listed is None:
            return
        if not all(self._forgot(item) for item in json.loads(listed)["items"]):
            # It would leave another row that cannot be removed.
            return
        self.owed = self.keyed = True
        made = self._step("write", 201, "POST", "/api/tasks", {"title": self._title}, self._key)
        done = made is not None and self._change(json.loads(made))
        # An answer that says no more than that it is late leaves the row's fate open.
        write = self.steps["write"]
        refused = write.get("status", 0) >= 400 and "maybe_done" not in write["body"]
        self.owed = not (done or refused)
        # Of a task that is not there any more the key may be.
        self.keyed = not refused or "/task-deleted" in write["body"]
        if self.keyed and not self.owed:
            timed(self._forget_key)

    def _change(self, made: Result) -> bool:
        """Tick the task, and remove it whether or not that succeeds; whether it is gone."""
        at = f"/api/tasks/{made['id']}"
        changed = self._step("change", 200, "PATCH", at, {"done": True})
        if changed is not None:
            now = json.loads(changed)
            # A trigger of the api's own sets the time.
            same = now.get("updated_at", "now") == made.get("updated_at", "before")
            self.steps["change"]["vain"] = same or not now["done"]
        self._check("change", at)
        return self._remove(at)

    def _remove(self, at: str) -> bool:
        """Remove a task; whether it is gone. Somebody else may have removed it."""
        self._step("remove", 204, "DELETE", at)
        self._check("remove", at)
        return self.steps["remove"].get("status") in (204, 404) and not self.steps["remove"].get("vain")

    def _check(self, step: str, at: str) -> None:
        """Mark the answer that there is no such task where there is one."""
        if self.steps[step].get("status") == 404:
            self.steps[step]["vain"] = call(*self._at, "GET", at).get("status") == 200

    def tidy(self) -> Result:
        """Look for the row, and remove it; then the key."""
        if self.owed:
            listed = call(*self._at, "GET", "/api/tasks?limit=100")
            if listed.get("status") != 200:
                return listed
            rows = [item for item in json.loads(listed["body"])["items"] if item["title"] == self._title]
            gone = [call(*self._at, "DELETE", f"/api/tasks/{item['id']}").get("status") for item in rows]
            self.owed = not all(status in (204, 404) for status in gone)
        return self._forget_key() if self.keyed and not self.owed else {}

    def _forget_key(self) -> Result:
        self._forget(self._key)
        self.keyed = False
        return {}

    def _step(self, step: str, wanted: int, *request: Any) -> str | None:
        """Keep the result of a request; return its body where it has the wanted status."""
        found = timed(lambda: call(*self._at, *request))
        good = found.get("status") == wanted
        self.steps[step] = {**found, "body": "" if good else str(found.get("body", ""))[:2000]}
        return str(found["body"]) if good else None

    def _forgot(self, item: Result) -> bool:
        """Remove the row of a probe that was cut off; whether no such row is left."""
        age = datetime.now(UTC) - datetime.fromisoformat(item["created_at"])
        if not _LEFT.fullmatch(item["title"]) or age.total_seconds() < _OLD_SECONDS:
            return True
        return self._remove(f"/api/tasks/{item['id']}")


def parameters(more: dict[str, str]) -> str:
    """Return how the api connects, with these libpq parameters too: its own limits come before a role's."""
    from psycopg.conninfo import conninfo_to_dict, make_conninfo

    url = os.environ["DATABASE_URL"]
    options = f"{conninfo_to_dict(url).get('options', '')} {_OPTIONS}".strip()
    return make_conninfo(url, connect_timeout=int(LIMIT), options=options, client_encoding="utf8", **more)


def forget(more: dict[str, str], key: str) -> None:
    """Remove the key of this probe, and those of probes that were cut off: the api would after a day."""
    import psycopg

    with psycopg.connect(parameters(more), autocommit=True) as session:
        # An api of version 0.2.0 or older may have no such table.
        if session.execute("SELECT to_regclass('idempotency_keys')").fetchone() != (None,):
            session.execute(_FORGET, (key, f"{TITLE}%", len(TITLE) + len(key), _OLD_SECONDS))


def login(more: dict[str, str]) -> Result:
    """Open a new connection to the database, as the api does, with these libpq parameters too."""
    import psycopg
    from psycopg.conninfo import conninfo_to_dict

    try:
        from mcapp_api.database.reasons import explain
    except ModuleNotFoundError:
        # An api of version 0.2.0 or older.
        from mcapp_api.reasons import explain  # type: ignore[import-untyped, no-redef]

    conninfo = parameters(more)
    given = conninfo_to_dict(conninfo)
    try:
        with psycopg.connect(conninfo, autocommit=True) as session:
            row = session.execute(_SESSION).fetchone()
            session.execute(_READ)
    except psycopg.Error as error:
        failure = explain(error, f"{given.get('hostaddr') or given.get('host')}:{given.get('port', 5432)}")
        said = " ".join(str(error).split())
        return {"outcome": "failed", "code": failure.code, "reason": failure.reason, "detail": said}
    used, limit, only_reads = row or (0, 0, "off")
    if only_reads == "on":
        # The api's sessions may be older; its next ones cannot write.
        said = "a new session begins with transaction_read_only = on"
        return {"outcome": "failed", "code": "read-only", "reason": said, "detail": said}
    return {"outcome": "connected", "used": used, "limit": limit}


Job = tuple[str, str, Callable[[], Result]]


def jobs(asked: dict[str, Any]) -> list[Job]:
    """Return what there is to do but for the tasks: group, id and action."""
    work: list[Job] = [
        *(("names", name, lambda name=name: resolve(name)) for name in asked["names"]),
        *(("tcp", key, lambda to=to: connect(*to)) for key, to in asked["tcp"].items()),
        *(("http", key, lambda to=to: get(*to)) for key, to in asked["http"].items()),
        *(("wide", key, lambda to=to: wide(*to)) for key, to in asked.get("wide", {}).items()),
    ]
    if asked.get("login") is not None:
        work.append(("login", "db", lambda: login(asked["login"])))
    return work


def main(asked: dict[str, Any]) -> None:
    """Do everything at once and print the results that are there when the time is over."""
    work = jobs(asked)
    more = asked.get("login") or {}
    tasks = {
        key: Tasks(to[0], to[1], lambda one: forget(more, one)) for key, to in asked.get("tasks", {}).items()
    }
    groups = ("names", "tcp", "http", "wide", "login")
    found: dict[str, dict[str, Result]] = {group: {} for group in groups}
    for group, key, _ in work:
        late = f"no answer within {WHOLE} s"
        found[group][key] = {"outcome": "timeout", "detail": late, "ms": WHOLE * 1000}

    def do(group: str, key: str, action: Callable[[], Result]) -> None:
        found[group][key] = timed(action)

    threads = [threading.Thread(target=do, args=one, daemon=True) for one in work]
    threads += [threading.Thread(target=one.run, daemon=True) for one in tasks.values()]
    began = time.monotonic()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(max(0.0, began + WHOLE - time.monotonic()))
    steps = {key: dict(one.steps) for key, one in tasks.items()}
    print(json.dumps({**found, "tasks": steps}), flush=True)
    for one in tasks.values():
        while (one.owed or one.keyed) and time.monotonic() < began + TIDY:
            timed(one.tidy)
            time.sleep(0.2 if one.owed or one.keyed else 0)
    # A lookup that hangs must not keep the interpreter from ending.
    os._exit(0)


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
