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


def call(host: str, port: int, method: str, path: str, body: Result | None = None) -> Result:
    """Send a request; return the status and the body. `silent`: it takes the connection and says nothing."""
    connection = http.client.HTTPConnection(host, port, timeout=LIMIT + 1)
    connection.connect()
    try:
        data = None if body is None else json.dumps(body)
        connection.request(method, path, data, {"Content-Type": "application/json"} if data else {})
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
    """Reads the tasks and writes one, as the page does, and removes what it wrote.

    `steps` has the result of each step that was tried: read, write, remove. `owed` is true while a row
    of this probe may be there.
    """

    def __init__(self, host: str, port: int) -> None:
        self._at = (host, port)
        self._title = f"{TITLE}{uuid.uuid4()}"
        self.steps: dict[str, Result] = {}
        self.owed = False

    def run(self) -> None:
        """Do each step as long as the one before it succeeds."""
        listed = self._step("read", 200, "GET", "/api/tasks")
        if listed is None:
            return
        if not all(self._forgot(item) for item in json.loads(listed)["items"]):
            # It would leave another row that cannot be removed.
            return
        self.owed = True
        made = self._step("write", 201, "POST", "/api/tasks", {"title": self._title})
        if made is not None:
            self._step("remove", 204, "DELETE", f"/api/tasks/{json.loads(made)['id']}")
        # An answer that says no more than that it is late leaves the row's fate open.
        done = self.steps.get("remove", {}).get("status") in (204, 404)
        refused = (
            self.steps["write"].get("status", 0) >= 400 and "maybe_done" not in self.steps["write"]["body"]
        )
        self.owed = not (done or refused)

    def tidy(self) -> Result:
        """Look for the row, and remove it."""
        listed = call(*self._at, "GET", "/api/tasks?limit=100")
        if listed.get("status") != 200:
            return listed
        rows = [item for item in json.loads(listed["body"])["items"] if item["title"] == self._title]
        gone = [call(*self._at, "DELETE", f"/api/tasks/{item['id']}").get("status") for item in rows]
        self.owed = not all(status in (204, 404) for status in gone)
        return listed

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
        removed = self._step("remove", 204, "DELETE", f"/api/tasks/{item['id']}")
        return removed is not None or self.steps["remove"].get("status") == 404


def login(more: dict[str, str]) -> Result:
    """Open a new connection to the database, as the api does, with these libpq parameters too."""
    import psycopg
    from psycopg.conninfo import conninfo_to_dict, make_conninfo

    try:
        from mcapp_api.database.reasons import explain
    except ModuleNotFoundError:
        # An api of version 0.2.0 or older.
        from mcapp_api.reasons import explain  # type: ignore[import-untyped, no-redef]

    conninfo = make_conninfo(os.environ["DATABASE_URL"], connect_timeout=int(LIMIT), **more)
    given = conninfo_to_dict(conninfo)
    try:
        with psycopg.connect(conninfo, autocommit=True) as session:
            row = session.execute(
                "SELECT count(*), current_setting('max_connections')::int FROM pg_stat_activity"
            ).fetchone()
    except psycopg.Error as error:
        failure = explain(error, f"{given.get('hostaddr') or given.get('host')}:{given.get('port', 5432)}")
        said = " ".join(str(error).split())
        return {"outcome": "failed", "code": failure.code, "reason": failure.reason, "detail": said}
    return {"outcome": "connected", "used": row[0], "limit": row[1]} if row else {"outcome": "failed"}


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
    tasks = {key: Tasks(*to) for key, to in asked.get("tasks", {}).items()}
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
        while one.owed and time.monotonic() < began + TIDY:
            timed(one.tidy)
            time.sleep(0.2 if one.owed else 0)
    # A lookup that hangs must not keep the interpreter from ending.
    os._exit(0)


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
