"""Locks that keep the api waiting, in sessions and in prepared transactions, on tables, rows and ids."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import psycopg
import pytest

from dev.local.api_process import ApiProcess
from dev.local.postgres import PostgresServer
from mcapp import wait
from mcapp.doctor.checks import database, locks
from mcapp.doctor.read.snapshot import Snapshot
from mcapp.doctor.walk import look
from mcapp.messages import LANGS, translate
from mcapp.shell import Shell
from tests.support.doctor_database import BACK_SECONDS, found, mend, said, told, told_as_app, works
from tests.support.doctor_recording import load, replay

ODD = 'it\'s \\ "odd"'


@contextmanager
def held(server: PostgresServer, *statements: str) -> Iterator[psycopg.Connection]:
    """Hold a transaction open in which these statements were run."""
    with psycopg.connect(server.admin_conninfo) as holder:
        for statement in statements:
            holder.execute(statement.encode())
        yield holder
        # The remedy may have ended the session.
        with suppress(psycopg.OperationalError):
            holder.rollback()


HELD = {
    "keys": ("LOCK TABLE app.idempotency_keys", "app.idempotency_keys"),
    "migrations": ("LOCK TABLE app.schema_migrations", "app.schema_migrations"),
    "ids": ("ALTER SEQUENCE app.tasks_id_seq CACHE 1", "app.tasks_id_seq"),
    "an index being made": ("CREATE INDEX odd ON app.tasks (title)", "app.tasks"),
}


@pytest.mark.parametrize("name", HELD)
def test_whoever_holds_something_that_the_api_needs(
    server: PostgresServer, api: ApiProcess, snapshot: Snapshot, name: str
) -> None:
    statement, about = HELD[name]
    with held(server, statement) as holder:
        fault = found(f"^locked: Somebody holds a lock on {about}: process ", server, api, snapshot)
        assert fault.parts["pid"] == str(holder.info.backend_pid)
        mend(server, fault)
        with pytest.raises(psycopg.OperationalError):
            holder.execute("SELECT 1")
    assert wait.until(lambda: works(api), BACK_SECONDS, pause=0.3)
    found("healthy", server, api, snapshot)


def test_rows_that_somebody_keeps_locked_are_a_warning(
    server: PostgresServer, api: ApiProcess, snapshot: Snapshot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(locks, "_LONG_ROWS_SECONDS", 1)
    (task,) = server.sql("INSERT INTO app.tasks (title) VALUES (%s) RETURNING id", ["held"])[0]
    select = f"SELECT FROM app.tasks WHERE id = {task} FOR UPDATE"

    def warnings(lang: str = "en") -> list[str]:
        every = database.warn(snapshot, told(server), lambda step: Shell(step.kubectl[-1]))
        return [translate(one, "zh-TW" if lang == "zh-TW" else "en") for one in every]

    with held(server, select) as holder:
        assert warnings() == []
        assert wait.until(warnings, BACK_SECONDS, pause=0.2)
        found("healthy", server, api, snapshot)
        pid = holder.info.backend_pid
        for lang in LANGS:
            (warning,) = warnings(lang)
            for part in (
                f" {pid} ",
                "postgres",
                "app.tasks",
                select,
                f"`SELECT pg_terminate_backend({pid})`",
            ):
                assert part in warning
    server.sql("TRUNCATE app.tasks")
    assert warnings() == []


def test_a_healthy_release_with_locked_rows_says_so_with_the_command() -> None:
    document = load("healthy")
    row = {"pid": 4711, "mode": "RowShareLock", "granted": True, "relation": "tasks", "seconds": 60}
    answer = {"code": 0, "err": "", "out": json.dumps({"locks": [row]})}
    document["calls"]["exec db-0 --namespace=mcapp --container=postgres -- sh"] = answer
    diagnosis = look(replay(document))
    assert diagnosis.finding is None
    (warning,) = [translate(one, "en") for one in diagnosis.warnings]
    assert "Process 4711 " in warning
    assert "`kubectl exec db-0 -n mcapp -c postgres -- sh -c " in warning
    answer.update(code=1, out="", err="error: no such pod")
    assert "no such pod" in translate(look(replay(document)).left_out[-1], "en")


def test_a_row_that_is_not_committed_yet_may_stop_every_new_one(
    server: PostgresServer, api: ApiProcess, snapshot: Snapshot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(locks, "_LONG_ROWS_SECONDS", 0.5)
    insert = (
        "INSERT INTO app.tasks (id, title) SELECT n, 'copied' FROM generate_series("
        "(SELECT last_value + 1 FROM app.tasks_id_seq), (SELECT last_value + 20 FROM app.tasks_id_seq)) n"
    )
    with held(server, insert):
        mend(server, found("^locked: .* app.tasks: process", server, api, snapshot))
    assert wait.until(lambda: works(api), BACK_SECONDS, pause=0.3)


def prepare(server: PostgresServer, statement: str, gid: str) -> None:
    with psycopg.connect(server.admin_conninfo, autocommit=True) as session:
        session.execute("BEGIN")
        session.execute(statement.encode())
        session.execute(psycopg.sql.SQL("PREPARE TRANSACTION {}").format(psycopg.sql.Literal(gid)))


@pytest.fixture(autouse=True)
def _nothing_prepared(server: PostgresServer) -> Iterator[None]:
    """Let a test that fails leave no lock behind."""
    yield
    for (statement,) in server.sql("SELECT format('ROLLBACK PREPARED %L', gid) FROM pg_prepared_xacts"):
        server.sql(statement)


@pytest.mark.parametrize("gid", ["left", ODD])
@pytest.mark.parametrize("table", ["tasks", "idempotency_keys"])
def test_a_prepared_transaction(
    server: PostgresServer, api: ApiProcess, snapshot: Snapshot, gid: str, table: str
) -> None:
    prepare(server, f"LOCK TABLE app.{table}", gid)
    about = f"{re.escape(gid)} of user postgres holds a lock on app.{table} since 20"
    mend(server, found(f"^locked-prepared: The prepared transaction {about}", server, api, snapshot))
    assert server.sql("SELECT count(*) FROM pg_prepared_xacts") == [(0,)]
    assert wait.until(lambda: works(api), BACK_SECONDS, pause=0.3)


def test_rows_of_a_prepared_transaction_are_a_warning(
    server: PostgresServer, api: ApiProcess, snapshot: Snapshot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(locks, "_LONG_ROWS_SECONDS", 0.3)
    server.sql("INSERT INTO app.tasks (title) VALUES ('held')")
    prepare(server, "UPDATE app.tasks SET done = true", "left")
    time.sleep(0.4)
    every = database.warn(snapshot, told(server), lambda step: Shell(step.kubectl[-1]))
    (warning,) = [translate(one, "en") for one in every]
    assert "prepared transaction left of user postgres keeps rows of app.tasks locked" in warning
    assert "`ROLLBACK PREPARED 'left'`" in warning
    found("healthy", server, api, snapshot)
    server.sql("ROLLBACK PREPARED 'left'")
    server.sql("TRUNCATE app.tasks")


def test_an_external_database_tells_the_role_of_the_api_what_it_may_read(
    server: PostgresServer, api: ApiProcess
) -> None:
    outside = replay(load("healthy-external")).snapshot()
    with held(server, "LOCK TABLE app.tasks") as holder:
        known = told_as_app(server)
        assert known["names"] == {"role": "app", "database": "appdb", "schema": "app"}
        about = f"^locked: .* app.tasks: process {holder.info.backend_pid} of user postgres"
        fault = found(about, server, api, outside, told_as_app)
        assert "the api's role may not read it" in said(fault)
        assert fault.steps[0].line.startswith("psql -h ")
    # Its own sessions it reads, and may end.
    with psycopg.connect(server.admin_conninfo, user="app", password=server.app_password) as own:
        own.execute("LOCK TABLE app.tasks")
        fault = found("LOCK TABLE app.tasks", server, api, outside, told_as_app)
        assert fault.steps[0].kubectl[-1] == f"SELECT pg_terminate_backend({own.info.backend_pid})"
    assert wait.until(lambda: works(api), BACK_SECONDS, pause=0.3)
    found("healthy", server, api, outside, told_as_app)
