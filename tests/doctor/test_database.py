"""What the probe and the superuser find in a real PostgreSQL behind a real api, and what mends it."""

from __future__ import annotations

import base64
import shlex
import time

import psycopg
import pytest

from dev.local.api_process import ApiProcess
from dev.local.postgres import PostgresServer
from mcapp import wait
from mcapp.doctor import words
from mcapp.doctor.checks import database
from mcapp.doctor.read.probe import TITLE
from mcapp.doctor.read.snapshot import Snapshot
from mcapp.doctor.walk import look
from tests.support.doctor_database import BACK_SECONDS, DONE, END_APP, mend, probed, steps, told, works
from tests.support.doctor_recording import load, replay


def test_a_task_is_read_and_written_and_leaves_no_row(server: PostgresServer, api: ApiProcess) -> None:
    def wide() -> bool:
        found = probed(server, api, wide={"pod/db-0": ("127.0.0.1", server.port)})
        assert steps(found) == DONE
        return bool(found["wide"]["pod/db-0"]["outcome"] == "connected")

    # On a busy machine one answer may take longer than the probe waits for it.
    assert wait.until(wide, BACK_SECONDS)
    assert server.sql("SELECT count(*) FROM app.tasks") == [(0,)]
    assert server.sql("SELECT count(*) FROM app.idempotency_keys") == [(0,)]


def test_a_row_that_was_left_behind_goes(server: PostgresServer, api: ApiProcess) -> None:
    title = f"{TITLE}42f160f7-6a5f-4314-82ec-1ee9b3c6f57f"
    server.sql("INSERT INTO app.tasks (title, created_at) VALUES (%s, now() - interval '5 minutes')", [title])
    server.sql("INSERT INTO app.tasks (title) VALUES (%s)", ["mcapp doctor notes"])
    try:
        assert works(api)
        assert server.sql("SELECT title FROM app.tasks") == [("mcapp doctor notes",)]
    finally:
        server.sql("TRUNCATE app.tasks")


def test_rows_that_cannot_be_removed_do_not_pile_up(server: PostgresServer, api: ApiProcess) -> None:
    title = f"{TITLE}42f160f7-6a5f-4314-82ec-1ee9b3c6f57f"
    server.sql("INSERT INTO app.tasks (title, created_at) VALUES (%s, now() - interval '5 minutes')", [title])
    server.sql("REVOKE DELETE ON app.tasks FROM app")
    try:
        assert steps(probed(server, api))["remove"] >= 500
        assert server.sql("SELECT count(*) FROM app.tasks") == [(1,)]
    finally:
        server.sql("GRANT ALL ON app.tasks TO app")
        server.sql("TRUNCATE app.tasks")


@pytest.mark.usefixtures("api")
def test_a_healthy_database_has_no_fault(server: PostgresServer, snapshot: Snapshot) -> None:
    assert database.explain(snapshot, "internal-error", told(server)) is None


@pytest.mark.parametrize(
    ("cause", "change", "undo", "about"),
    [
        ("table-missing", "ALTER TABLE app.tasks RENAME TO t", "", "app.tasks"),
        ("table-missing", "ALTER TABLE app.idempotency_keys RENAME TO k", "", "app.idempotency_keys"),
        ("table-missing", "ALTER TABLE app.tasks RENAME TO t; ALTER TABLE app.t RENAME title TO x",
         "ALTER TABLE app.t RENAME x TO title; ALTER TABLE app.t RENAME TO tasks", "app.tasks"),
        ("table-missing", "DROP TABLE app.idempotency_keys", "", "app.idempotency_keys"),
        ("table-missing", "ALTER TABLE app.tasks SET SCHEMA public", "", "app.tasks"),
        ("table-missing", 'ALTER SCHEMA app RENAME TO "old App"', "", "app.tasks"),
        ("db-permission", "REVOKE ALL ON app.tasks FROM app", "",
         "SELECT, INSERT, UPDATE, DELETE on app.tasks"),
        ("db-permission", "REVOKE USAGE ON SCHEMA app FROM app", "", "USAGE"),
        ("db-permission", "REVOKE CONNECT ON DATABASE appdb FROM app", "", "CONNECT"),
        ("read-only-role", "ALTER ROLE app SET default_transaction_read_only = on", "", "role app"),
        ("read-only-role", "ALTER ROLE app IN DATABASE appdb SET default_transaction_read_only = on", "",
         "role app in its database"),
        ("read-only-role", "ALTER DATABASE appdb SET default_transaction_read_only = on", "", "the database"),
        ("connection-limit", "ALTER ROLE app CONNECTION LIMIT 2", "", "role app"),
        ("connection-limit", "ALTER DATABASE appdb CONNECTION LIMIT 2", "", "database"),
        ("login-disabled", "ALTER ROLE app NOLOGIN", "", "NOLOGIN"),
        ("login-disabled", "ALTER ROLE app RENAME TO \"App\"", "", "RENAME TO App"),
        ("login-disabled", "ALTER ROLE app VALID UNTIL '2000-01-01'", "", "VALID UNTIL 2000-01-01"),
        ("login-disabled", "ALTER DATABASE appdb ALLOW_CONNECTIONS false", "", "ALLOW_CONNECTIONS"),
    ],
)  # fmt: skip
def test_each_fault_is_named_and_mended(
    server: PostgresServer,
    api: ApiProcess,
    snapshot: Snapshot,
    cause: str,
    change: str,
    undo: str,
    about: str,
) -> None:
    done = server.client("psql", "-c", change, database="postgres" if "ALLOW" in change else "")
    assert done.returncode == 0, done.stderr
    server.client("psql", "-c", END_APP, database="postgres")
    found = database.explain(snapshot, "internal-error", told(server))
    assert found is not None
    assert found.cause == cause
    assert about in f"{found.parts} {found.evidence}"
    if undo:
        # Only a backup brings a table back that nothing leads to.
        assert "restore latest" in found.steps[1].line
        server.sql(undo)
    else:
        mend(server, found)
    assert wait.until(lambda: works(api), BACK_SECONDS, pause=0.3)
    assert database.explain(snapshot, "internal-error", told(server)) is None


