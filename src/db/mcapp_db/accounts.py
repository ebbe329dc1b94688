"""The application's database and every role's password, as the chart's other mode has them too."""

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
    """Make what is missing of it, on the primary, over its socket. Safe to come again, also half-way.

    Raises:
        psycopg.Error: the server does not do it, or only reads as yet.
        subprocess.CalledProcessError: the chart's script fails.
        OSError: the API server does not tell the Secret.

    """
    database = os.environ["POSTGRES_DB"]
    # Here a replica is not waited for: there may be none yet.
    options = "-c synchronous_commit=local"
    with psycopg.connect(f"{SOCKET} dbname=postgres", autocommit=True, options=options) as connection:
        if not _has(connection, "SELECT 1 FROM pg_database WHERE datname = %s", database):
            connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(database)))
        if not _has(connection, "SELECT 1 FROM pg_roles WHERE rolname = %s", "app"):
            _run_init(database)
        if not _has(connection, "SELECT 1 FROM pg_roles WHERE rolname = %s", REPLICATOR):
            connection.execute(sql.SQL("CREATE ROLE {} LOGIN REPLICATION").format(sql.Identifier(REPLICATOR)))
        # Not this pod's: in an upgrade the one that is promoted may be the last that has the old one.
        live = kube.secret(os.environ["MCAPP_SECRET"]).get(os.environ["MCAPP_SECRET_KEY"])
        _set_password(connection, REPLICATOR, live or os.environ["REPLICATION_PASSWORD"])
        # So that the api can tell how far behind each replica is.
        connection.execute("GRANT pg_read_all_stats TO app")
        if os.environ.get("MCAPP_RESET_PASSWORDS"):
            _set_password(connection, "app", os.environ["APP_PASSWORD"])
            _set_password(connection, "postgres", os.environ["POSTGRES_PASSWORD"])


def _has(connection: psycopg.Connection, query: LiteralString, name: str) -> bool:
    return connection.execute(query, (name,)).fetchone() is not None


def _set_password(connection: psycopg.Connection, role: str, password: str) -> None:
    # Computed here: neither a log nor the statistics see the password itself.
    secret = connection.pgconn.encrypt_password(password.encode(), role.encode(), b"scram-sha-256").decode()
    statement = sql.SQL("ALTER ROLE {} PASSWORD {}")
    connection.execute(statement.format(sql.Identifier(role), sql.Literal(secret)))


def _run_init(database: str) -> None:
    # psql, since the script is written for it; all of it or nothing.
    command = ("psql", "--no-psqlrc", "--single-transaction", "--set=ON_ERROR_STOP=1", "--file", INIT)
    where = f"{SOCKET} dbname={database} options='-c synchronous_commit=local'"
    subprocess.run([*command, "--dbname", where], check=True)
