"""Between the nodes: what a listener reads of the way to the database, and how a release gets encrypted."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from time import sleep

import pytest

from dev.load.client import Load
from dev.load.ledger import State
from dev.load.wire import Wire
from dev.local import plain_http
from tests.e2e.conftest import Up

pytestmark = pytest.mark.kind
TOPOLOGY = "multi"
PORT = 5432
# Upgrades replace db's pod, which nobody can ask meanwhile.
MODES = {"off": True, "auto": False}


@pytest.fixture(scope="module", autouse=True)
def encrypted_again(installed: Up) -> Iterator[None]:
    yield
    installed.release.upgrade("db.tls.mode=auto", flags=("--wait",))


def listened(up: Up) -> Wire:
    """Write a task with a title that is nowhere else, read it, and return what was heard of it."""
    marker, url = f"marker {uuid.uuid4()}", up.pages()[0]
    with Wire(PORT, marker.encode()) as wire:
        made = plain_http.post(f"{url}/api/tasks", json={"title": marker})
        assert made.status_code == 201
        task = f"{url}/api/tasks/{made.json()['id']}"
        assert plain_http.get(task).json()["title"] == marker
        # What was sent is in the socket's buffer; the thread reads it in a moment.
        sleep(0.5)
    plain_http.request("DELETE", task)
    assert wire.packets
    return wire


def test_a_listener_reads_no_title(installed: Up) -> None:
    assert listened(installed).marked == 0
    shown = installed.release.sql(
        "SELECT DISTINCT ssl FROM pg_stat_ssl JOIN pg_stat_activity USING (pid) WHERE usename = 'app'"
    )
    assert shown == ["t"]


# Two minutes: db is replaced twice, and a title must be seen where it may be seen.
def test_to_plain_and_back_under_load(installed: Up, show: Callable[[str], None]) -> None:
    with Load(installed.pages()[0], rate=20) as load:
        for mode, readable in MODES.items():
            installed.release.upgrade(f"db.tls.mode={mode}", flags=("--wait",))
            installed.release.wait()
            assert bool(listened(installed).marked) is readable
        load.at_least(len(load.requests) + 100)
    comparison = load.ledger.compare(installed.release.sql("SELECT title FROM app.tasks"))
    assert comparison.agrees, comparison
    assert comparison.states[State.ACKNOWLEDGED]
    show(f"{len(load.requests)} requests, {len(load.problems)} while db was replaced twice")
