"""The application's database, and the password of every role, as in the chart's mode standalone."""

from __future__ import annotations

import os
import subprocess
from typing import LiteralString

import psycopg
from psycopg import sql

from mcapp_db import kube

SOCKET = "host=/var/run/postgresql user=postgres"
INIT = "/docker-entrypoint-initdb.d/10-init.sql"
REPLICATOR = "replicator"


def ensure() -> None:
    """Create what is missing, on the primary, through its socket. Safe to repeat after a failure.

    Raises:
        psycopg.Error: the server refuses, or is still read-only.
        subprocess.CalledProcessError: the chart's script fails.
        OSError: the API server does not return the Secret.

    """
    database = os.environ["POSTGRES_DB"]
    # No commit waits for a replica here: there may be none yet.
    options = "-c synchronous_commit=local"
    with psycopg.connect(f"{SOCKET} dbname=postgres", autocommit=True, options=options) as connection:
        if not _has(connection, "SELECT 1 FROM pg_database WHERE datname = %s", database):
            connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(database)))
        if not _has(connection, "SELECT 1 FROM pg_roles WHERE rolname = %s", "app"):
            _run_init(database)
        if not _has(connection, "SELECT 1 FROM pg_roles WHERE rolname = %s", REPLICATOR):
            connection.execute(sql.SQL("CREATE ROLE {} LOGIN REPLICATION").format(sql.Identifier(REPLICATOR)))
        # The Secret's password, not this pod's: in an upgrade a promoted member may still have the old one.
        live = kube.secret(os.environ["MCAPP_SECRET"]).get(os.environ["MCAPP_SECRET_KEY"])
        _set_password(connection, REPLICATOR, live or os.environ["REPLICATION_PASSWORD"])
        # The api reports how far behind each replica is.
        connection.execute("GRANT pg_read_all_stats TO app")
        if os.environ.get("MCAPP_RESET_PASSWORDS"):
            _set_password(connection, "app", os.environ["APP_PASSWORD"])
            _set_password(connection, "postgres", os.environ["POSTGRES_PASSWORD"])


def _has(connection: psycopg.Connection, query: LiteralString, name: str) -> bool:
    return connection.execute(query, (name,)).fetchone() is not None


def _set_password(connection: psycopg.Connection, role: str, password: str) -> None:
    # The hash is computed here, so that the password itself is in no log and no statistics.
    secret = connection.pgconn.encrypt_password(password.encode(), role.encode(), b"scram-sha-256").decode()
    statement = sql.SQL("ALTER ROLE {} PASSWORD {}")
    connection.execute(statement.format(sql.Identifier(role), sql.Literal(secret)))


def _run_init(database: str) -> None:
    # The script is written for psql. One transaction: all of it, or nothing.
    command = ("psql", "--no-psqlrc", "--single-transaction", "--set=ON_ERROR_STOP=1", "--file", INIT)
    where = f"{SOCKET} dbname={database} options='-c synchronous_commit=local'"
    subprocess.run([*command, "--dbname", where], check=True)
