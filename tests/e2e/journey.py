"""The steps of a user of the app, in either topology."""

from __future__ import annotations

import uuid
from typing import Any

import httpx

from mcapp import wait
from tests.e2e.conftest import Up

BACK_SECONDS = 120


def write_and_read(page: str) -> dict[str, Any]:
    """Write a task through web -> api -> db and read it back."""
    title = f"e2e {uuid.uuid4()}"
    written = httpx.post(f"{page}/api/tasks", json={"title": title}, timeout=10)
    assert written.status_code == 201, written.text
    task: dict[str, Any] = written.json()
    assert read(page, task["id"])["title"] == title
    return task


def read(page: str, task: int) -> dict[str, Any]:
    """Read a task; wait for it while the database comes back."""
    last = ""

    def answered() -> httpx.Response | None:
        nonlocal last
        try:
            answer = httpx.get(f"{page}/api/tasks/{task}", timeout=10)
        except httpx.TransportError as error:
            last = repr(error)
            return None
        last = answer.text
        return None if answer.is_server_error else answer

    answer = wait.until(answered, BACK_SECONDS, pause=0.5)
    assert answer, last
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = answer.json()
    return body


def survives_the_pod(up: Up) -> None:
    """Delete db-0, and read back a row that was written before."""
    page = up.pages()[0]
    task = write_and_read(page)
    pod = up.release.get("pod", "db-0")["metadata"]["uid"]
    up.release.kubectl("delete", "pod", "db-0")
    assert read(page, task["id"])["title"] == task["title"]
    assert up.release.get("pod", "db-0")["metadata"]["uid"] != pod
