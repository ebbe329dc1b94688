"""One PostgreSQL for these tests, with the api's schema and some tasks in it."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from dev import ROOT
from dev.local.postgres import PostgresServer
from mcapp.backup.server import Release, Server
from mcapp.backup.shell import Shell

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


@dataclass(frozen=True)
class LocalShell(Shell):
    """PostgreSQL's programs, run beside a server on this machine, without kubectl."""

    postgres: PostgresServer

    def start(self, command: list[str]) -> subprocess.Popen[bytes]:
        return self.postgres.program(command)


def serving(postgres: PostgresServer) -> Server:
    shell = LocalShell(postgres.superuser_password, {}, postgres)
    return Server(shell, postgres.database, Release("mcapp", "lab", "0.2.0", "0.2.0"))


@pytest.fixture
def server(populated: PostgresServer) -> Iterator[Server]:
    made = serving(populated)
    yield made
    for left in (*made.kept(), *made.databases("mcapp_")):
        made.drop(left)
