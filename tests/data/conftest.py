"""One PostgreSQL for these tests, with the api's schema and some tasks in it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from dev import ROOT
from tests.support.postgres import PostgresServer

MIGRATIONS = sorted((ROOT / "src" / "api" / "mcapp_api" / "database" / "migrations").glob("*.sql"))


def populate(server: PostgresServer) -> None:
    """Give the database the api's schema, and three tasks."""
    server.empty()
    for file in MIGRATIONS:
        migrate(server, file)
    server.sql("INSERT INTO app.tasks (title) VALUES ('one'), ('two'), ('兩個')")
    server.sql("INSERT INTO app.idempotency_keys VALUES (gen_random_uuid(), 'one', 1)")


def migrate(server: PostgresServer, file: Path) -> None:
    done = server.client(
        "psql",
        "-Xq",
        "-v",
        "ON_ERROR_STOP=1",
        stdin=b"SET ROLE app; SET search_path = app;" + file.read_bytes(),
    )
    assert done.returncode == 0, done.stderr.decode()


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    with PostgresServer() as server:
        yield server


@pytest.fixture
def populated(postgres: PostgresServer) -> PostgresServer:
    populate(postgres)
    return postgres
