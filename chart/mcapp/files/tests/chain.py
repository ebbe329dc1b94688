"""Walks the chain web -> api -> db with a real write and a real read. Exits 1 at the first link that fails.

Runs as a Job of `helm test`, with Python's standard library alone.
"""

from __future__ import annotations

import json
import sys
import time
import urllib.error
import urllib.request
import uuid
from typing import Any


def call(method: str, url: str, body: dict[str, Any] | None = None) -> tuple[int, bytes]:
    """Send one request and return its status and body, whatever the status is."""
    headers = {"Content-Type": "application/json", "Idempotency-Key": str(uuid.uuid4())}
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data=data, method=method, headers=headers)  # noqa: S310
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        return error.code, error.read()
    except OSError as error:
        raise SystemExit(f"FAIL {method} {url}: {error}") from error


def expect(what: str, good: bool, seen: object, started: float) -> None:
    """Print the link with its time in milliseconds, or end the test if it failed."""
    if not good:
        raise SystemExit(f"FAIL {what}: {seen!r}")
    print(f"ok   {what} ({(time.monotonic() - started) * 1000:.0f} ms)", flush=True)


def main(web: str) -> None:
    """Walk the chain from the page to the row and back."""
    started = time.monotonic()
    status, body = call("GET", f"{web}/")
    expect("web serves the page", status == 200 and b"<html" in body, (status, body[:200]), started)

    started = time.monotonic()
    status, body = call("GET", f"{web}/api/topology")
    expect("web reaches api", status == 200, (status, body[:500]), started)
    tiers = json.loads(body)
    expect("api reaches db", tiers["db"]["up"], tiers["db"], started)
    for tier in ("web", "api", "db"):
        print(f"     {tier}: pod {tiers[tier]['pod']} on node {tiers[tier]['node']}")

    started = time.monotonic()
    title = f"helm test {uuid.uuid4()}"
    status, body = call("POST", f"{web}/api/tasks", {"title": title})
    expect("a row is written", status == 201, (status, body[:500]), started)
    task = f"{web}/api/tasks/{json.loads(body)['id']}"

    started = time.monotonic()
    status, body = call("GET", task)
    same = status == 200 and json.loads(body)["title"] == title
    expect("the row is read back", same, (status, body[:500]), started)

    started = time.monotonic()
    status, body = call("DELETE", task)
    expect("the row is removed", status == 204, (status, body[:500]), started)


if __name__ == "__main__":
    main(sys.argv[1])
