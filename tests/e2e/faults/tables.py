"""Faults inside the database that leave every server running: locks, tables, rights, limits, settings.

Each undoes itself whether or not the doctor's remedy was run before.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager

from dev.kind.client import Client
from tests.e2e.faults.site import Site

_PSQL = 'PGPASSWORD="$POSTGRES_PASSWORD" psql -qtAXw -v ON_ERROR_STOP=1 -U postgres -d "$POSTGRES_DB" -f -'
_HOLD = """BEGIN;
{};
\\echo held
SELECT pg_sleep(300);
"""
_HOLDERS = """SELECT pg_terminate_backend(pid) FROM pg_stat_activity
WHERE query LIKE '%pg_sleep(300)%' AND pid <> pg_backend_pid()"""
_APP = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'app'"
# What breaks, and what undoes it however often it is done.
_TASKS_BACK = "ALTER TABLE IF EXISTS app.tasks_old RENAME TO tasks"
_SCHEMA_BACK = """DO $$ BEGIN
  IF to_regnamespace('app_old') IS NOT NULL THEN ALTER SCHEMA app_old RENAME TO app; END IF;
END $$"""

# PostgreSQL renames no database that has sessions.
_DATABASE_AWAY = """ALTER DATABASE appdb ALLOW_CONNECTIONS false;
SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = 'appdb';
ALTER DATABASE appdb RENAME TO appdb_old;
ALTER DATABASE appdb_old ALLOW_CONNECTIONS true;
"""
_DATABASE_BACK = """SELECT 'ALTER DATABASE appdb_old RENAME TO appdb'
FROM pg_database WHERE datname = 'appdb_old'
\\gexec
"""


@contextmanager
def done(site: Site, change: str, undo: str) -> Iterator[None]:
    """Change something for every new session of the api, and undo it."""
    site.sql(f"{change}; {_APP}")
    try:
        yield
    finally:
        site.sql(f"{undo}; {_APP}")


@contextmanager
def locked(site: Site) -> Iterator[None]:
    with held(site, "LOCK TABLE app.tasks"):
        yield


@contextmanager
def held(site: Site, statement: str) -> Iterator[None]:
    """Hold a transaction open in which this statement was run."""
    holder = site.start("exec", "-i", "db-0", "--container", "postgres", "--", "sh", "-c", _PSQL)
    try:
        assert holder.stdin
        assert holder.stdout
        holder.stdin.write(_HOLD.format(statement))
        holder.stdin.close()
        assert holder.stdout.readline().strip() == "held"
        yield
    finally:
        site.sql(_HOLDERS)
        holder.kill()
        holder.wait()


@contextmanager
def table_renamed(site: Site) -> Iterator[None]:
    with done(site, "ALTER TABLE app.tasks RENAME TO tasks_old", _TASKS_BACK):
        yield


@contextmanager
def database_renamed(site: Site) -> Iterator[None]:
    psql = ("sh", "-c", _PSQL.replace("$POSTGRES_DB", "postgres"))
    site.exec("db-0", *psql, container="postgres", stdin=_DATABASE_AWAY)
    try:
        yield
    finally:
        site.exec("db-0", *psql, container="postgres", stdin=_DATABASE_BACK)


@contextmanager
def schema_renamed(site: Site) -> Iterator[None]:
    with done(site, "ALTER SCHEMA app RENAME TO app_old", _SCHEMA_BACK):
        yield


@contextmanager
def rights_revoked(site: Site) -> Iterator[None]:
    with done(site, "REVOKE ALL ON app.tasks FROM app", "GRANT ALL ON app.tasks TO app"):
        yield


@contextmanager
def read_only_role(site: Site) -> Iterator[None]:
    setting = "default_transaction_read_only"
    with done(site, f"ALTER ROLE app SET {setting} = on", f"ALTER ROLE app RESET {setting}"):
        yield


@contextmanager
def read_only_database(site: Site) -> Iterator[None]:
    """Every session of the database only reads, the superuser's too."""
    setting = "default_transaction_read_only"
    (name,) = site.sql("SELECT quote_ident(current_database())")
    undo = f"SET {setting} = off; ALTER DATABASE {name} RESET {setting}"
    with done(site, f"ALTER DATABASE {name} SET {setting} = on", undo):
        yield


@contextmanager
def few_connections(site: Site) -> Iterator[None]:
    with done(site, "ALTER ROLE app CONNECTION LIMIT 2", "ALTER ROLE app CONNECTION LIMIT -1"):
        yield


@contextmanager
def no_login(site: Site) -> Iterator[None]:
    with done(site, "ALTER ROLE app NOLOGIN", "ALTER ROLE app LOGIN"):
        yield


@contextmanager
def login_expired(site: Site) -> Iterator[None]:
    change, undo = (f"ALTER ROLE app VALID UNTIL '{until}'" for until in ("2000-01-01", "infinity"))
    with done(site, change, undo):
        yield


@contextmanager
def healed_before(site: Site) -> Iterator[None]:
    """Another fault, healed a moment ago, has left its lines in the logs of this one."""
    password = site.secret("app-password")
    site.sql(f"ALTER ROLE app PASSWORD 'another'; {_APP}")
    site.sql(f"ALTER ROLE app PASSWORD '{password}'")
    with table_renamed(site):
        yield


_DENY_DNS = json.dumps(
    {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": {"name": "deny-dns", "namespace": "kube-system"},
        "spec": {"podSelector": {"matchLabels": {"k8s-app": "kube-dns"}}, "policyTypes": ["Ingress"]},
    }
)


@contextmanager
def dns_denied(site: Site) -> Iterator[None]:
    """A policy in kube-system that lets nobody ask the cluster's DNS."""
    system = Client(site.cluster, "kube-system")
    system.apply_manifest(_DENY_DNS)
    try:
        yield
    finally:
        system.kubectl("delete", "networkpolicy", "deny-dns", "--ignore-not-found")
