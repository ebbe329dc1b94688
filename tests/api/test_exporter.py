"""What the containers beside nginx and PostgreSQL tell, of real ones."""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import psycopg
import pytest

from dev.local.api_process import ApiProcess
from dev.local.nginx import Web
from dev.local.ports import free_port
from dev.local.postgres import PostgresServer
from mcapp import wait
from tests.support import exporter
from tests.support.exporter import Exporter

pytestmark = [pytest.mark.postgres, pytest.mark.slow]

# A session of PostgreSQL ends a moment after its client.
SECONDS = 20


def test_the_connections_to_nginx_are_counted() -> None:
    with (
        Web("127.0.0.1:1") as web,
        exporter.running("web", MCAPP_WEB_PORT=str(web.port)) as told,
        ExitStack() as stack,
    ):
        before = told.samples()
        assert before["mcapp_web_listening"][()] == 1
        assert before["mcapp_web_connections"][()] == 0
        for _ in range(7):
            stack.enter_context(socket.create_connection(("127.0.0.1", web.port)))
        assert wait.until(lambda: told.value("mcapp_web_connections") == 7, SECONDS)
        assert wait.until(lambda: told.value("mcapp_web_connections_waiting") == 0, SECONDS)


@pytest.mark.parametrize("family", [socket.AF_INET, socket.AF_INET6])
def test_what_waits_and_what_is_turned_away_is_counted(family: socket.AddressFamily) -> None:
    host = "::1" if family == socket.AF_INET6 else "127.0.0.1"
    with socket.create_server((host, 0), family=family, backlog=2) as server, ExitStack() as stack:
        port = server.getsockname()[1]
        told = stack.enter_context(exporter.running("web", MCAPP_WEB_PORT=str(port)))
        before = told.samples()
        for _ in range(6):
            client = stack.enter_context(socket.socket(family))
            client.setblocking(False)
            client.connect_ex((host, port))
        # The kernel queues one more than the backlog.
        assert wait.until(lambda: told.value("mcapp_web_connections_waiting") == 3, SECONDS)
        for name in ("mcapp_web_listen_overflows_total", "mcapp_web_listen_drops_total"):
            assert told.value(name) > before[name][()]


def test_a_port_at_which_nothing_listens_is_told() -> None:
    with exporter.running("web", MCAPP_WEB_PORT=str(free_port())) as told:
        assert told.value("mcapp_web_listening") == 0
        assert told.value("mcapp_web_reaches_api") == 0


def test_the_way_through_nginx_to_the_api_is_tried(api: ApiProcess) -> None:
    with Web(f"127.0.0.1:{api.port}") as web, exporter.running("web", MCAPP_WEB_PORT=str(web.port)) as told:
        assert told.value("mcapp_web_reaches_api") == 1
    with Web("127.0.0.1:1") as web, exporter.running("web", MCAPP_WEB_PORT=str(web.port)) as told:
        found = told.samples()
        assert (found["mcapp_web_listening"][()], found["mcapp_web_reaches_api"][()]) == (1, 0)
        # It leaves no connection behind.
        assert wait.until(lambda: told.value("mcapp_web_connections") == 0, SECONDS)


@pytest.fixture(scope="module")
def told(postgres: PostgresServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Exporter]:
    with exporter.beside(postgres, tmp_path_factory.mktemp("exporter") / "password") as found:
        yield found


def test_a_server_and_its_disk_describe_themselves(postgres: PostgresServer, told: Exporter) -> None:
    found = told.samples()
    disk = os.statvfs(postgres.folder)
    assert found["mcapp_postgres_up"][()] == 1
    assert found["mcapp_postgres_in_recovery"][()] == 0
    assert found["mcapp_postgres_max_connections"][()] == 100
    assert found["mcapp_postgres_volume_size_bytes"][()] == disk.f_blocks * disk.f_frsize
    assert 0 < found["mcapp_postgres_volume_free_bytes"][()] < disk.f_blocks * disk.f_frsize
    ((size,),) = postgres.sql("SELECT pg_database_size('appdb')")
    assert found["mcapp_postgres_database_size_bytes"][()] == pytest.approx(size, rel=0.5)
    assert abs(found["mcapp_postgres_start_time_seconds"][()] - time.time()) < 3600
    # It archives no WAL, and has no members.
    assert not [name for name in found if "_wal_" in name or "_replica" in name]


def test_sessions_are_counted_by_their_state(postgres: PostgresServer, told: Exporter) -> None:
    before = told.samples()
    with ExitStack() as stack:
        sessions = [
            stack.enter_context(psycopg.connect(postgres.url, user="app", password=postgres.app_password))
            for _ in range(5)
        ]
        for session in sessions[:2]:
            session.execute("SELECT 1")
        # It may not see what others do.
        stack.enter_context(psycopg.connect(postgres.admin_conninfo))
        states = {"idle": 3, "idle in transaction": 2, "hidden": 1}

        def more() -> dict[str, float]:
            found, old = (one["mcapp_postgres_connections"] for one in (told.samples(), before))
            return {state: found.get((state,), 0) - old.get((state,), 0) for state in states}

        assert wait.until(lambda: more() == states, SECONDS), more()
        left = [one["mcapp_postgres_connections_left"][()] for one in (before, told.samples())]
        assert left[0] - left[1] == 6


@pytest.mark.parametrize("subject", ["ROLE app", "DATABASE appdb"])
def test_a_limit_of_its_own_counts_too(postgres: PostgresServer, told: Exporter, subject: str) -> None:
    assert told.value("mcapp_postgres_connections_left") > 20
    used = sum(told.samples()["mcapp_postgres_connections"].values())
    postgres.sql(f"ALTER {subject} CONNECTION LIMIT 20")
    try:
        assert 20 - used <= told.value("mcapp_postgres_connections_left") < 20
    finally:
        postgres.sql(f"ALTER {subject} CONNECTION LIMIT -1")