def test_a_database_with_another_name(server: PostgresServer, api: ApiProcess, snapshot: Snapshot) -> None:
    away = (
        "ALTER DATABASE appdb ALLOW_CONNECTIONS false",
        END_APP,
        "ALTER DATABASE appdb RENAME TO appdb_old",
        "ALTER DATABASE appdb_old ALLOW_CONNECTIONS true",
    )
    done = server.client("psql", *(word for one in away for word in ("-c", one)), database="postgres")
    assert done.returncode == 0, done.stderr
    found = database.explain(snapshot, "missing", told(server))
    assert found is not None
    assert (found.cause, found.parts["name"]) == ("database-renamed", "appdb_old")
    mend(server, found)
    assert wait.until(lambda: works(api), BACK_SECONDS, pause=0.3)


def test_a_setting_of_the_whole_server(server: PostgresServer, api: ApiProcess, snapshot: Snapshot) -> None:
    """As a move of the database sets it."""
    server.sql("ALTER SYSTEM SET default_transaction_read_only = on")
    server.sql("SELECT pg_reload_conf()")
    assert wait.until(lambda: told(server)["settings"], BACK_SECONDS)
    assert steps(probed(server, api))["write"] == 503
    found = database.explain(snapshot, "forbidden", told(server))
    assert found is not None
    assert (found.cause, found.parts["subject"]) == ("read-only-role", words.THE_SERVER())
    mend(server, found)
    assert wait.until(lambda: works(api), BACK_SECONDS, pause=0.3)


@pytest.mark.parametrize(("mode", "step"), [("ACCESS EXCLUSIVE", "read"), ("EXCLUSIVE", "write")])
def test_who_holds_a_lock(
    server: PostgresServer, api: ApiProcess, snapshot: Snapshot, mode: str, step: str
) -> None:
    with psycopg.connect(server.admin_conninfo) as holder:
        holder.execute(f"LOCK TABLE app.tasks IN {mode} MODE")
        began = time.monotonic()
        assert steps(probed(server, api))[step] == 503
        assert time.monotonic() - began < 5
        found = database.explain(snapshot, "timeout", told(server))
        assert found is not None
        assert found.cause == "locked"
        assert found.parts["pid"] == str(holder.info.backend_pid)
        assert (found.parts["table"], found.parts["user"]) == ("app.tasks", "postgres")
        assert "LOCK TABLE app.tasks" in str(found.parts["query"])
        mend(server, found)
        with pytest.raises(psycopg.OperationalError):
            holder.execute("SELECT 1")
    assert wait.until(lambda: works(api), BACK_SECONDS, pause=0.3)
    assert server.sql("SELECT count(*) FROM app.tasks") == [(0,)]


def test_a_frozen_server_is_silent_and_not_narrow(server: PostgresServer, api: ApiProcess) -> None:
    server.pause()
    try:
        began = time.monotonic()
        found = probed(server, api, wide={"pod/db-0": ("127.0.0.1", server.port)})
        assert time.monotonic() - began < 5
    finally:
        server.resume()
    assert found["wide"]["pod/db-0"]["outcome"] == "silent"
    assert found["login"]["db"]["code"] == "timeout"


def test_a_password_that_db_s_pod_has_not_got_yet(server: PostgresServer, snapshot: Snapshot) -> None:
    """The Job that changes passwords leaves the pod's own variable as it was."""
    document = load("locked")
    asked = "exec db-0 --namespace=mcapp --container=postgres -- sh"
    refused = {"code": 2, "out": "", "err": 'FATAL:  password authentication failed for user "postgres"'}
    secret = {"data": {"superuser-password": base64.b64encode(b"new").decode()}}
    told_now = document["calls"][asked]
    document["calls"] |= {
        asked: refused,
        "get secret postgres-secret --namespace=mcapp --output=json": {"code": 0, "err": "", "out": secret},
        "exec --stdin db-0 --namespace=mcapp --container=postgres -- sh": told_now,
    }
    diagnosis = look(replay(document))
    assert diagnosis.finding is not None
    assert diagnosis.finding.cause == "locked"
    get, _, ask = diagnosis.finding.steps[0].line.rpartition(" | ")
    assert shlex.split(get)[:4] == ["kubectl", "get", "secret", "postgres-secret"]
    script, *words = shlex.split(ask)[shlex.split(ask).index("-c", 8) + 1 :]
    # The same words, with a server at hand in the place of the pod.
    assert 'PGPASSWORD="$(cat)"' in script
    assert words[-1] == "SELECT pg_terminate_backend(4711)"
    given = {f"W{number}": word for number, word in enumerate(words)}
    quoted = " ".join(f'"$W{number}"' for number in range(1, len(words)))
    feed = f"printf %s '{server.superuser_password}' | ( set -- {quoted}; {script} )"
    assert server.script(feed, **given).returncode == 0
    assert not snapshot.stale
