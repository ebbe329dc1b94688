"""What a user does with the app, in either topology."""

from __future__ import annotations

import time
import uuid
from typing import Any

import httpx

from tests.e2e.conftest import Up


def write_and_read(page: str) -> dict[str, Any]:
    """Write a task through web -> api -> db and read it back."""
    title = f"e2e {uuid.uuid4()}"
    written = httpx.post(f"{page}/api/tasks", json={"title": title}, timeout=10)
    assert written.status_code == 201, written.text
    task: dict[str, Any] = written.json()
    assert read(page, task["id"])["title"] == title
    return task


def read(page: str, task: int) -> dict[str, Any]:
    """Read a task, waiting for a database that is on its way back."""
    until = time.monotonic() + 120
    while True:
        try:
            answer = httpx.get(f"{page}/api/tasks/{task}", timeout=10)
            if answer.status_code < 500 or time.monotonic() > until:
                break
        except httpx.TransportError:
            if time.monotonic() > until:
                raise
        time.sleep(0.5)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def survives_the_pod(up: Up) -> None:
    """Delete db-0 and read back the row that was written before."""
    page = up.pages()[0]
    task = write_and_read(page)
    pod = up.cluster.get("pod", "db-0", "-n", "mcapp")["metadata"]["uid"]
    up.cluster.kubectl("-n", "mcapp", "delete", "pod", "db-0")
    assert read(page, task["id"])["title"] == task["title"]
    assert up.cluster.get("pod", "db-0", "-n", "mcapp")["metadata"]["uid"] != pod