def test_a_full_server_still_tells(tmp_path: Path) -> None:
    with PostgresServer({"max_connections": "8"}) as server, ExitStack() as stack:
        first = stack.enter_context(exporter.beside(server, tmp_path / "password"))
        assert first.value("mcapp_postgres_connections_left") == 4
        for _ in range(4):
            stack.enter_context(psycopg.connect(server.url, user="app", password=server.app_password))
        full = first.samples()
        assert (full["mcapp_postgres_connections_left"][()], full["mcapp_postgres_up"][()]) == (0, 1)
        assert sum(full["mcapp_postgres_connections"].values()) == 5
        # One that gets no session any more.
        late = stack.enter_context(exporter.beside(server, tmp_path / "password"))
        found = late.samples()
        assert (found["mcapp_postgres_connections_left"][()], found["mcapp_postgres_up"][()]) == (0, 1)
        assert "mcapp_postgres_max_connections" not in found


def test_wal_that_cannot_be_archived_is_told(tmp_path: Path) -> None:
    settings = {"archive_mode": "on", "archive_command": "cp %p ../archive/%f"}
    with PostgresServer(settings) as server, exporter.beside(server, tmp_path / "password") as told:
        # Where these are the first data of all, their making has left WAL to archive.
        before = told.value("mcapp_postgres_wal_archive_failures_total")
        server.sql("SELECT pg_switch_wal()")
        assert wait.until(lambda: told.value("mcapp_postgres_wal_archive_failures_total") > before, SECONDS)
        found = told.samples()
        failed = found["mcapp_postgres_wal_last_archive_failed_seconds"][()]
        assert failed > found["mcapp_postgres_wal_last_archived_seconds"][()] == 0
        archive = server.folder / "archive"
        archive.mkdir()
        # The server runs as another user than this test.
        archive.chmod(0o777)
        server.sql("SELECT pg_switch_wal()")

        def archived() -> bool:
            now = told.samples()
            last = (
                now[f"mcapp_postgres_wal_last_{how}_seconds"][()] for how in ("archived", "archive_failed")
            )
            return next(last) > next(last)

        assert wait.until(archived, 90)
        assert told.value("mcapp_postgres_wal_archived_total") > 0


def test_a_server_that_is_away_takes_only_its_own_figures(tmp_path: Path) -> None:
    with PostgresServer() as server, exporter.beside(server, tmp_path / "password") as told:
        started = told.value("mcapp_postgres_start_time_seconds")
        server.stop()
        found = told.samples()
        assert found["mcapp_postgres_up"][()] == 0
        assert found["mcapp_postgres_volume_free_bytes"][()] > 0
        assert "mcapp_postgres_connections_left" not in found
        server.start()
        # The first scrape after it: the session from before is no reason to say that it is down.
        found = told.samples()
        assert found["mcapp_postgres_up"][()] == 1
        assert found["mcapp_postgres_start_time_seconds"][()] > started


def test_a_restart_between_two_scrapes_is_not_a_server_that_is_down(tmp_path: Path) -> None:
    with PostgresServer() as server, exporter.beside(server, tmp_path / "password") as told:
        assert told.value("mcapp_postgres_up") == 1
        server.stop()
        server.start()
        assert told.value("mcapp_postgres_up") == 1


def test_a_new_password_is_taken_from_its_file(tmp_path: Path) -> None:
    password = tmp_path / "password"
    with PostgresServer() as server, exporter.beside(server, password) as told:
        server.sql("ALTER ROLE app PASSWORD 'another'")
        # The session that it has stays.
        assert told.value("mcapp_postgres_up") == 1
        server.sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'app'")
        assert told.value("mcapp_postgres_up") == 0
        password.write_text("another")
        assert told.value("mcapp_postgres_up") == 1


def test_a_leader_tells_how_far_its_replicas_are(tmp_path: Path) -> None:
    leader, replica = PostgresServer({"mcapp.members": "3"}), PostgresServer({"mcapp.members": "3"})
    with ExitStack() as stack:
        stack.callback(replica.close)
        stack.enter_context(leader)
        leader.sql("CREATE ROLE replicator LOGIN REPLICATION PASSWORD 'replicator'")
        told = stack.enter_context(exporter.beside(leader, tmp_path / "password"))
        found = told.samples()
        assert (found["mcapp_postgres_replicas"][()], found["mcapp_postgres_replicas_wanted"][()]) == (0, 2)
        # As in db.mode ha.
        leader.sql("GRANT pg_read_all_stats TO app")
        conninfo = (
            f"host=127.0.0.1 port={leader.port} user=replicator password=replicator application_name=db-1"
        )
        into = str(replica.folder / "data")
        leader.client("pg_basebackup", "-D", into, "-R", "-d", conninfo).check_returncode()
        replica.start()
        assert wait.until(lambda: told.value("mcapp_postgres_replicas") == 1, SECONDS)
        assert wait.until(
            lambda: told.samples()["mcapp_postgres_replica_lag_bytes"] == {("db-1",): 0}, SECONDS
        )
        replica.sql("SELECT pg_wal_replay_pause()")
        leader.sql("SELECT pg_logical_emit_message(false, 'test', repeat('x', 1000000))")
        lag = told.samples()["mcapp_postgres_replica_lag_bytes"]["db-1",]
        # Of the last page, as much as is written.
        assert lag > 900_000
        beside = stack.enter_context(exporter.beside(replica, tmp_path / "password"))
        found = beside.samples()
        assert found["mcapp_postgres_in_recovery"][()] == 1
        assert not [name for name in found if "_replica" in name]
