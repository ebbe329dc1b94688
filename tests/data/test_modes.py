"""What a move to another db.mode does on a real PostgreSQL that has a copy."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from dev.local.postgres import PostgresServer
from mcapp.backup.server import Server
from mcapp.errors import FailedError
from mcapp.move.modes import accounts, stops
from mcapp.move.modes.state import SLOT
from tests.data.conftest import populate, serving

pytestmark = [pytest.mark.postgres]
PASSWORD = "it's $x"
BASEBACKUP = """
pg_basebackup --no-password --username=replicator --pgdata={data} --checkpoint=fast --wal-method=stream \
  --slot={slot} --write-recovery-conf
"""


class Pair:
    """A server and its copy."""

    def __init__(self, first: PostgresServer, second: PostgresServer) -> None:
        self.first, self.second = first, second
        self.source, self.copy = serving(first), serving(second)


@pytest.fixture(scope="module")
def single() -> Iterator[PostgresServer]:
    with PostgresServer() as server:
        populate(server)
        yield server


@pytest.fixture(scope="module")
def pair(single: PostgresServer) -> Iterator[Pair]:
    accounts.let_in(serving(single), PASSWORD, SLOT)
    copy = PostgresServer()
    done = single.script(BASEBACKUP.format(data=copy.folder / "data", slot=SLOT), PGPASSWORD=PASSWORD)
    assert done.returncode == 0, done.stderr
    with copy:
        yield Pair(single, copy)


def read_only(server: Server) -> bool:
    return server.shell.sql("SHOW default_transaction_read_only;") == ["on"]


def test_a_member_may_copy_and_what_it_has_not_read_is_kept(single: PostgresServer) -> None:
    server = serving(single)
    before = server.shell.run('cat "$PGDATA/pg_hba.conf"')
    for _ in range(2):
        accounts.let_in(server, PASSWORD, SLOT)
    assert server.shell.run('cat "$PGDATA/pg_hba.conf"').count(b"replicator") == 1
    assert server.shell.sql("SELECT slot_name, restart_lsn IS NOT NULL FROM pg_replication_slots;") == [
        f"{SLOT}|t"
    ]
    psycopg.connect(single.url, dbname="postgres", user="replicator", password=PASSWORD).close()
    for _ in range(2):
        accounts.let_out(server, SLOT)
    assert server.shell.run('cat "$PGDATA/pg_hba.conf"').strip() == before.strip()
    assert server.roles() & {"replicator"} == set()
    assert not server.shell.sql("SELECT slot_name FROM pg_replication_slots;")


def test_both_are_seen_at_one_moment_while_writes_go_on(pair: Pair) -> None:
    with stops.same_moment(pair.source, pair.copy) as seen:
        assert not read_only(pair.source)
        pair.first.sql("INSERT INTO app.tasks (title) VALUES ('later')")
        expected = pair.source.fingerprint(snapshot=seen.source)
        found = pair.copy.fingerprint(snapshot=seen.copy)
    assert not stops.differences(expected, found)
    assert expected.rows["app.tasks"] == 3
    assert pair.source.fingerprint().rows["app.tasks"] == 4
    assert seen.seconds < 5


def test_another_row_or_grant_is_a_difference(pair: Pair) -> None:
    before = pair.source.fingerprint()
    pair.first.sql("INSERT INTO app.tasks (title) VALUES ('another')")
    assert any("app.tasks" in one for one in stops.differences(before, pair.source.fingerprint()))


def test_the_copy_has_all_that_was_written_before_the_stop(pair: Pair) -> None:
    for number in range(20):
        pair.first.sql("INSERT INTO app.tasks (title) VALUES (%s)", [f"w{number}"])
    with psycopg.connect(pair.first.admin_conninfo) as open_:
        open_.execute("INSERT INTO app.tasks (title) VALUES ('never committed')")
        stops.await_all([pair.copy], stops.stop(pair.source))
        with pytest.raises(psycopg.OperationalError):
            open_.execute("SELECT 1")
    try:
        assert read_only(pair.source)
        with pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
            pair.first.sql("INSERT INTO app.tasks (title) VALUES ('late')")
        titles = "SELECT title FROM app.tasks WHERE title LIKE 'w%' OR title LIKE 'never%';"
        assert len(pair.copy.shell.sql(titles, "appdb")) == 20
    finally:
        pair.first.sql("ALTER SYSTEM RESET default_transaction_read_only")
        pair.first.sql("SELECT pg_reload_conf()")


def test_a_copy_of_another_timeline_has_not_all(pair: Pair) -> None:
    try:
        place = stops.stop(pair.source)
    finally:
        pair.first.sql("ALTER SYSTEM RESET default_transaction_read_only")
        pair.first.sql("SELECT pg_reload_conf()")
    assert place.timeline == "00000001"
    stops.await_all([pair.copy], place)
    with pytest.raises(FailedError, match="do not catch up"):
        stops.await_all([pair.copy], place._replace(timeline="00000002"))
    assert stops.is_copy(pair.copy)
    assert not stops.is_copy(pair.source)


def test_a_copy_that_does_not_catch_up_is_told_and_writes_go_on(
    pair: Pair, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stops, "_REPLAY_SECONDS", 1)
    pair.second.sql("SELECT pg_wal_replay_pause()")
    try:
        pair.first.sql("INSERT INTO app.tasks (title) VALUES ('behind')")
        with pytest.raises(FailedError, match="do not catch up"), stops.same_moment(pair.source, pair.copy):
            pytest.fail("it has not caught up")
    finally:
        pair.second.sql("SELECT pg_wal_replay_resume()")
    assert not read_only(pair.source)


def test_the_data_folder_is_the_copys_own(pair: Pair) -> None:
    assert Path(pair.copy.shell.sql("SHOW data_directory;")[0]).parent == pair.second.folder
    assert pair.copy.shell.sql("SELECT pg_is_in_recovery();") == ["t"]
