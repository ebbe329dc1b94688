"""Runs inside a pod of the api, on its Python: tries names, ports and the database; prints one JSON object.

The one argument is JSON: {"names": [name], "tcp": {id: [host, port]}, "http": {id: [host, port, path]},
"login": libpq parameters beside those of DATABASE_URL, or null}. The doctor sends it as text, so it may use
only what the api's image has.
"""

from __future__ import annotations

import http.client
import json
import os
import socket
import sys
import threading
import time
from collections.abc import Callable
from typing import Any

LIMIT = 2.0
# For everything together: a resolver that takes longer counts as one that does not answer.
WHOLE = 3.5


def timed(action: Callable[[], dict[str, Any]]) -> dict[str, Any]:
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


def resolve(name: str) -> dict[str, Any]:
    """Look a name up as the api does."""
    return {"outcome": "resolved", "address": socket.getaddrinfo(name, None)[0][4][0]}


def connect(host: str, port: int) -> dict[str, Any]:
    """Open a TCP connection and close it."""
    socket.create_connection((host, port), LIMIT).close()
    return {"outcome": "connected"}


def get(host: str, port: int, path: str) -> dict[str, Any]:
    """GET a path; return the status and the start of the body."""
    connection = http.client.HTTPConnection(host, port, timeout=LIMIT + 1)
    connection.request("GET", path)
    answer = connection.getresponse()
    body = answer.read(4000).decode(errors="replace")
    return {"outcome": "connected", "status": answer.status, "body": body}


def login(more: dict[str, str]) -> dict[str, Any]:
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


def main(asked: dict[str, Any]) -> None:
    """Do everything at once and print the results that are there when the time is over."""
    found: dict[str, dict[str, Any]] = {"names": {}, "tcp": {}, "http": {}, "login": {}}
    work: list[tuple[str, str, Callable[[], dict[str, Any]]]] = [
        *(("names", name, lambda name=name: resolve(name)) for name in asked["names"]),
        *(("tcp", key, lambda to=to: connect(*to)) for key, to in asked["tcp"].items()),
        *(("http", key, lambda to=to: get(*to)) for key, to in asked["http"].items()),
    ]
    if asked.get("login") is not None:
        work.append(("login", "db", lambda: login(asked["login"])))
    for group, key, _ in work:
        found[group][key] = {
            "outcome": "timeout",
            "detail": f"no answer within {WHOLE} s",
            "ms": WHOLE * 1000,
        }

    def do(group: str, key: str, action: Callable[[], dict[str, Any]]) -> None:
        found[group][key] = timed(action)

    threads = [threading.Thread(target=do, args=one, daemon=True) for one in work]
    until = time.monotonic() + WHOLE
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(max(0.0, until - time.monotonic()))
    print(json.dumps(found), flush=True)
    # A lookup that hangs must not keep the interpreter from ending.
    os._exit(0)


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
