"""What an attacker could do to the database with the api's role."""

from __future__ import annotations

import psycopg
import pytest

from dev.local.postgres import PostgresServer

pytestmark = pytest.mark.postgres


@pytest.mark.parametrize(
    "statement",
    [
        "CREATE TABLE public.mine (id int)",
        "CREATE SCHEMA mine",
        "CREATE TEMPORARY TABLE mine (id int)",
        "CREATE ROLE other LOGIN",
        "CREATE DATABASE other",
        "ALTER SYSTEM SET log_connections = on",
        "ALTER ROLE app SUPERUSER",
        "COPY (SELECT 1) TO PROGRAM 'id'",
        "COPY (SELECT 1) TO '/tmp/mine'",
        "SELECT pg_read_file('postgresql.conf')",
        "SELECT rolpassword FROM pg_authid",
        "SET ROLE postgres",
    ],
)
def test_the_role_of_the_api_may_not(postgres: PostgresServer, statement: str) -> None:
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        postgres.sql(statement, user="app")


def test_the_role_of_the_api_owns_its_schema(postgres: PostgresServer) -> None:
    postgres.sql("CREATE TABLE app.mine (id int)", user="app")
    postgres.sql("DROP TABLE mine", user="app")


def test_a_wrong_password_is_refused(postgres: PostgresServer) -> None:
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(postgres.url, user="app", password="wrong")
