"""What a leader of the database in mode ha sets up, on a real PostgreSQL and by Patroni's REST interface."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from dev.local.installation import programs
from dev.local.postgres import INIT_SQL, PostgresServer
from mcapp_db import accounts

pytestmark = [pytest.mark.postgres]
PASSWORDS = {"APP_PASSWORD": "it's $x", "REPLICATION_PASSWORD": "started with"}


@pytest.fixture
def new(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A server as initdb leaves it; yields the way to it as the superuser."""
    with PostgresServer() as server:
        for statement in ("DROP DATABASE appdb", "DROP ROLE app"):
            with psycopg.connect(server.admin_conninfo, dbname="postgres", autocommit=True) as connection:
                connection.execute(statement)
        where: dict[str, Any] = conninfo_to_dict(server.admin_conninfo)
        del where["dbname"]
        monkeypatch.setattr(accounts, "SOCKET", make_conninfo("", **where))
        monkeypatch.setattr(accounts, "INIT", str(INIT_SQL))
        monkeypatch.setattr(accounts, "_live_password", lambda: "in the Secret")
        monkeypatch.setenv("POSTGRES_DB", "tasks db")
        monkeypatch.setenv("PATH", f"{programs()}:{os.environ['PATH']}")
        for name, value in PASSWORDS.items():
            monkeypatch.setenv(name, value)
        yield accounts.SOCKET


def opens(where: str, user: str, password: str) -> bool:
    try:
        psycopg.connect(make_conninfo(where, user=user, password=password, dbname="tasks db")).close()
    except psycopg.OperationalError as error:
        if "password authentication failed" in str(error):
            return False
        # The role has no right to connect to this database: its password was the right one.
        return "permission denied" in str(error)
    return True


def test_a_new_database_gets_what_standalone_has_and_the_replicator(new: str) -> None:
    for _ in range(2):
        accounts.ensure()
    assert opens(new, "app", PASSWORDS["APP_PASSWORD"])
    # The Secret's password, not that of the pod's start.
    assert opens(new, "replicator", "in the Secret")
    with psycopg.connect(new, dbname="tasks db") as connection:
        (may,) = connection.execute("SELECT pg_has_role('app', 'pg_read_all_stats', 'USAGE')").fetchall()
        (role,) = connection.execute(
            "SELECT rolreplication, rolsuper FROM pg_roles WHERE rolname = 'replicator'"
        ).fetchall()
        (owner,) = connection.execute(
            "SELECT nspowner::regrole::text FROM pg_namespace WHERE nspname = 'app'"
        )
    assert (may, role, owner) == ((True,), (True, False), ("app",))


def test_without_a_key_in_the_secret_it_is_the_pods_own(new: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(accounts, "_live_password", lambda: "")
    accounts.ensure()
    assert opens(new, "replicator", PASSWORDS["REPLICATION_PASSWORD"])


def test_a_reset_gives_every_role_the_secrets_password(new: str, monkeypatch: pytest.MonkeyPatch) -> None:
    accounts.ensure()
    monkeypatch.setenv("APP_PASSWORD", "another")
    monkeypatch.setenv("POSTGRES_PASSWORD", "root's")
    accounts.ensure()
    assert not opens(new, "app", "another")
    monkeypatch.setenv("MCAPP_RESET_PASSWORDS", "true")
    accounts.ensure()
    assert opens(new, "app", "another")
    assert opens(new, "postgres", "root's")
