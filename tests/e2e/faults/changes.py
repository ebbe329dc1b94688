"""Faults inside the database that leave every read working: what somebody has changed, set, or left locked.

Each undoes itself whether or not the doctor's remedy was run before.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from tests.e2e.faults.site import Site
from tests.e2e.faults.tables import done, held


@contextmanager
def ids_revoked(site: Site) -> Iterator[None]:
    change, undo = (
        "REVOKE ALL ON SEQUENCE app.tasks_id_seq FROM app",
        "GRANT ALL ON SEQUENCE app.tasks_id_seq TO app",
    )
    with done(site, change, undo):
        yield


@contextmanager
def keys_renamed(site: Site) -> Iterator[None]:
    back = "ALTER TABLE IF EXISTS app.keys_old RENAME TO idempotency_keys"
    with done(site, "ALTER TABLE app.idempotency_keys RENAME TO keys_old", back):
        yield


@contextmanager
def keys_locked(site: Site) -> Iterator[None]:
    with held(site, "LOCK TABLE app.idempotency_keys"):
        yield


@contextmanager
def constraint(site: Site) -> Iterator[None]:
    change = "ALTER TABLE app.tasks ADD CONSTRAINT short CHECK (char_length(title) < 20) NOT VALID"
    with done(site, change, "ALTER TABLE app.tasks DROP CONSTRAINT IF EXISTS short"):
        yield


@contextmanager
def trigger(site: Site) -> Iterator[None]:
    """Adding goes on, ticking does not."""
    function = (
        "CREATE FUNCTION app.odd() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION 'not today'; END $$"
    )
    change = "CREATE TRIGGER odd BEFORE UPDATE ON app.tasks FOR EACH ROW EXECUTE FUNCTION app.odd()"
    with done(site, f"{function}; {change}", "DROP FUNCTION IF EXISTS app.odd() CASCADE"):
        yield


@contextmanager
def column_renamed(site: Site) -> Iterator[None]:
    back = """DO $$ BEGIN
  IF EXISTS (SELECT FROM pg_attribute WHERE attrelid = 'app.tasks'::regclass AND attname = 'finished') THEN
    ALTER TABLE app.tasks RENAME finished TO done;
  END IF;
END $$"""
    with done(site, "ALTER TABLE app.tasks RENAME done TO finished", back):
        yield


@contextmanager
def rows_hidden(site: Site) -> Iterator[None]:
    table = "ALTER TABLE app.tasks"
    change = f"{table} ENABLE ROW LEVEL SECURITY; {table} FORCE ROW LEVEL SECURITY"
    undo = f"{table} DISABLE ROW LEVEL SECURITY; {table} NO FORCE ROW LEVEL SECURITY"
    with done(site, change, undo):
        yield


@contextmanager
def other_path(site: Site) -> Iterator[None]:
    (pair,) = site.sql("SELECT 'ALTER ROLE app IN DATABASE ' || quote_ident(current_database())")
    with done(site, f"{pair} SET search_path = public", f"{pair} SET search_path = app"):
        yield


@contextmanager
def prepared(site: Site) -> Iterator[None]:
    """A transaction that was prepared and forgotten; a restart keeps it."""
    setting = "max_prepared_transactions"
    site.sql(f"ALTER SYSTEM SET {setting} = 5")
    site.restart_db()
    site.wait_rolled_out()
    site.sql("BEGIN; LOCK TABLE app.tasks; PREPARE TRANSACTION 'nightly ''job'''")
    try:
        yield
    finally:
        for statement in site.sql("SELECT format('ROLLBACK PREPARED %L', gid) FROM pg_prepared_xacts"):
            site.sql(statement)
        site.sql(f"ALTER SYSTEM RESET {setting}")
        site.restart_db()
        site.wait_rolled_out()
