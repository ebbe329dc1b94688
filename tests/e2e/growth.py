"""A database that is upgraded while people write."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from dev.load.client import Load
from dev.load.ledger import State
from tests.e2e.conftest import Up


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
