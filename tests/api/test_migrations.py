"""Replicas on a database without the schema, or with another schema."""

from __future__ import annotations

import time

import psycopg
import pytest

from dev.local import plain_http
from dev.local.api_process import ApiProcess
from dev.local.postgres import PostgresServer
from mcapp_api.database.migrate import LOCK
from tests.api.problem import assert_problem

pytestmark = [pytest.mark.postgres, pytest.mark.slow]


def test_replicas_that_start_together_migrate_once(breakable: PostgresServer) -> None:
    breakable.empty()
    breakable.stop()
    with ApiProcess(breakable.environment) as one, ApiProcess(breakable.environment) as two:
        breakable.start()
        for api in (one, two):
            api.wait_for("/readyz")
        migrated = [
            line for api in (one, two) for line in api.log() if line["message"] == "migration applied"
        ]
        assert [line["migration"] for line in migrated] == ["0001_tasks.sql"]
        assert breakable.sql("SELECT version, name FROM app.schema_migrations") == [(1, "0001_tasks.sql")]


def test_one_migrates_while_others_say_so(breakable: PostgresServer) -> None:
    breakable.empty()
    with psycopg.connect(breakable.admin_conninfo) as other, ApiProcess(breakable.environment) as api:
        other.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])
        # The replica may have migrated before the lock: start again with the lock held.
        breakable.empty()
        breakable.sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'app'")
        until = time.monotonic() + 10
        while "another replica is migrating" not in plain_http.get(f"{api.url}/readyz").text:
            assert time.monotonic() < until
            time.sleep(0.05)
        assert breakable.sql("SELECT FROM pg_tables WHERE schemaname = 'app'") == []
        other.rollback()
        api.wait_for("/readyz", seconds=5)


def test_another_schema_is_a_reason_not_a_crash(breakable: PostgresServer) -> None:
    breakable.empty()
    with ApiProcess(breakable.environment) as before:
        before.wait_for("/readyz")
        breakable.sql("INSERT INTO app.schema_migrations VALUES (9999, 'future', 'x')")
        newer = assert_problem(plain_http.get(f"{before.url}/readyz"), 503, "schema-mismatch")
        assert "the database has migration 9999" in newer["detail"]

        breakable.sql("DELETE FROM app.schema_migrations WHERE version = 9999")
        assert plain_http.get(f"{before.url}/readyz").status_code == 200

        breakable.sql("UPDATE app.schema_migrations SET checksum = 'other'")
        changed = assert_problem(plain_http.get(f"{before.url}/readyz"), 503, "schema-mismatch")
        assert "0001_tasks.sql was changed after it was applied" in changed["detail"]

        with ApiProcess(breakable.environment) as after:
            while "has not reached" in (answer := plain_http.get(f"{after.url}/readyz")).text:
                time.sleep(0.02)
            assert assert_problem(answer, 503, "schema-mismatch")["detail"] == changed["detail"]
            assert_problem(plain_http.get(f"{after.url}/api/tasks"), 503, "schema-mismatch")
            assert plain_http.get(f"{after.url}/api/topology").json()["db"]["code"] == "schema"
            # The api gets ready without a restart once the schema is right.
            breakable.empty()
            after.wait_for("/readyz", seconds=5)
