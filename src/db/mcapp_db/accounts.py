"""The application's database, and the password of every role, as in the chart's mode standalone."""

from __future__ import annotations

import base64
import json
import os
import ssl
import subprocess
import urllib.request
from pathlib import Path
from typing import LiteralString

import psycopg
from psycopg import sql

SOCKET = "host=/var/run/postgresql user=postgres"
INIT = "/docker-entrypoint-initdb.d/10-init.sql"
ACCOUNT = Path("/var/run/secrets/kubernetes.io/serviceaccount")
REPLICATOR = "replicator"


def ensure() -> None:
    """Create what is missing, on the primary, through its socket. Safe to repeat after a failure.

    Raises psycopg.Error, subprocess.CalledProcessError or OSError where the server is still read-only,
    the chart's script fails, or the API server does not return the Secret.
    """
    database = os.environ["POSTGRES_DB"]
    # No commit waits for a replica here: there may be none yet.
    options = "-c synchronous_commit=local"
    with psycopg.connect(f"{SOCKET} dbname=postgres", autocommit=True, options=options) as connection:
        if not _has(connection, "SELECT 1 FROM pg_database WHERE datname = %s", database):
            connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(database)))
        if not _has(connection, "SELECT 1 FROM pg_roles WHERE rolname = %s", "app"):
            # The script is written for psql. One transaction: all of it, or nothing.
            psql = ("psql", "--no-psqlrc", "--single-transaction", "--set=ON_ERROR_STOP=1", "--file", INIT)
            where = psycopg.conninfo.make_conninfo(SOCKET, dbname=database, options=options)
            subprocess.run([*psql, "--dbname", where], check=True)
        if not _has(connection, "SELECT 1 FROM pg_roles WHERE rolname = %s", REPLICATOR):
            connection.execute(sql.SQL("CREATE ROLE {} LOGIN REPLICATION").format(sql.Identifier(REPLICATOR)))
        _set_password(connection, REPLICATOR, _live_password() or os.environ["REPLICATION_PASSWORD"])
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


def _live_password() -> str:
    """Return the replicator's password in the Secret: in an upgrade this pod may still have the old one."""
    host, port = os.environ["KUBERNETES_SERVICE_HOST"], os.environ["KUBERNETES_SERVICE_PORT"]
    path = f"namespaces/{(ACCOUNT / 'namespace').read_text()}/secrets/{os.environ['MCAPP_SECRET']}"
    request = urllib.request.Request(
        f"https://{f'[{host}]' if ':' in host else host}:{port}/api/v1/{path}",
        headers={"Authorization": f"Bearer {(ACCOUNT / 'token').read_text()}"},
    )
    context = ssl.create_default_context(cafile=str(ACCOUNT / "ca.crt"))
    with urllib.request.urlopen(request, timeout=10, context=context) as answer:  # noqa: S310
        data: dict[str, str] = json.load(answer).get("data", {})
    return base64.b64decode(data.get(os.environ["MCAPP_SECRET_KEY"], "")).decode()
