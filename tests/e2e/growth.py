"""A database that changes its mode while people write."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from dev.load.client import Load
from dev.load.ledger import State
from mcapp.config import CHART, RELEASE
from tests.e2e.conftest import Up


def change(up: Up, mode: str, *settings: str) -> None:
    """Upgrade the release to a mode of the database, as its user does."""
    values = [word for setting in (f"db.mode={mode}", *settings) for word in ("--set", setting)]
    flags = ("--reset-then-reuse-values", *values, "--wait", "--timeout", "4m")
    up.release.helm("upgrade", RELEASE, CHART, *flags)
    up.release.wait()


@contextmanager
def promised(up: Up) -> Iterator[Load]:
    """Write all the while, and hold the ledger against the table at the end."""
    with Load(up.pages()[0], rate=20, kinds=("write",)) as load:
        load.at_least(40)
        yield load
        load.at_least(len(load.requests) + 40)
    compared = load.ledger.compare(up.release.sql("SELECT title FROM app.tasks"))
    assert compared.agrees, compared
    assert compared.states[State.ACKNOWLEDGED] > 60


def only_the_first_is_left(up: Up) -> None:
    """Check that of several members one server is left, with its volume and nothing of the others."""
    assert [pod["metadata"]["name"] for pod in up.release.pods("db")] == ["db-0"]
    claims = up.cluster.get("pvc", "-n", "mcapp")["items"]
    assert [claim["metadata"]["name"] for claim in claims] == ["postgres-pvc"]
    assert up.release.sql("SELECT count(*) FROM pg_replication_slots") == ["0"]
