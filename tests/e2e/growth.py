"""A database that changes its mode while people write."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from dev.load.client import Load
from dev.load.ledger import State
from tests.e2e.conftest import Up


def change(up: Up, mode: str, *settings: str) -> None:
    """Upgrade the release to a mode of the database, as a user does."""
    up.release.upgrade(f"db.mode={mode}", *settings, flags=("--wait", "--timeout", "4m"))
    up.release.wait()


@contextmanager
def ledger_kept(up: Up) -> Iterator[Load]:
    """Write all the time, and compare the ledger with the table at the end."""
    with Load(up.pages()[0], rate=20, kinds=("write",)) as load:
        load.at_least(40)
        yield load
        load.at_least(len(load.requests) + 40)
    compared = load.ledger.compare(up.release.sql("SELECT title FROM app.tasks"))
    assert compared.agrees, compared
    assert compared.states[State.ACKNOWLEDGED] > 60


def only_the_first_is_left(up: Up) -> None:
    """Check that db-0 is the only server, and that nothing of the other members is left."""
    assert [pod["metadata"]["name"] for pod in up.release.pods("db")] == ["db-0"]
    claims = up.release.get("pvc")["items"]
    assert [claim["metadata"]["name"] for claim in claims] == ["postgres-pvc"]
    assert up.release.sql("SELECT count(*) FROM pg_replication_slots") == ["0"]
