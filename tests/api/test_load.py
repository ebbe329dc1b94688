"""The load client and its ledger notice every kind of fault."""

from __future__ import annotations

import httpx
import pytest

from dev.load.client import KINDS, Load
from dev.load.ledger import Comparison, State
from dev.local.ports import free_port
from dev.local.postgres import PostgresServer

pytestmark = pytest.mark.postgres
API_ONLY = tuple(kind for kind in KINDS if kind != "page")


def test_a_ledger_that_is_contradicted_by_the_table(client: httpx.Client, postgres: PostgresServer) -> None:
    with Load(str(client.base_url), rate=200, kinds=API_ONLY) as load:
        load.at_least(100)
    assert not load.problems
    assert {(one.kind, one.fresh) for one in load.requests} == {
        (kind, fresh) for kind in API_ONLY for fresh in (True, False)
    }

    def compared() -> Comparison:
        return load.ledger.compare(title for (title,) in postgres.sql("SELECT title FROM app.tasks"))

    whole = compared()
    assert whole.agrees
    assert whole.rows == whole.states[State.ACKNOWLEDGED] == len(load.ledger.writes) >= 45

    lost, twice, refused = load.ledger.writes[:3]
    stranger = f"{load.ledger.prefix}stranger"
    postgres.sql("DELETE FROM app.tasks WHERE title = %s", [lost.title])
    postgres.sql("INSERT INTO app.tasks (title) VALUES (%s), (%s)", [twice.title, stranger])
    refused.state = State.FAILED
    comparison = compared()
    assert not comparison.agrees
    assert (comparison.lost, comparison.duplicates) == ((lost.title,), (twice.title,))
    assert (comparison.written_although_refused, comparison.strangers) == (
        (refused.title,),
        (stranger,),
    )


def test_an_answer_that_is_lost_leaves_a_doubt_and_a_refusal_leaves_none(postgres: PostgresServer) -> None:
    with Load(f"http://127.0.0.1:{free_port()}", rate=50) as load:
        load.at_least(10)
    assert len(load.problems) == len(load.requests)
    assert {write.state for write in load.ledger.writes} == {State.FAILED}
    # PostgreSQL closes a connection that does not speak its protocol: the request is sent, and not answered.
    with Load(f"http://127.0.0.1:{postgres.port}", rate=50, kinds=("write",)) as load:
        load.at_least(10)
    assert len(load.problems) == len(load.requests)
    assert {write.state for write in load.ledger.writes} == {State.UNKNOWN}
